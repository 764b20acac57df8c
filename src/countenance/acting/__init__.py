"""How a signed act is carried out: authorise -> policy -> record -> log. What each act does is its path's affair."""
