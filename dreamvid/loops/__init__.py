"""Loops: exact loops on a torus, and films and zooms closed into loops."""
