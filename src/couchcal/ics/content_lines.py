"""From the bytes of an .ics file to its components, one at a time (RFC 5545 3.1, 3.4, 3.6).

Lines are unfolded as bytes, before they are decoded, because real writers fold inside a UTF-8 sequence. Whatever
is broken in a component stays in that component: a missing END, a truncated file, several VCALENDARs or an unknown
component never cost the others.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import BinaryIO, Final

CHUNK_BYTES: Final = 1 << 18
MAX_LINE_BYTES: Final = 4 << 20
"""A longer content line is dropped and told: nothing a calendar needs is so long."""
MAX_COMPONENT_BYTES: Final = 32 << 20
_HEADER_PROPERTIES: Final = frozenset({"METHOD", "NAME", "PRODID", "VERSION", "X-WR-CALNAME", "X-WR-TIMEZONE"})
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_FOLD: Final = b"\0"
_FOLD_BYTE: Final = 0
_FRAME_LETTERS: Final = frozenset(b"BEbe")
_SHORT: Final = 64


class Component:
    """A top-level component: `lines` are its unfolded content lines between BEGIN and END.

    `line` is the number of its BEGIN line in the file. `fault` says what was wrong with its frame, `complete` is
    False when the file ended inside it.
    """

    __slots__ = ("complete", "dropped_lines", "latin", "line", "lines", "name", "oversized")

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.lines: list[str] = []
        self.complete = True
        self.latin = False
        self.oversized = False
        self.dropped_lines = 0


class ContentLines:
    """Splits a binary stream into components; what stands around them is in its attributes.

    `header` holds METHOD, PRODID, VERSION, X-WR-CALNAME, NAME and X-WR-TIMEZONE of the VCALENDAR being read,
    `counts` how many components of each name were seen, `bytes_read` how far the stream is.
    """

    def __init__(self, stream: BinaryIO, wanted: frozenset[str] = frozenset({"VEVENT", "VTIMEZONE"})) -> None:
        self._stream = stream
        self._wanted = wanted
        self.header: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.calendars = 0
        self.bytes_read = 0

    def components(self) -> Iterator[Component]:
        """The wanted components in file order."""
        current: Component | None = None
        raw: list[bytes] = []
        size = folds = number = skipping = 0
        in_header = False
        for line in chain.from_iterable(self._unfolded()):
            number += folds + 1
            folds = 0
            if not line:
                continue
            if _FOLD_BYTE in line:
                folds = line.count(_FOLD)
                if line[0] == _FOLD_BYTE:
                    # A blank line stood between the parts of a folded line.
                    if current is not None and raw:
                        raw[-1] += line
                    continue
            if current is not None:
                if line[0] not in _FRAME_LETTERS or (frame := _frame(line)) is None:
                    size += len(line)
                    if len(line) > MAX_LINE_BYTES:
                        current.dropped_lines += 1
                    elif size > MAX_COMPONENT_BYTES:
                        current.oversized = True
                    else:
                        raw.append(line)
                    continue
                begins, name = frame
                ends = name in (current.name, "VCALENDAR") and not begins
                if not ends and not (begins and name in ("VEVENT", "VCALENDAR", "VTIMEZONE")):
                    raw.append(line)
                    continue
                yield _finish(current, raw)
                current = None
                if ends and name != "VCALENDAR":
                    continue
            elif line[0] not in _FRAME_LETTERS or (frame := _frame(line)) is None:
                if in_header and not skipping:
                    self._header_line(line)
                continue
            begins, name = frame
            if name == "VCALENDAR":
                skipping, in_header = 0, begins
                if begins:
                    self.header = {}
                    self.calendars += 1
            elif not begins:
                skipping = max(0, skipping - 1)
            elif name in self._wanted:
                self.counts[name] += 1
                current, raw, size, skipping = Component(name, number), [], 0, 0
            else:
                if not skipping:
                    self.counts[name] += 1
                skipping += 1
        if current is not None:
            current.complete = False
            yield _finish(current, raw)

    def _header_line(self, line: bytes) -> None:
        head, colon, value = line.partition(b":")
        name = head.partition(b";")[0].strip().upper().decode("ascii", "replace")
        if colon and name in _HEADER_PROPERTIES:
            self.header.setdefault(name, _decode([value], None)[0].strip())

    def _unfolded(self) -> Iterator[list[bytes]]:
        """Unfolded lines without their ends (CRLF, LF or CR), a list at a time. `_FOLD` marks where folds were: it
        tells how many lines of the file a line takes."""
        pending = b""
        carriage = b""
        for chunk in self._utf8_chunks():
            fresh = carriage + chunk
            carriage = b""
            if b"\r" in fresh:
                if fresh[-1:] == b"\r":
                    fresh, carriage = fresh[:-1], b"\r"
                fresh = fresh.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if _FOLD in fresh:
                fresh = fresh.replace(_FOLD, b"")
            lines = (pending + fresh).replace(b"\n ", _FOLD).replace(b"\n\t", _FOLD).split(b"\n")
            pending = lines.pop()
            if not pending and lines:
                # The next chunk may begin with a fold.
                pending = lines.pop() + b"\n"
            yield lines
            if len(pending) > 2 * MAX_LINE_BYTES:
                # Enough is kept for `components` to see that the line is too long.
                pending = pending[: MAX_LINE_BYTES + 1]
        yield pending.removesuffix(b"\n").split(b"\n")

    def _utf8_chunks(self) -> Iterator[bytes]:
        first = self._stream.read(CHUNK_BYTES)
        self.bytes_read = len(first)
        encoding = _wide_encoding(first)
        if encoding is not None:
            decoder = codecs.getincrementaldecoder(encoding)("replace")
            while first:
                yield decoder.decode(first).lstrip("\ufeff").encode("utf-8", "replace")
                first = self._stream.read(CHUNK_BYTES)
                self.bytes_read += len(first)
            return
        first = first.removeprefix(codecs.BOM_UTF8)
        while first:
            yield first
            first = self._stream.read(CHUNK_BYTES)
            self.bytes_read += len(first)


def _wide_encoding(first: bytes) -> str | None:
    """UTF-16 by its mark, or by the NUL in every other byte."""
    if first.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if first.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    head = first[:64]
    if len(head) >= 8 and head.count(0) >= len(head) // 3:
        return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    return None


def _frame(line: bytes) -> tuple[bool, str] | None:
    """Whether a BEGIN or END line begins, and the component's name; None for any other line."""
    return _known_frame(line) if len(line) <= _SHORT else _read_frame(line)


