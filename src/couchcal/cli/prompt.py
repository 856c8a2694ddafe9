"""Asking at the terminal for what opens the database."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def passphrase_prompt() -> Callable[[str], str] | None:
    """What asks a person for the passphrase; None where nobody could answer."""
    if not sys.stdin or not sys.stdin.isatty() or os.environ.get("COUCHCAL_PASSPHRASE"):
        return None

    def ask(prompt: str) -> str:
        import getpass

        return getpass.getpass(prompt)

    return ask
