"""From wish to result: admission, queue, shims, feeds, recovery."""
