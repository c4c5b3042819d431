"""The command line: `main` begins and ends the program, and `commands` has one file for each command."""
