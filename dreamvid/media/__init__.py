"""Reading and writing films: PyAV decodes and muxes, an ffmpeg child process encodes."""
