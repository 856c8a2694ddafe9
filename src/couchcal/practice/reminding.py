"""Whether a reminder may go out now (C-04, REM-01 to REM-05, INV-M2): asked when it is sent, not when planned.

No ORM.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from couchcal.store.connection import Connection

Channel = Literal["email", "text"]
_READ = """
SELECT p.reminders_on, a.status, a.kind, a.start_utc, a.remind_email, a.remind_text, c.state, c.portal_state,
       c.unsubscribed_at, c.email, c.phone, c.remind_email, c.remind_text
FROM appointment a JOIN client c ON c.id = a.client_id CROSS JOIN practice p
WHERE a.id = ?
"""


def reason_against(connection: Connection, appointment_id: int, channel: Channel, now: datetime) -> str:
    """Why no reminder of this appointment may be sent now, in a few words; empty if one may.

    All of these have to hold: the practice reminds, the appointment is a client session that is scheduled and to
    come, the client is in the portal by an accepted invitation, wants this channel, as does the appointment, has an
    address or number on file, and has not unsubscribed. Whether text messages are set up is the sender's matter.
    """
    row = connection.execute(_READ, (appointment_id,)).fetchone()
    if row is None:
        return "the appointment is gone"
    (
        reminds, status, kind, start, by_email, by_text, state, portal, unsubscribed, email, phone, wants_email,
        wants_text,
    ) = row  # fmt: skip
    by_mail = channel == "email"
    reasons = (
        (not reminds, "reminders are off"),
        (status != "scheduled", f"it is {status}"),
        (kind != "client_session", "it is no client session"),
        (start <= int(now.timestamp()), "it has begun"),
        (state == "archived", "the client is archived"),
        (portal != "accepted", "the client is not in the portal"),
        (unsubscribed is not None, "the client wants none"),
        (not (wants_email if by_mail else wants_text), "the client does not want them this way"),
        (not (by_email if by_mail else by_text), "it is off for this appointment"),
        (not (email if by_mail else phone), "there is no address" if by_mail else "there is no number"),
    )
    return next((words for against, words in reasons if against), "")
