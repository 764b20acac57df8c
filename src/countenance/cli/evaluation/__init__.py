"""An evaluation for people: plots, a page, a tagged PDF, in the language spoken now."""
