"""Bench: the speed and memory of dreams on this machine, and the check of the installation."""
