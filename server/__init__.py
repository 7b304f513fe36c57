"""Parley: the agent that takes a seat in your meeting."""

__version__ = "0.1.0"
