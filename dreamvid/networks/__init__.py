"""Networks: what dreams are made of. Load one by name, cut it at a layer, differentiate it."""
