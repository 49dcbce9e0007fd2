"""The studio: a page on this machine to tune dreams, queue films and watch them."""
