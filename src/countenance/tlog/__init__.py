"""Engine: an append-only Merkle log in C2SP formats, written in the transaction of what it records.

`log.Log` is the way in. `verifier` is a program of its own that imports nothing of ours.
"""
