"""Path: trials -> rates -> operating point -> statement. What a comparison score means, measured, with intervals."""
