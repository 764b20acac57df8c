"""Engine: an append-only Merkle log in C2SP formats, written in the transaction of what it records."""
