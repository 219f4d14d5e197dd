"""Memory: what is kept, behind one contract; how it is kept is known to the files of each store alone."""
