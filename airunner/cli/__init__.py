"""The key ring: the command line, each word loading only the room it needs."""
