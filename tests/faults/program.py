"""`python -m tests.faults.program`: the zygote of `tests.sync.http` with all that the scenarios start loaded.

Forms of the booking page are taken however soon they come: nobody is to wait two seconds before each kill.
"""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

from tests.sync.http import zygote

LOADED = (
    "couchcal.cli.files", "couchcal.cli.history", "couchcal.cli.serve", "couchcal.cli.audit", "couchcal.cli.backup",
    "couchcal.ics.importer", "couchcal.practice.imported", "couchcal.practice.appointments", "couchcal.web.app",
    "couchcal.web.server", "couchcal.web.site", "couchcal.mail.outbox", "couchcal.mail.transport",
    "couchcal.practice.door", "couchcal.practice.undo",
)  # fmt: skip


def main() -> None:
    """Load, then serve forks."""
    for name in LOADED:
        importlib.import_module(name)
    from couchcal.web.security import Signer

    check: Any = Signer.check_form
    check.__kwdefaults__["earliest"] = timedelta(0)
    zygote.serve()


if __name__ == "__main__":
    main()
