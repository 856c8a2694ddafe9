"""docs/reference/commands.md: every command, from the parsers that read them."""

from __future__ import annotations

import argparse
from argparse import Action, ArgumentParser
from collections.abc import Iterator

from couchcal.cli.commands import COMMANDS
from couchcal.cli.completion import whole_parser
from scripts.manpage import actions_of, arguments_of, meaning_of
from scripts.manpage_words import COMMON
from scripts.reference.markdown import code, document, prose, table

_GROUPS = {
    "Begin": ("demo", "init", "guide", "doctor", "completion"),
    "Look": ("agenda", "show", "find", "free", "calls", "report"),
    "Book and change": ("add", "move", "edit", "cancel", "restore", "delete", "repeat", "mark", "undo", "redo"),
    "Clients and what they can book": (
        "client", "request", "waitlist", "availability", "event-type", "time-off",
    ),
    "The practice": ("settings", "service", "modifier", "place", "room"),
    "Outside": ("google", "sync", "worker", "serve", "link", "mail"),
    "Files and safety": ("import", "export", "backup", "restore-backup", "move-db", "key", "audit", "forget"),
}  # fmt: skip
_INTRO = """
`couchcal` alone opens the calendar. `couchcal COMMAND --help` says the same as this page.

Days are written `2026-03-02`, `today`, `mon` or `+2w`; times `15:30` or `3pm`; lengths `50` or `50m`. `ID` is an
id of `couchcal agenda`, or its unique beginning. What `--json` prints is on [JSON](json.md), what a command ends
with on [Exit codes and errors](exit-codes.md).

Every command takes `--db PATH`, another database; it may stand before the command, too. Where `--names` is an
option, it takes `id`, `initials`, `first` or `full`: how clients are called in what is printed, at first `id`.
"""


def grouped() -> dict[str, list[str]]:
    """The commands under the headings of the page; what is under none comes last."""
    known = {name for names in _GROUPS.values() for name in names}
    found = {title: [name for name in names if name in COMMANDS] for title, names in _GROUPS.items()}
    rest = [name for name in COMMANDS if name not in known]
    return {**found, **({"More": rest} if rest else {})}


def page() -> str:
    """The whole page."""
    parsers = actions_of(whole_parser())
    overview = table(
        ("", ""),
        (
            (f"**{title}**", " · ".join(f"[{name}](#couchcal-{name})" for name in names))
            for title, names in grouped().items()
        ),
    )
    sections = [overview]
    for title, names in grouped().items():
        sections.append(f"## {title}")
        sections += ["\n".join(_command(name, parsers[name])) for name in names]
    return document("Commands", _INTRO, *sections)


def _command(name: str, parser: ArgumentParser) -> Iterator[str]:
    yield f"### couchcal {name}\n"
    yield from _summary(f"couchcal {name}", parser)
    for action, below in actions_of(parser).items():
        yield f"\n#### couchcal {name} {action}\n"
        yield from _summary(f"couchcal {name} {action}", below)


def _summary(called: str, parser: ArgumentParser) -> Iterator[str]:
    own = arguments_of(parser)
    shown = sorted((action for action in own if action.dest != "db"), key=lambda action: not action.option_strings)
    words = [called, *map(_usage, shown), *_action_word(parser)]
    yield f"{prose(parser.description or '')}\n"
    yield f"```text\n{' '.join(words)}\n```\n"
    rows = [(_tag(action), prose(meaning_of(parser, action))) for action in own if action.dest not in COMMON]
    if rows:
        yield table(("argument", "meaning"), rows)
    for block in filter(None, (parser.epilog or "").split("\n\n")):
        yield _note(block)


def _note(block: str) -> str:
    """A block of an epilog: a paragraph, or a heading with lines that are typed or explained below it."""
    heading, *lines = block.split("\n")
    if not heading.endswith(":"):
        return f"{prose(' '.join(block.split()))}\n"
    body = "\n".join(line.removeprefix("  ") for line in lines)
    return f"{prose(heading[:1].upper() + heading[1:])}\n\n```\n{body}\n```\n"


def _action_word(parser: ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # argparse has no public list of them
        if isinstance(action, argparse._SubParsersAction):
            yield "ACTION ..." if action.required else "[ACTION ...]"


def _value(action: Action) -> str:
    if action.nargs == 0:
        return ""
    if action.dest == "names":
        return "MODE"
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return action.dest.upper()


def _usage(action: Action) -> str:
    value = _value(action)
    if not action.option_strings:
        return {"+": f"{value} ...", "*": f"[{value} ...]", "?": f"[{value}]"}.get(str(action.nargs), value)
    shown = f"[{value}]" if action.nargs == "?" else value
    both = f"{action.option_strings[-1]} {shown}".strip()
    return both if action.required else f"[{both}]"


def _tag(action: Action) -> str:
    names = ", ".join(action.option_strings)
    return code(" ".join(filter(None, (names, _value(action)))))
