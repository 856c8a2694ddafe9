"""Asking at the terminal: for what opens the database, and whether something is really meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from couchcal.errors import Refused, UsageProblem

_SHORT = 12
"""Characters below which a passphrase is quickly found by whoever has a copy of the file."""


def passphrase_prompt() -> Callable[[str], str] | None:
    """What asks a person for the passphrase; None where nobody could answer."""
    if not sys.stdin or not sys.stdin.isatty() or os.environ.get("COUCHCAL_PASSPHRASE"):
        return None

    def ask(prompt: str) -> str:
        import getpass

        return getpass.getpass(prompt)

    return ask


def new_passphrase(prompt: str) -> str:
    """A passphrase that a person has typed twice. One that is short is taken, and said to be.

    Raises:
        UsageProblem: nobody is there to ask. Refused: the two are not the same.
    """
    import getpass

    if not sys.stdin or not sys.stdin.isatty():
        raise UsageProblem("a new passphrase is typed, and there is no terminal to type at", "run it at a terminal")
    passphrase = getpass.getpass(prompt)
    if passphrase and getpass.getpass("Once more: ") != passphrase:
        raise Refused("the two are not the same", "nothing was changed; try again")
    if 0 < len(passphrase) < _SHORT:
        from couchcal.cli.plain import note

        note("that passphrase is short; several words are much harder to guess: couchcal key passphrase changes it")
    return passphrase


def writes_code(code: str) -> None:
    """Show a recovery code, the only time it is shown."""
    sys.stdout.write(
        f"Recovery code: {code}\n"
        "It opens your data in place of the passphrase. Write it on paper and keep that away from the computer;\n"
        "it is not shown again.\n"
    )


def confirmed(what: str, question: str) -> bool:
    """Whether a person says yes to `question`, on standard error.

    Raises:
        UsageProblem: nobody is there to ask; `what` names who asks.
    """
    if not sys.stdin or not sys.stdin.isatty():
        raise UsageProblem(f"{what} asks first, and there is no terminal to ask at", "add --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
