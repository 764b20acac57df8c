"""Path: authorise -> policy -> probe -> scan -> exact scores -> candidates -> log."""
