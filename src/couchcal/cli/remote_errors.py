"""What a remote service said, as errors of the command line with the contract's exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from couchcal.errors import EXIT_NEEDS_SIGN_IN, EXIT_REFUSED, EXIT_REMOTE, CouchcalError
from couchcal.sync.port import NeedsSignIn, RemoteProblem, Transient


class RemoteTrouble(CouchcalError):
    """A `RemoteProblem`: 3 a person has to sign in, 4 it is worth another try, else 1."""

    def __init__(self, problem: RemoteProblem) -> None:
        message, _, hint = problem.message.partition(": ")
        if isinstance(problem, NeedsSignIn):
            super().__init__(message, hint or "couchcal google connect", code="needs_auth")
            self.exit_code = EXIT_NEEDS_SIGN_IN
        elif isinstance(problem, Transient):
            super().__init__(message, hint or "nothing is lost; try again later", code="retry")
            self.exit_code = EXIT_REMOTE
        else:
            super().__init__(message, hint, code="remote")
            self.exit_code = EXIT_REFUSED


@contextmanager
def remote_errors() -> Iterator[None]:
    """Raise a remote's problems as errors for people."""
    try:
        yield
    except RemoteProblem as problem:
        raise RemoteTrouble(problem) from None
