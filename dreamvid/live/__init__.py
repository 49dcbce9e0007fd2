"""Live pictures: a camera in, a dream on the wall."""
