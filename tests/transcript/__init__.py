"""The terminal model: its parser, its screens, the clean text, and recordings of real programs."""