def _read_frame(line: bytes) -> tuple[bool, str] | None:
    head, colon, name = line.partition(b":")
    if not colon or (word := head.upper()) not in (b"BEGIN", b"END"):
        return None
    return word == b"BEGIN", name.replace(_FOLD, b"").strip().upper().decode("ascii", "replace")


_known_frame = lru_cache(maxsize=256)(_read_frame)
"""Of short lines only: every event has the same."""


def _finish(component: Component, raw: list[bytes]) -> Component:
    component.lines = _decode(raw, component)
    return component


def _decode(raw: list[bytes], component: Component | None) -> list[str]:
    """UTF-8 without fold marks; a line that is not is read as Windows-1252, the usual other encoding."""
    joined = b"\n".join(raw)
    if _FOLD in joined:
        joined = joined.replace(_FOLD, b"")
    try:
        text = joined.decode("utf-8")
    except UnicodeDecodeError:
        if component is not None:
            component.latin = True
        text = "\n".join(map(_decode_line, joined.split(b"\n")))
    if _CONTROL.search(text):
        text = _CONTROL.sub("", text)
    return text.split("\n") if raw else []


def _decode_line(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if not broken:
        return text
    # Mostly good UTF-8 with a damaged character stays what it is.
    good = sum(character > "\x7f" for character in text) - broken
    return text if good > broken else line.decode("cp1252", "replace")
