"""The `couchcal` program: finds the command, imports only its module, and turns errors into one line.

Exit codes: 0 done, 1 refused, 2 usage, 75 database busy or locked, 130 stopped by ctrl+c, 141 by a closed
pipe.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from couchcal.errors import EXIT_REFUSED, CouchcalError, UsageProblem

INTERRUPTED = 130
CLOSED_PIPE = 141


def main() -> int:
    """Entry point of the process: private files, no core dumps, then `run`."""
    os.umask(0o077)
    _forbid_core_dumps()
    sys.stdout, sys.stderr = _stream(sys.stdout), _stream(sys.stderr)
    return run(sys.argv[1:])


def _stream(stream: TextIO | None) -> TextIO:
    """A stream that prints any text in any locale; one that was closed before the start swallows it."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _forbid_core_dumps() -> None:
    """A core dump would write clients' data and the key to disk."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns its exit code and never raises an error a user could cause."""
    arguments = list(argv)
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return CLOSED_PIPE
    except Exception as error:
        if os.environ.get("COUCHCAL_DEBUG") == "1":
            raise
        return _report(_described(error), arguments)
    return code


def _dispatch(arguments: list[str]) -> int:
    db: str | None = None
    rest = iter(arguments)
    for word in rest:
        if word == "--db":
            db = next(rest, None)
            if db is None:
                raise UsageProblem("--db needs a path", "couchcal --db PATH")
        elif word.startswith("--db="):
            db = word.removeprefix("--db=")
        elif word in ("-h", "--help"):
            sys.stdout.write(_help())
            return 0
        elif word in ("-V", "--version"):
            from couchcal import __version__

            sys.stdout.write(f"couchcal {__version__}\n")
            return 0
        elif word.startswith("-"):
            raise UsageProblem(f"there is no option {word}", "see couchcal --help")
        else:
            return _run_command(word, list(rest), db)
    from couchcal.cli.calendar import open_calendar

    return open_calendar(db)


def _run_command(name: str, arguments: list[str], db: str | None) -> int:
    from couchcal.cli.commands import COMMANDS

    if name not in COMMANDS:
        import difflib

        close = difflib.get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean {close[0]}?" if close else "see couchcal --help"
        raise UsageProblem(f"there is no command '{name}'", hint)
    from couchcal.cli.arguments import parse_command

    try:
        handler, parsed = parse_command(name, arguments, db)
    except SystemExit as stop:  # argparse after --help
        return int(stop.code or 0)
    return handler.run(parsed)


def _help() -> str:
    from couchcal.cli.commands import COMMANDS

    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items()]
    return (
        "couchcal: the calendar a solo practitioner keeps open in a terminal\n\n"
        "usage: couchcal [--db PATH] [COMMAND ...]\n\n"
        "Without a command it opens the calendar, or prints today's agenda where there is no terminal.\n\n"
        + "\n".join(lines)
        + "\n\noptions:\n"
        "  --db PATH      the database, a path or postgresql://… (COUCHCAL_DATABASE_URL)\n"
        "  -V, --version  print the version\n"
        "  -h, --help     print this; couchcal COMMAND --help tells more\n\n"
        "example:\n  couchcal add tue 3pm 50m C-0001 90834\n"
    )


def _described(error: Exception) -> CouchcalError:
    """What went wrong as an error for users; of the unexpected only the class, whose text may hold names."""
    if isinstance(error, CouchcalError):
        if error.code.startswith("locked_"):
            from couchcal.cli.entries import way_out

            error.hint = way_out(error)
        return error
    from couchcal.store.driver_errors import describe_driver_error

    problem = describe_driver_error(error, None)
    if problem is not None:
        return problem
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return CouchcalError(f"{where}{error.strerror}", "check the path and its permissions", code="file")
    return CouchcalError(
        f"something went wrong inside ({type(error).__name__})",
        "COUCHCAL_DEBUG=1 shows where",
        code="internal",
    )


def _report(error: CouchcalError, arguments: list[str]) -> int:
    from couchcal.cli.plain import one_line
    from couchcal.clock_words import in_chosen_clock

    try:
        if "--json" in arguments:
            import json

            body = {"code": error.code, "message": one_line(error.message), "hint": one_line(error.hint)}
            sys.stdout.write(json.dumps({"error": body}) + "\n")
        sys.stdout.flush()
    except OSError:
        _drop_output()
    try:
        sys.stderr.write(f"couchcal: error: {one_line(in_chosen_clock(str(error)))}\n")
        sys.stderr.flush()
    except OSError:
        return error.exit_code or EXIT_REFUSED
    return error.exit_code


def _drop_output() -> None:
    """Let the interpreter's last flush go nowhere: standard output is closed or full."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return
