"""What is shown at the end of longer work: the summary of training, tables of scores."""
