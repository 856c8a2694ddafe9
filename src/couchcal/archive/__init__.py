"""A whole practice as files that other programs read, and back again exactly."""
