"""What a cancellation is about to be: how late it comes, and whether the client would be told. CXL-05, CXL-06."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from couchcal.store.connection import Connection, database_errors


class Notice(NamedTuple):
    """`usual_type` is the type that fits when it is cancelled now, None where only a person can say; `tells` is
    whether the client is told unless somebody says otherwise; `has_address` whether there is an e-mail address."""

    usual_type: str | None
    tells: bool
    has_address: bool


def notice(connection: Connection, client_id: int | None, start: datetime, now: datetime) -> Notice:
    """Of a past session that the client did not come (C-03); of one within the notice that clients have to give
    that it is a late cancel. The mail follows the practice's setting "Mail on a move".

    Raises:
        DatabaseProblem: the store cannot be read.
    """
    with database_errors():
        mode, hours = connection.execute("SELECT notify_on_move, cancel_notice_h FROM practice").fetchone()
        found = connection.execute("SELECT email FROM client WHERE id = ?", (client_id,)).fetchone()
    has_address = found is not None and bool(found[0])
    if start < now:
        return Notice("no_show", tells=False, has_address=has_address)
    late = start - now < timedelta(hours=hours)
    return Notice("late_cancel" if late else None, tells=mode == "always" and has_address, has_address=has_address)
