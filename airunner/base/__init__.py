"""The cellar: errors, clock, ids, the bus, files and logging, on the standard library alone."""
