"""Clips that no camera has taken: zooms, loops, and looks at what they will be."""
