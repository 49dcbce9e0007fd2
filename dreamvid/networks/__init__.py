"""Networks: loaded by name, cut at a layer, differentiated with respect to the image."""
