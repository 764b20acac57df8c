"""Engine: keys outside the database, a data key per record, and the destruction of keys."""
