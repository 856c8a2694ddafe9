"""Options that commands share, and a parser whose complaints are ordinary errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from couchcal.cli.commands import COMMANDS, Handler
from couchcal.errors import UsageProblem
from couchcal.store.vocabulary import IDENTIFIER_MODES


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the epilog's lines. Asks the terminal for its width itself: argparse, which makes a formatter for
    every argument, would load archive modules for it (shutil)."""

    def __init__(self, prog: str, **options: Any) -> None:
        options.setdefault("width", _columns() - 2)
        super().__init__(prog, **options)


def _columns() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 20:
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80 if sys.__stdout__ else 80
    except (OSError, ValueError):
        return 80


class Parser(argparse.ArgumentParser):
    """`ArgumentParser` that raises UsageProblem and takes no abbreviations."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", _Formatter)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print and exit on."""
        raise UsageProblem(message, f"see {self.prog} --help")


def parse_command(name: str, arguments: Sequence[str], db: str | None) -> tuple[Handler, argparse.Namespace]:
    """The handler of a command and its parsed arguments; `db` is the `--db` given before the command.

    Raises:
        UsageProblem: they do not fit. SystemExit: after `--help`.
    """
    description, epilog = help_of(name)
    parser = Parser(prog=f"couchcal {name}", description=description, epilog=epilog)
    handler = handler_of(name)
    add_db(parser)
    handler.configure(parser)
    shielded = [_shield(word) for word in arguments]
    return handler, parser.parse_args(shielded, argparse.Namespace(db=db))


def handler_of(name: str) -> Handler:
    """The handler of a command; imports its module."""
    handlers: dict[str, Handler] = import_module(f"couchcal.cli.{COMMANDS[name].module}").HANDLERS
    return handlers[name]


def help_of(name: str) -> tuple[str, str]:
    """Description and epilog of a command's parser."""
    command = COMMANDS[name]
    return f"{command.summary[0].upper()}{command.summary[1:]}.", example(command.example)


def example(line: str) -> str:
    """An epilog with an example."""
    return f"example:\n  {line}"


def _shield(word: str) -> str:
    """`-30m` is a moment, not an option: a space before it says so to argparse."""
    return f" {word}" if word[:1] == "-" and word[1:2].isdecimal() else word


def add_db(parser: argparse.ArgumentParser) -> None:
    """`--db`, keeping what was given before the command."""
    parser.add_argument(
        "--db",
        metavar="PATH",
        default=argparse.SUPPRESS,
        help="the database, a path or postgresql://USER@HOST/NAME",
    )


def add_json(parser: argparse.ArgumentParser, *, below: bool = False) -> None:
    """`--json`; `below` a parser that has it too, keeping what was given there."""
    default = argparse.SUPPRESS if below else False
    parser.add_argument("--json", action="store_true", default=default, help="print JSON")


def add_names(parser: argparse.ArgumentParser, *, below: bool = False) -> None:
    """`--names`; `below` a parser that has it too, keeping what was given there."""
    default = argparse.SUPPRESS if below else None
    told = "how to call clients (default: the setting, id)"
    parser.add_argument("--names", choices=IDENTIFIER_MODES, default=default, help=told)


def add_range(parser: argparse.ArgumentParser) -> None:
    """`--from` and `--to`."""
    parser.add_argument("--from", dest="first", metavar="D", help="first day: 2026-03-02, today, mon, +2w")
    parser.add_argument("--to", dest="until", metavar="D", help="the day after the last (default: seven days)")


def add_id(parser: argparse.ArgumentParser) -> None:
    """The positional ID."""
    parser.add_argument("id", metavar="ID", help="an id of agenda, or its unique beginning")


def add_scope(parser: argparse.ArgumentParser) -> None:
    """`--scope`."""
    parser.add_argument(
        "--scope", choices=("this", "future"), default="this", help="of a series: this one, or all from it on"
    )


def add_notify(parser: argparse.ArgumentParser) -> None:
    """`--notify`."""
    parser.add_argument("--notify", action="store_true", help="tell the client by e-mail")


def whole_text(value: str) -> str:
    """An argument that can be stored.

    Raises:
        argparse.ArgumentTypeError: its bytes are no text in this locale.
    """
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise argparse.ArgumentTypeError("this is no valid text in your locale")
    return value


def minutes(value: str) -> int:
    """A length in minutes, `50` or `50m`.

    Raises:
        argparse.ArgumentTypeError: not between 1 and 1440.
    """
    digits = value.strip().removesuffix("m")
    if not (digits.isascii() and digits.isdecimal()) or not 1 <= int(digits[:6]) <= 1440:
        raise argparse.ArgumentTypeError("give minutes between 1 and 1440")
    return int(digits)


def cents(value: str) -> int:
    """An amount such as `25` or `25.00` in cents.

    Raises:
        argparse.ArgumentTypeError: it is no amount.
    """
    whole, dot, part = value.strip().removeprefix("$").partition(".")
    fits = whole.isascii() and whole.isdecimal() and len(whole) <= 7
    if not fits or (dot and not (part.isascii() and part.isdecimal() and len(part) in (1, 2))):
        raise argparse.ArgumentTypeError("give an amount such as 25.00")
    return int(whole) * 100 + int((part + "00")[:2])
