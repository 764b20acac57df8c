"""Countenance: a face search that can only be used with permission."""

__version__ = "0.1.0"
