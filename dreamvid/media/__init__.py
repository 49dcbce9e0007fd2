"""Films in and out: read with PyAV, encoded by an ffmpeg child, muxed with exact times."""
