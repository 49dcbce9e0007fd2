"""Motion: optical flow, warping along it, consistency masks, shots."""
