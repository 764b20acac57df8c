"""Door: the command line. It parses, calls one path, renders what came of it; exit codes and wording live here only."""
