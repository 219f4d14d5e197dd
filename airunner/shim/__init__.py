"""The yard: one small process per run that owns the terminal, the output, the deadline and the end of its tree."""
