"""The dream step: gradient ascent on a picture over octaves."""
