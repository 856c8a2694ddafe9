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
from typing import BinaryIO, Final

CHUNK_BYTES: Final = 1 << 18
MAX_LINE_BYTES: Final = 4 << 20
"""A longer content line is dropped and told: nothing a calendar needs is so long."""
MAX_COMPONENT_BYTES: Final = 32 << 20
_HEADER_PROPERTIES: Final = frozenset({"METHOD", "NAME", "VERSION", "X-WR-CALNAME", "X-WR-TIMEZONE"})
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_BEGIN = b"BEGIN:"


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

    `header` holds METHOD, VERSION, X-WR-CALNAME, NAME and X-WR-TIMEZONE of the VCALENDAR being read, `counts` how
    many components of each name were seen, `bytes_read` how far the stream is.
    """

    def __init__(self, stream: BinaryIO, wanted: frozenset[str] = frozenset({"VEVENT", "VTIMEZONE"})) -> None:
        self._stream = stream
        self._wanted = wanted
        self.header: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.calendars = 0
        self.bytes_read = 0
        self.content_lines = 0

    def components(self) -> Iterator[Component]:
        """The wanted components in file order."""
        current: Component | None = None
        raw: list[bytes] = []
        size = 0
        skipping = 0
        header_open = False
        for number, line in self._logical_lines():
            if line is None:
                if current is not None:
                    current.dropped_lines += 1
                continue
            frame = line[:6].upper()
            if current is not None:
                if frame == _BEGIN and (name := _name(line)) in ("VEVENT", "VCALENDAR", "VTIMEZONE"):
                    yield _finish(current, raw)
                    current = None
                elif frame[:4] == b"END:" and (name := _end_name(line)) in (current.name, "VCALENDAR"):
                    yield _finish(current, raw)
                    current = None
                    if name != "VCALENDAR":
                        continue
                else:
                    size += len(line)
                    if size > MAX_COMPONENT_BYTES:
                        current.oversized = True
                    else:
                        raw.append(line)
                    continue
            if frame == _BEGIN:
                name = _name(line)
                if name == "VCALENDAR":
                    self.header = {}
                    self.calendars += 1
                    header_open, skipping = True, 0
                elif name in self._wanted:
                    self.counts[name] += 1
                    current, raw, size = Component(name, number), [], 0
                    skipping = 0
                else:
                    if not skipping:
                        self.counts[name] += 1
                    skipping += 1
            elif frame[:4] == b"END:":
                skipping = max(0, skipping - 1)
                if _end_name(line) == "VCALENDAR":
                    skipping = 0
                    header_open = False
            elif not skipping and header_open:
                self._header_line(line)
        if current is not None:
            current.complete = False
            yield _finish(current, raw)

    def _header_line(self, line: bytes) -> None:
        head, colon, value = line.partition(b":")
        name = head.partition(b";")[0].strip().upper().decode("ascii", "replace")
        if colon and name in _HEADER_PROPERTIES:
            self.header.setdefault(name, _decode([value], None)[0].strip())

    def _logical_lines(self) -> Iterator[tuple[int, bytes | None]]:
        """Unfolded lines with the number of their first physical line; None for one that is too long."""
        first = 0
        parts: list[bytes] = []
        length = 0
        for number, line in enumerate(self._physical_lines(), 1):
            if line[:1] in (b" ", b"\t"):
                if parts:
                    length += len(line)
                    if length <= MAX_LINE_BYTES:
                        parts.append(line[1:])
                continue
            if parts:
                yield first, (parts[0] if len(parts) == 1 else b"".join(parts)) if length <= MAX_LINE_BYTES else None
                parts = []
            if line:
                self.content_lines += 1
                first, parts, length = number, [line], len(line)
        if parts:
            yield first, b"".join(parts) if length <= MAX_LINE_BYTES else None

    def _physical_lines(self) -> Iterator[bytes]:
        """Lines without their ends, which may be CRLF, LF or CR."""
        pending = b""
        overlong = False
        for chunk in self._utf8_chunks():
            if b"\r" in chunk or pending[-1:] == b"\r":
                block = pending + chunk
                held = block[-1:] == b"\r"
                if held:
                    block = block[:-1]
                lines = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
                pending = lines.pop() + (b"\r" if held else b"")
            else:
                lines = (pending + chunk).split(b"\n")
                pending = lines.pop()
            if overlong and lines:
                lines[0] = b" " * 2 + lines[0][: MAX_LINE_BYTES + 1]
                overlong = False
            yield from lines
            if len(pending) > MAX_LINE_BYTES:
                # Enough of it is passed on for its reader to see that it is too long; the rest is forgotten.
                if not overlong:
                    yield pending
                overlong = True
                pending = b""
        if pending and not overlong:
            yield from pending.replace(b"\r", b"\n").split(b"\n")

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


def _name(line: bytes) -> str:
    return line[6:].strip().upper().decode("ascii", "replace")


def _end_name(line: bytes) -> str:
    return line[4:].strip().upper().decode("ascii", "replace")


def _finish(component: Component, raw: list[bytes]) -> Component:
    component.lines = _decode(raw, component)
    return component


def _decode(raw: list[bytes], component: Component | None) -> list[str]:
    """UTF-8; a line that is not is read as Windows-1252, the usual other encoding of such files."""
    try:
        text = b"\n".join(raw).decode("utf-8")
    except UnicodeDecodeError:
        if component is not None:
            component.latin = True
        text = "\n".join(_decode_line(line) for line in raw)
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
