"""Path: authorise -> policy -> source -> decode -> detect -> basis -> align -> quality -> embed -> enrol -> log."""
