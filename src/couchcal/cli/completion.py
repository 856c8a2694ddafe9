"""`couchcal completion`: a script that completes commands and options in a shell."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser, Namespace

from couchcal.cli.arguments import Parser, add_db, handler_of, help_of
from couchcal.cli.commands import COMMANDS, Handler

SHELLS = ("bash", "zsh", "fish")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "shell",
        choices=SHELLS,
        help="bash, zsh or fish",
    )


def _run(args: Namespace) -> int:
    parser = whole_parser()
    if args.shell == "fish":
        sys.stdout.write(_fish(parser))
        return 0
    import shtab

    sys.stdout.write(shtab.complete(parser, shell=args.shell) + "\n")
    return 0


def whole_parser() -> ArgumentParser:
    """One parser of all commands, as the completion generator wants it."""
    parser = Parser(prog="couchcal")
    add_db(parser)
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, command in COMMANDS.items():
        description, epilog = help_of(name)
        below = commands.add_parser(name, help=command.summary, description=description, epilog=epilog)
        add_db(below)
        handler_of(name).configure(below)
    return parser


def _fish(parser: ArgumentParser) -> str:
    lines = ["complete -c couchcal -f"]
    for name, below in _subparsers(parser).items():
        lines.append(_fish_line("__fish_use_subcommand", [f"-a {name}"], COMMANDS[name].summary))
        seen = f"__fish_seen_subcommand_from {name}"
        for action, deeper in _subparsers(below).items():
            lines.append(_fish_line(seen, [f"-a {action}"], deeper.description or ""))
        for option in below._actions:  # argparse has no public list of options
            longs = [text.removeprefix("--") for text in option.option_strings if text.startswith("--")]
            if longs:
                words = [f"-l {longs[0]}"]
                if option.choices:
                    words.append(f"-x -a '{' '.join(map(str, option.choices))}'")
                elif option.nargs != 0:
                    words.append("-r")
                lines.append(_fish_line(seen, words, option.help or ""))
    return "\n".join(lines) + "\n"


def _subparsers(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    found: dict[str, ArgumentParser] = {}
    for action in parser._actions:  # argparse has no public list of sub-parsers
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def _fish_line(condition: str, words: list[str], summary: str) -> str:
    escaped = summary.replace("\\", "\\\\").replace("'", "\\'")
    return f"complete -c couchcal -n '{condition}' {' '.join(words)} -d '{escaped}'"


HANDLERS = {"completion": Handler(_configure, _run)}
