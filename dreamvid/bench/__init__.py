"""Bench: how fast and in how much memory this machine dreams, and what is installed."""
