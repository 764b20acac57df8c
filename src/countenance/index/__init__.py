"""Engine: templates, scanned exhaustively under a grant, scored exactly."""
