"""`wvcli shell`: how its lines are read, split and run."""
