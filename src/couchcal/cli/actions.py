"""Commands with actions below them (`event-type add`): their parsers, alike in every module."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping

from couchcal.cli.arguments import add_db, add_json, example
from couchcal.cli.context import Practice, opened

Action = Callable[[Practice, Namespace], int]


def add_actions(parser: ArgumentParser, *, required: bool = True) -> Callable[[str, str, str], ArgumentParser]:
    """A function that adds an action by its name, summary and example, and returns its parser with `--json`.

    Where none is `required`, the command itself has `--json`, too.
    """
    below = parser.add_subparsers(dest="action", metavar="ACTION", required=required)
    if not required:
        add_json(parser)

    def action(name: str, summary: str, line: str) -> ArgumentParser:
        described = f"{summary[0].upper()}{summary[1:]}."
        made: ArgumentParser = below.add_parser(name, help=summary, description=described, epilog=example(line))
        add_db(made)
        add_json(made, below=not required)
        return made

    return action


def run_action(actions: Mapping[str, Action], args: Namespace) -> int:
    """Open the practice and do what was asked."""
    with opened(args) as practice:
        return actions[args.action](practice, args)
