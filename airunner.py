"""Run airunner from a checkout: `python3 airunner.py serve`."""

from airunner.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
