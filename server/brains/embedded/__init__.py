"""The embedded brain: answers from what was said, by rules, without a language model."""

from server.brains.embedded.brain import EmbeddedBrain

__all__ = ["EmbeddedBrain"]
