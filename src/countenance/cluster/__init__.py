"""Engine: the index's segments on many machines, held by Ray actors and searched as one index."""
