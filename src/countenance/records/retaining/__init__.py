"""Storage limits, and the purge that keeps them."""
