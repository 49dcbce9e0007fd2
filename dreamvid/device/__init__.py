"""What a GPU needs: numbers that stay on it, pinned copies, streams and recorded work."""
