"""Measures of a dreamed film, with or without its source."""
