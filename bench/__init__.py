"""Measurements against floors and peers, as ratios within one run: `make bench`."""
