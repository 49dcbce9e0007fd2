"""Loops: exact ones on a torus, and films and zooms led back to their beginning."""
