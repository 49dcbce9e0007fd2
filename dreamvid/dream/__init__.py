"""The dream step: gradient ascent on an image over octaves."""
