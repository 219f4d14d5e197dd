"""Writes the tables in airunner/transcript/widths.py: `python3 tests/transcript/make_widths.py` prints them.

Asks perl for the properties, because perl knows which version of Unicode a character came with. East Asian Width and
General Category are those of the Unicode Character Database (UAX #11, UAX #44).
"""

from __future__ import annotations

import subprocess
import textwrap

VERSION = "12.1"  # what terminals with "Unicode 11" widths really use: the emoji of 12 are wide in them
JAMO = set(range(0x1160, 0x1200))  # medial and final jamo join the syllable before them
PLANES = set(range(0x20000, 0x2FFFE)) | set(range(0x30000, 0x3FFFE))  # UAX #11: wide even where unassigned
BLOCKS = set(range(0x3400, 0x4DC0)) | set(range(0x4E00, 0xA000)) | set(range(0xF900, 0xFB00))  # the same
AS_DRAWN = {0x1F93B, 0x1F946}  # neutral by the table, drawn wide with the emoji around them
WAS_ZERO = {0x1734}  # a spacing mark only since Unicode 14
SOFT_HYPHEN = {0xAD}  # a format character that terminals draw


def matching(expression: str) -> set[int]:
    script = (
        "no warnings; for my $c (0..0xD7FF, 0xE000..0x10FFFF) { print qq($c\\n) if chr($c) =~ /" + expression + "/ }"
    )
    return set(map(int, subprocess.run(["perl", "-e", script], capture_output=True, check=True).stdout.split()))


def as_ranges(points: set[int]) -> str:
    ranges: list[list[int]] = []
    for point in sorted(points):
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    words = [f"{low:x}" if low == high else f"{low:x}-{high:x}" for low, high in ranges]
    return "\n".join(
        textwrap.wrap(" ".join(words), 116, break_on_hyphens=False, initial_indent="", subsequent_indent="")
    )


def main() -> None:
    known = matching(rf"\p{{In: {VERSION}}}")
    zero = (matching(r"[\p{Mn}\p{Me}\p{Cf}]") & known) - SOFT_HYPHEN | JAMO | WAS_ZERO
    wide = (matching(r"[\p{EA: W}\p{EA: F}]") & known) | PLANES | BLOCKS | AS_DRAWN
    print(f'ZERO = """\n{as_ranges(zero)}\n"""\n\nWIDE = """\n{as_ranges(wide - zero)}\n"""')


if __name__ == "__main__":
    main()
