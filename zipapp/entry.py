"""Starts airunner from its archive. Any Python must be able to read this file: an old one is refused with a sentence."""

import sys

if sys.version_info < (3, 11):
    sys.exit("airunner needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])

from airunner.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
