"""The embedded network: rendered training images, training, atlas and evaluation."""
