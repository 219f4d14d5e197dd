"""Names of control codes and sequences that more than one file here speaks of, and the character sets a program can switch to.

Sources: ECMA-48, the VT510 manual (DEC private modes), xterm's "ctlseqs" for what came later.
"""

from __future__ import annotations

from typing import Final

ESC: Final = "\x1b"

# ANSI modes, CSI n h
INSERT: Final = 4
NEW_LINE: Final = 20

# DEC private modes, CSI ? n h
CHARACTER_SETS_US: Final = 2
ORIGIN: Final = 6
AUTOWRAP: Final = 7
REVERSE_WRAP: Final = 45
ALTERNATE: Final = frozenset((47, 1047, 1049))
SAVE_CURSOR: Final = frozenset((1048, 1049))
PRIVATE_MODES: Final = frozenset((CHARACTER_SETS_US, ORIGIN, AUTOWRAP, REVERSE_WRAP)) | ALTERNATE | SAVE_CURSOR

# Counts in sequences: more than this many numbers, or a larger number, is nobody's intent.
MOST_NUMBERS: Final = 32
LARGEST_NUMBER: Final = 2**31 - 1

# The final character of ESC ( F, ESC ) F, ESC * F, ESC + F (ISO 2022); any other set counts as ASCII.
LINE_DRAWING: Final = dict(zip(range(0x60, 0x7F), "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))
BRITISH: Final = {0x23: "£"}
CHARACTER_SETS: Final = {"0": LINE_DRAWING, "A": BRITISH}
CHARACTER_SLOTS: Final = {"(": 0, ")": 1, "*": 2, "+": 3, "-": 1, ".": 2}
