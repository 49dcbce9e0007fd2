"""Sequences: frames of a film or a camera, the loop that dreams them, resumable jobs."""
