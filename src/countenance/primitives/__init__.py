"""Ground floor: ids, clock, canonical JSON, errors, files, SQL. Imports nothing of ours."""
