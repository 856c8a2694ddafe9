"""`make man`: share/man/man1/couchcal.1, from the parsers of the commands.

The synopses are made here: those of argparse are worded and wrapped otherwise in each version of Python.
"""

from __future__ import annotations

import argparse
import sys
from argparse import Action, ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from couchcal import __version__
from couchcal.cli.commands import COMMANDS
from couchcal.cli.completion import whole_parser
from scripts.manpage_words import AFTER, BEFORE, COMMON

PAGE = Path(__file__).parents[1] / "share" / "man" / "man1" / "couchcal.1"
_ESCAPES = {
    "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq",
}  # fmt: skip


def page() -> str:
    """The whole page in the man(7) language, ASCII only."""
    lines = [
        '.\\" Made by scripts/manpage.py from the parsers of the commands: change those.',
        f'.TH COUCHCAL 1 "" "couchcal {__version__}" "User Commands"',
        ".nh",
        ".ad l",
        *_words(BEFORE),
    ]
    parser = whole_parser()
    for name, below in actions_of(parser).items():
        lines += _command(name, below)
    return "\n".join([*lines, *_words(AFTER)]) + "\n"


def roff(text: str) -> str:
    """Plain text as roff shows it: nothing in it is a request or an escape."""
    escaped = "".join(_ESCAPES.get(c, c if ord(c) < 128 else f"\\[u{ord(c):04X}]") for c in text)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def _words(sections: dict[str, str]) -> Iterator[str]:
    """Sections of plain text. A line `WORD<tab>text` is an item of a list, an indented one an example."""
    for heading, text in sections.items():
        yield f'.SH "{heading}"'
        for number, paragraph in enumerate(text.strip("\n").split("\n\n")):
            yield from _paragraph(paragraph, first=number == 0)


def _paragraph(text: str, *, first: bool) -> Iterator[str]:
    lines = text.split("\n")
    if "\t" in lines[0]:
        for line in lines:
            term, _, meaning = line.partition("\t")
            yield from (".TP", f"\\fB{roff(term)}\\fR", roff(meaning))
        return
    if lines[0].startswith("  "):
        yield from _verbatim(lines)
        return
    if not first:
        yield ".PP"
    yield from map(roff, lines)


def _verbatim(lines: list[str]) -> Iterator[str]:
    yield from (".PP", ".RS 4", ".nf")
    yield from (roff(line.strip()) for line in lines)
    yield from (".fi", ".RE")


def _command(name: str, parser: ArgumentParser) -> Iterator[str]:
    yield f'.SS "{roff(name)}"'
    yield from _summary(f"couchcal {name}", parser)
    for action, below in actions_of(parser).items():
        yield from _summary(f"couchcal {name} {action}", below)


def _summary(called: str, parser: ArgumentParser) -> Iterator[str]:
    """Synopsis, what it does, what is particular to it, and the notes and the example of its help."""
    own = [action for action in arguments_of(parser) if action.dest not in COMMON]
    shared = [action for action in arguments_of(parser) if action.dest in COMMON and action.dest != "db"]
    words = [*map(_usage, _options_first([*own, *shared])), *_action_words(parser)]
    yield from (".HP 4", " ".join([f"\\fB{roff(called)}\\fR", *words]), ".br", roff(parser.description or ""))
    yield ".RS 4"
    for action in own:
        meaning = meaning_of(parser, action)
        if meaning:
            yield from (".TP", _tag(action), roff(meaning))
    for block in filter(None, (parser.epilog or "").split("\n\n")):
        yield from _note(block)
    yield ".RE"


def _note(block: str) -> Iterator[str]:
    """A block of an epilog: a paragraph, or `fields:` with `name  meaning` below it, or `example:` with lines."""
    heading, *lines = block.split("\n")
    yield from (".PP", roff(f"{heading[:1].upper()}{heading[1:]}"))
    if not heading.endswith(":"):
        yield from map(roff, lines)
        return
    yield from (".RS 2", ".PD 0")
    for line in lines:
        term, gap, meaning = line.strip().partition("  ")
        yield from (".TP 17", roff(term), roff(meaning.strip())) if gap else (".HP 4", roff(term))
    yield from (".PD", ".RE")


def actions_of(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    """The parsers below a parser, by name."""
    return {
        name: below
        for action in parser._actions  # argparse has no public list of them
        if isinstance(action, argparse._SubParsersAction)
        for name, below in action.choices.items()
    }


def _action_words(parser: ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield "\\fIACTION\\fR\\ ..." if action.required else "[\\fIACTION\\fR\\ ...]"


def arguments_of(parser: ArgumentParser) -> list[Action]:
    """What a parser takes itself, without `--help` and what is hidden."""
    unwanted = (argparse._HelpAction, argparse._SubParsersAction)
    return [
        action
        for action in parser._actions  # argparse has no public list of them
        if not isinstance(action, unwanted) and action.help != argparse.SUPPRESS
    ]


def _options_first(actions: list[Action]) -> list[Action]:
    return sorted(actions, key=lambda action: not action.option_strings)


def _value(action: Action) -> str:
    """The value an argument takes, `FILE` or `this|future`; empty for a switch."""
    if action.nargs == 0:
        return ""
    if action.dest == "names":
        return "\\fIMODE\\fR"
    if isinstance(action.metavar, str):
        return f"\\fI{roff(action.metavar)}\\fR"
    if action.choices is not None:
        return "|".join(f"\\fB{roff(str(choice))}\\fR" for choice in action.choices)
    return f"\\fI{roff(action.dest.upper())}\\fR"


def _usage(action: Action) -> str:
    value = _value(action)
    if not action.option_strings:
        shown = {"+": f"{value}\\ ...", "*": f"[{value}\\ ...]", "?": f"[{value}]"}
        return shown.get(str(action.nargs), value)
    name = f"\\fB{roff(action.option_strings[-1])}\\fR"
    both = f"{name}\\ {value}" if value else name
    return both if action.required else f"[{both}]"


def _tag(action: Action) -> str:
    value = _value(action)
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in action.option_strings)
    return " ".join(filter(None, (names, value)))


def meaning_of(parser: ArgumentParser, action: Action) -> str:
    """The help of an argument, with its default in it, as plain text."""
    return parser._get_formatter()._expand_help(action) if action.help else ""


def main() -> int:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    text = page()
    PAGE.write_text(text, "ascii")
    sys.stdout.write(f"{PAGE.name}: {len(text.splitlines())} lines, {len(COMMANDS)} commands\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
