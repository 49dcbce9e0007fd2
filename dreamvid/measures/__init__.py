"""What a film is like: measured against its source, or by itself where it has none."""
