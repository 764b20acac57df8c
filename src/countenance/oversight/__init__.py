"""The path of oversight: lock -> inspect -> prove -> order -> report, each a signed act."""
