"""The options of the commands, each written once, and what a shell may complete."""
