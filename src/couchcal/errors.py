"""Errors a user may see: what was wrong, what to do, and the exit code of the contract."""

from __future__ import annotations

EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_NEEDS_SIGN_IN = 3
EXIT_REMOTE = 4
EXIT_PAUSED = 5
EXIT_DATABASE = 75


class CouchcalError(Exception):
    """Something the user can act on. `message` and `hint` never carry a client's name."""

    code = "error"
    exit_code = EXIT_REFUSED

    def __init__(self, message: str, hint: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class Refused(CouchcalError):
    """A rule of the practice forbids it: a lock, a conflict with `--strict`, a state."""

    code = "refused"


class NotFound(CouchcalError):
    """No such entry, client, file or calendar."""

    code = "not_found"


class Invalid(CouchcalError):
    """A value is not acceptable. `field` names it as forms and `edit FIELD=VALUE` do."""

    code = "invalid"

    def __init__(self, message: str, hint: str = "", *, field: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


class Stale(CouchcalError):
    """The row was changed by somebody else since it was read."""

    code = "stale"


class UsageProblem(CouchcalError):
    """The command line does not fit the command."""

    code = "usage"
    exit_code = EXIT_USAGE


class DatabaseProblem(CouchcalError):
    """The store cannot be opened or written: busy, another key, newer version, read-only, full disk."""

    code = "database"
    exit_code = EXIT_DATABASE
