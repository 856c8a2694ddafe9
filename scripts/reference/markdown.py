"""Tables and words as Markdown shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already, a `|` in them is escaped here."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def code(text: str) -> str:
    """`text` as it is typed, also with backticks in it."""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}" if text else ""


def prose(text: str) -> str:
    """Plain text: nothing in it is markup."""
    for character in "\\`*_<>[]":
        text = text.replace(character, f"\\{character}")
    return text


def document(title: str, intro: str, *sections: str) -> str:
    """A page that says where it comes from."""
    head = f"# {title}\n\n<!-- Made by `make reference` from the program: change that. -->"
    body = "\n".join(section.strip("\n") + "\n" for section in sections)
    return f"{head}\n\n{intro.strip()}\n\n{body}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
