from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from couchcal.practice import client_changes
from couchcal.practice.notice import Notice, notice
from tests.support.practice import make_practice
from tests.tui.forms.host import NOW, clock


@pytest.mark.parametrize(
    ("hours", "mode", "email", "expected"),
    [
        (48, "ask", "a@example.org", Notice(None, tells=False, has_address=True)),
        (48, "always", "a@example.org", Notice(None, tells=True, has_address=True)),
        (48, "always", "", Notice(None, tells=False, has_address=False)),
        (24, "never", "a@example.org", Notice(None, tells=False, has_address=True)),  # in time, to the hour: CXL-06
        (23.9, "always", "a@example.org", Notice("late_cancel", tells=True, has_address=True)),
        (-1, "always", "a@example.org", Notice("no_show", tells=False, has_address=True)),  # C-03
    ],
)
def test_what_a_cancellation_is_about_to_be(
    tmp_path: Path, hours: float, mode: str, email: str, expected: Notice
) -> None:  # CXL-05
    database = make_practice(tmp_path)
    client_id = client_changes.add(database, "Jane Doe", email=email, clock=clock).id
    with closing(database.connect()) as connection:
        connection.execute("UPDATE practice SET notify_on_move = ?", (mode,))
        assert notice(connection, client_id, NOW + timedelta(hours=hours), NOW) == expected
