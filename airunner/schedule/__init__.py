"""The clock: what is due, what was missed, and what follows from how a run ended."""
