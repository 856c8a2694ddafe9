"""`couchcal completion`: a script that completes commands and options in a shell."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from couchcal.cli.arguments import Parser, add_db, handler_of, help_of
from couchcal.cli.commands import COMMANDS, Handler

SHELLS = ("bash", "zsh", "fish")
_PATHS = {"FILE": "FILE", "PATH": "FILE", "DIR": "DIRECTORY"}
"""What stands in `--help` for a path, and what shtab calls it."""
_FISH_HEAD = """\
function __couchcal_words
    set -l skip no
    for word in (commandline -opc)[2..]
        if test $skip = yes
            set skip no
        else if test $word = --db
            set skip yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end
function __couchcal_at
    set -l words (__couchcal_words)
    set -l count (count $argv)
    test (count $words) -ge $count; and test "$words[1..$count]" = "$argv"
end
function __couchcal_just
    set -l words (__couchcal_words)
    test "$words" = "$argv"
end
complete -c couchcal -f
"""
"""`__couchcal_at client add`: the words typed so far begin so; `__couchcal_just client`: they are nothing else."""


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

    for action in _all_arguments(parser):
        kind = _PATHS.get(str(action.metavar))
        if kind:
            vars(action)["complete"] = getattr(shtab, kind)
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


def _all_arguments(parser: ArgumentParser) -> Iterator[argparse.Action]:
    yield from parser._actions  # argparse has no public list of them
    for below in _subparsers(parser).values():
        yield from _all_arguments(below)


def _fish(parser: ArgumentParser) -> str:
    summaries = {name: command.summary for name, command in COMMANDS.items()}
    return _FISH_HEAD + "".join(f"{line}\n" for line in _fish_lines(parser, "", summaries))


def _fish_lines(parser: ArgumentParser, path: str, summaries: dict[str, str]) -> Iterator[str]:
    """The lines for what can follow the words `path`."""
    for name, below in _subparsers(parser).items():
        yield _fish_line(f"__couchcal_just{path}", [f"-a {name}"], summaries.get(name) or below.description or "")
        yield from _fish_lines(below, f"{path} {name}", {})
    at = f"__couchcal_just{path}" if _subparsers(parser) else f"__couchcal_at{path}"
    for action in parser._actions:  # argparse has no public list of them
        longs = [text.removeprefix("--") for text in action.option_strings if text.startswith("--")]
        if longs:
            yield _fish_line(at, [f"-l {longs[0]}", *_fish_value(action)], action.help or "")
        elif not isinstance(action, argparse._SubParsersAction):
            words = _fish_value(action)
            if words != ["-x"]:
                yield _fish_line(at, [word for word in words if word not in ("-x", "-r")], "")


def _fish_value(action: argparse.Action) -> list[str]:
    """The words of fish that say what an argument takes."""
    if action.nargs == 0:
        return []
    if action.choices:
        return ["-x", f"-a '{' '.join(map(str, action.choices))}'"]
    return ["-r", "-F"] if str(action.metavar) in _PATHS else ["-x"]


def _subparsers(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    found: dict[str, ArgumentParser] = {}
    for action in parser._actions:  # argparse has no public list of sub-parsers
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def _fish_line(condition: str, words: list[str], summary: str) -> str:
    escaped = summary.replace("\\", "\\\\").replace("'", "\\'")
    described = f" -d '{escaped}'" if summary else ""
    return f"complete -c couchcal -n '{condition}' {' '.join(words)}{described}"


HANDLERS = {"completion": Handler(_configure, _run)}
