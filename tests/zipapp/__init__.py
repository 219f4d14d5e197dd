"""The archive: how it is built, and that it works."""
