"""Commands: one call each for a picture, a film, a zoom and a loop, and what they share."""
