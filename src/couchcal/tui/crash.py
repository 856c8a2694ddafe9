"""What a crash leaves on the terminal: where it was, and nothing of anybody's data."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.traceback import Trace, Traceback


def wordless_traceback() -> Traceback:
    """The lines of the program that led to the exception being handled, and its kind.

    Local variables and what exceptions say are left out: both hold clients' names. With COUCHCAL_DEBUG=1 the
    exceptions say it.
    """
    from rich.traceback import Traceback

    kind, error, trace = sys.exc_info()
    if kind is None or error is None:
        raise RuntimeError("there is no exception to show")
    found = Traceback.extract(kind, error, trace, show_locals=False)
    if os.environ.get("COUCHCAL_DEBUG") != "1":
        _hush(found)
    return Traceback(found, width=None)


def _hush(trace: Trace) -> None:
    for stack in trace.stacks:
        stack.exc_value, stack.notes = "", []
        if stack.syntax_error is not None:
            stack.syntax_error.msg = stack.syntax_error.line = ""
        for each in stack.exceptions:
            _hush(each)
