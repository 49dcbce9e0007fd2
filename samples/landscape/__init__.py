"""Landscapes by formula: clouds, mountains, forests and a lake, for the samples to dream on."""
