"""Reads here-documents (POSIX.1-2024 XCU 2.7.4): their text stands after the line that begins them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airunner.domain.shellbase import Segment, Word
from airunner.domain.shellwords import WordReader


@dataclass(slots=True)
class HereDocument:
    """`<<WORD`: its text is that from `begin` to `end`. A quoted delimiter means that nothing in it is expanded."""

    delimiter: str
    quoted: bool
    strip_tabs: bool
    start: int
    level: int
    begin: int = -1
    end: int = -1
    segments: list[Segment] = field(default_factory=list)


class DocumentReader(WordReader):
    """Reads words, and the here-documents begun between them."""

    def __init__(self, text: str, depth: int = 0) -> None:
        super().__init__(text, depth)
        self.here_documents: list[HereDocument] = []
        self._waiting: list[HereDocument] = []  # for the end of their line

    def kept(self) -> list[list[Any]]:
        """The lists a reading adds to."""
        return [*super().kept(), self.here_documents, self._waiting]

    def newline(self) -> None:
        """The end of a line: here-documents begun on it come next."""
        self.at += 1
        waiting, self._waiting = self._waiting, []
        for document in waiting:
            self._document(document)

    def end_documents(self) -> None:
        """The text has ended: what still waits never came."""
        for document in self._waiting:
            self._unclosed_document(document)

    def begin_document(self, operator: str, word: Word, start: int) -> HereDocument:
        """Note a here-document; its text begins after the end of this line."""
        quoted = any(mark in word.raw for mark in "'\"\\")
        delimiter = word.literal if quoted else word.raw
        document = HereDocument(delimiter, quoted, operator == "<<-", start, self.level)
        self._waiting.append(document)
        self.here_documents.append(document)
        return document

    def _document(self, document: HereDocument) -> None:
        """Read the lines of a here-document; the reader stands at the start of its first."""
        document.begin = document.end = self.at
        while self.at < self.limit:
            end = self.text.find("\n", self.at, self.limit)
            end = self.limit if end < 0 else end
            line = self.text[self.at : end]
            document.end, self.at = self.at, min(end + 1, self.limit)
            if (line.lstrip("\t") if document.strip_tabs else line) == document.delimiter:
                break
        else:
            document.end = self.limit
            self._unclosed_document(document)
        self._document_text(document)

    def _document_text(self, document: HereDocument) -> None:
        after, limit = self.at, self.limit
        self.at, self.limit = document.begin, document.end
        if document.quoted:
            text = self.text[document.begin : document.end]
            document.segments.append(Segment(text, document.begin, document.end, "verbatim"))
        else:
            self.expanded(document.segments, "heredoc", "")
        self.limit = limit
        self.at = limit if self.stopped else after

    def _unclosed_document(self, document: HereDocument) -> None:
        self.problem(
            "unclosed_heredoc",
            f"A here-document is not closed; its last line must be `{document.delimiter}` alone.",
            document.start,
        )
