"""The embedded network: the renders it learned from, its training, atlas and judge."""
