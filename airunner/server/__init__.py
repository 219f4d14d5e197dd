"""The front door: HTTP on one selectors loop, and nothing that knows of runs."""
