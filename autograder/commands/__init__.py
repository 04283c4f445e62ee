"""One module per command that joins rooms, and the command line itself."""
