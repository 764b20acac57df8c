"""Door: the API for programs. Parse, call one signed act, render; what may be done is decided where it always is."""
