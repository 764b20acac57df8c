"""Measurements that ship with the product: on generated templates, in a folder of their own that is gone afterwards."""
