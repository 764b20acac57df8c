"""Suppression: a list that only keeps out. A database and keys of its own; no listing, no search, no export."""
