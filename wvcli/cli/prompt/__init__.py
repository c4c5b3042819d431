"""The prompt of `wvcli shell`: how a line is read, split and answered."""
