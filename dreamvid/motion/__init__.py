"""Motion: optical flow, warping, consistency masks, cameras, shots."""
