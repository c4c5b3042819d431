"""What the commands that ask have in common: their input, the words looked up, the model opened, the answers."""
