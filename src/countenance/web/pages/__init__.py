"""The pages, desk by desk."""
