"""Words that stand for what must stay here, and finding them wherever somebody else could read."""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

Told = Iterable[tuple[str, bytes]]
"""Texts with where they stand."""


@dataclass(frozen=True, slots=True)
class Person:
    """A client whose every word is nowhere else. `number` is what they are called where names are not shown."""

    first: str
    last: str
    email: str
    phone: str
    note: str
    number: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What nobody else must read."""
        return self.first, self.last, self.email.partition("@")[0], self.phone, self.note

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


def person(first: str, last: str, phone: str, note: str, number: str = "") -> Person:
    """A person with an address of their own."""
    return Person(first, last, f"{first.lower()}.box@mail.example", phone, note, number)


def forms(word: str) -> set[bytes]:
    """A word as bytes, in the ways in which programs write words."""
    found = set()
    for text in (word, word.lower(), word.upper()):
        plain = text.encode()
        found |= {plain, quote(text).encode(), json.dumps(text).strip('"').encode(), quopri.encodestring(plain)}
        found |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
        # base64 of a longer text has one of three forms of what is in the middle of it
        for before in range(3):
            made = base64.b64encode(b"x" * before + plain)
            found.add(made[-(-before * 8 // 6) : len(made) - 4 if made.endswith(b"=") else len(made)])
    return {form for form in found if len(form) >= 5}


def leaks(told: Told, words: Iterable[str]) -> list[tuple[str, str]]:
    """Where which word stands."""
    wanted = [(word, forms(word)) for word in words]
    return sorted({
        (where, word) for where, content in told for word, ways in wanted if any(way in content for way in ways)
    })  # fmt: skip


def files(*folders: Path, beside: Iterable[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """The names and contents of all files below `folders`, but for those in or at `beside`."""
    left_out = tuple(beside)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if any(each == path or each in path.parents for each in left_out):
                continue
            yield f"the name {path}", str(path.relative_to(folder)).encode()
            if path.is_symlink():
                yield f"where {path} leads", str(path.readlink()).encode()
            elif path.is_file():
                yield str(path), path.read_bytes()


def process(pid: int, *, environ: bool = True) -> Iterator[tuple[str, bytes]]:
    """What other programs of this computer may see of a process, and its files that have no name any more."""
    proc = Path(f"/proc/{pid}")
    for name in ("cmdline", "comm", *(("environ",) if environ else ())):
        yield f"{name} of {pid}", (proc / name).read_bytes()
    for link in (proc / "fd").iterdir():
        try:
            target = str(link.readlink())
            if target.endswith(" (deleted)") and link.is_file():
                yield f"{target} of {pid}", link.read_bytes()
        except OSError:  # closed meanwhile
            continue


def dumps_core(pid: int) -> bool:
    """Whether the kernel may write the memory of a process to disk."""
    limits = Path(f"/proc/{pid}/limits").read_text("ascii")
    return next(line for line in limits.splitlines() if line.startswith("Max core file size")).split()[4] != "0"
