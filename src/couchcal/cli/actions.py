"""Commands with actions below them (`event-type add`): their parsers, alike in every module."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from typing import Protocol

from couchcal.cli.arguments import add_db, add_json, add_names, example
from couchcal.cli.context import Practice, opened

Action = Callable[[Practice, Namespace], int]


class AddAction(Protocol):
    """Adds an action by its name and summary, and returns its parser."""

    def __call__(self, name: str, summary: str, line: str = "", /) -> ArgumentParser:
        """`line` is its example, where it is not among those of all actions."""


def add_actions(
    parser: ArgumentParser,
    examples: Mapping[str, str] | None = None,
    *,
    names: bool = False,
    required: bool = True,
) -> AddAction:
    """A function that adds actions below a command, each with `--db` and `--json`.

    Args:
        examples: a line for each action that is added without one.
        names: whether each has `--names`, too.
        required: whether there must be an action; where none must be, the command itself has `--json`.
    """
    below = parser.add_subparsers(dest="action", metavar="ACTION", required=required)
    if not required:
        add_json(parser)

    def action(name: str, summary: str, line: str = "", /) -> ArgumentParser:
        described = f"{summary[0].upper()}{summary[1:]}."
        shown = example(line or (examples or {})[name])
        made: ArgumentParser = below.add_parser(name, help=summary, description=described, epilog=shown)
        add_db(made)
        add_json(made, below=not required)
        if names:
            add_names(made)
        return made

    return action


def run_action(actions: Mapping[str, Action], args: Namespace) -> int:
    """Open the practice and do what was asked."""
    with opened(args) as practice:
        return actions[args.action](practice, args)
