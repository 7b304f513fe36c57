"""Manners as scenarios: the rehearsal's scenario files run on virtual time through the real core, and scored."""
