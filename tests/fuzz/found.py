"""What the fuzzing has found, each as small as it can be: the target and the input. All of it is tried each day."""

from __future__ import annotations

from typing import Final

FOUND: Final[tuple[tuple[str, bytes], ...]] = (
    ("dates", b"31.12.9999\n23:59\n0:30\n0\n31."),  # the end of a form is in no calendar
    ("dates", b"31.12.9999\n23:59\n0:00\n45\n31.12.9999"),  # nor the end of time off
    ("dates", b"31.12.9999\n9:00\n\n99h\n"),  # nor the field that follows the others
    ("cli", b"settings\n--json\nlist"),  # --json before the action was forgotten
    ("archive", b'schema {"format": 1, "schema": "0006", "tables": {}}'),  # an older export, with fewer tables
    ("archive", b'schema {"format": 1, "schema": "0006", "tables": {"client": {"last_id": 9999999999999999999}}}'),
    ("archive", b"client \xff"),
    ("archive", b'client {"id": 1, "first": "\\ud800"}'),
    ("archive", b"client " + b"[" * 9_000),
    ("archive", b'practice {"id": 1, "created_at": 0, "updated_at": 0, "version": 1, "tz": "America/Nowhere"}'),
    ("archive", b"practice "),
    (
        "archive",
        b'time_off {"id": 1, "created_at": 0, "updated_at": 0, "version": 1, "start_utc": 0, "end_utc": " "}',
    ),
    ("config", b'mail.user = "x"'),  # a key that was added went onto the same line
    ("config", b".".join([b"mail"] * 120) + b" = 1"),  # one parser reads it, the other, which writes, does not
    ("google", b'{"kind": "calendar#events", "items": [], "nextSyncToken": "\\ud800"}'),
    ("google", b'{"kind": "calendar#events", "items": [], "nextPageToken": "\\ud800"}'),
    ("google", b'{}\n%%\n@{"kind": "calendar#calendarList", "items": [{"id": "\\ud800", "accessRole": "owner"}]}'),
    (
        "google-read",
        b'{"kind": "calendar#events", "items": [{"id": "one", "status": "confirmed", "start": {"dateTime":'
        b' "1013-03-02T09:00:00-05:00"}, "end": {"dateTime": "2026-03-02T10:00:00-05:00"}, "recurrence":'
        b' ["RRULE:FREQ=WEEKLY;BYDAY=MO,WE"]}], "nextSyncToken": "t2"}',
    ),  # each lasts a thousand years
)
