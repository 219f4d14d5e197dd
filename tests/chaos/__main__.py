"""`python3 -m tests.chaos --rounds 200 --seed 1`: random faults under load; exit code 1 when anything was lost."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.story import tell


def main() -> int:
    """Let the faults happen, print the table and what was found; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.chaos")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mongodb", action="store_true", help="on a replica set of three, which has its faults, too")
    parser.add_argument("--keep", action="store_true", help="leave the folder with data and logs")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="airunner-chaos-"))

    def say(text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)

    report = tell(folder, given.rounds, given.seed, say, on_mongodb=given.mongodb)
    print(f"\n{report.table()}")
    found = report.findings.all()
    print(*found, sep="\n")
    if given.keep or found:
        print(f"left in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
