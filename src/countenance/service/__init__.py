"""Door: the one searcher process of a workspace, which owns keys and index, and the way to reach it."""
