"""One module per command or family of commands, imported when it is asked for."""
