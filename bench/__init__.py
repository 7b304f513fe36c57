"""Measurements of Parley. Nothing here is part of the product or of its tests; see `bench/README.md`."""
