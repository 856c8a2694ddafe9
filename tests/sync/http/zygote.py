"""`python -m tests.sync.http.zygote`: runs couchcal in processes of its own that need not start an interpreter.

Everything the program loads is loaded once; each command is a fork with its own environment, directory and streams,
which can be killed and ends with the program's own exit code. One JSON object a line is asked on standard input and
answered on standard output: `{"argv", "env", "cwd", "in", "out", "err", "hurry"}` by `{"pid"}`, `{"poll": pid}` by
`{"code"}`, which is null while it runs and negative for a signal.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from typing import Any

LOADED = (
    "couchcal.cli.main", "couchcal.cli.commands", "couchcal.cli.sync", "couchcal.cli.google", "couchcal.cli.worker",
    "couchcal.cli.add", "couchcal.cli.change", "couchcal.cli.edit", "couchcal.cli.clients", "couchcal.cli.show",
    "couchcal.cli.agenda", "couchcal.store.session", "couchcal.store.records.sync", "couchcal.sync.engine",
    "couchcal.sync.resolving", "couchcal.sync.google.auth", "couchcal.sync.google.client", "couchcal.worker",
    "couchcal.practice.external", "google_auth_oauthlib.flow", "sqlmodel",
)  # fmt: skip


def hurry(factor: float) -> None:
    """Let the pauses between tries pass `factor` times as fast, and give up on a silent server after a second."""
    from couchcal.sync.google.client import GoogleRemote
    from couchcal.sync.google.session import SignedInSession
    from couchcal.sync.waiter import RealWaiter

    whole = RealWaiter.wait

    def wait(self: RealWaiter, seconds: float) -> bool:
        return whole(self, seconds / factor)

    changed: Any = RealWaiter
    changed.wait = wait
    for kind in (GoogleRemote, SignedInSession):
        made: Any = kind.__init__
        made.__kwdefaults__["timeouts"] = (2.0, 1.0)


def run(asked: dict[str, Any]) -> None:
    """In the child: become the program."""
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.chdir(asked["cwd"])
    os.setsid()
    for number, name, flags in (
        (0, "in", os.O_RDONLY),
        (1, "out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, "err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        os.dup2(os.open(asked[name], flags, 0o600), number)
    if asked["hurry"]:
        hurry(asked["hurry"])
    sys.argv = ["couchcal", *asked["argv"]]
    from couchcal.cli.main import main

    code = main()
    sys.stdout.flush()
    os._exit(code)  # to take down all that was loaded would last longer than the command


def polled(pid: int) -> int | None:
    """The exit code of a child, None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def serve() -> None:
    """Until standard input ends."""
    for name in LOADED:
        importlib.import_module(name)
    from sqlalchemy.orm import configure_mappers

    configure_mappers()
    gc.freeze()
    while line := sys.stdin.readline():
        asked = json.loads(line)
        if "poll" in asked:
            answer: dict[str, Any] = {"code": polled(asked["poll"])}
        else:
            pid = os.fork()
            if pid == 0:
                run(asked)
            answer = {"pid": pid}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
