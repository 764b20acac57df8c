"""Door: the web application. Each page parses, has one signed act carried out, and renders; it opens no key of the workspace."""
