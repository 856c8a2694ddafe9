"""A practice whose door is open on weekdays, nine to five in New York, and a browser at its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from couchcal.practice import availability, event_types
from couchcal.practice.availability import BlockRow
from couchcal.scheduling.hours import parse_hours
from couchcal.store.connection import Database
from couchcal.web.app import create_app
from couchcal.web.limits import Limits
from couchcal.web.site import Site
from tests.support.practice import furnished_practice

NOW = datetime.fromisoformat("2026-03-03T15:42:00+00:00")
"""Tuesday, 10:42 in New York."""
SLUG = "quiet-room"
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass
class Now:
    """A clock that a test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


def furnish(database: Database) -> None:
    """Hours, and three things to book: in both ways, by video alone, in person alone."""
    with closing(database.connect()) as connection:
        connection.execute(
            "UPDATE practice SET slug = ?, public_label = 'Quiet Room', street = '7 Willow Lane', city = 'Albany',"
            " region = 'NY', postal_code = '12207'",
            (SLUG,),
        )
    opens = {day: [BlockRow(day, *hours) for hours in parse_hours("9-17")] for day in range(5)}
    availability.set_days(database, opens, clock=Now())
    for title, minutes, mode in (
        ("First talk", 50, "both"),
        ("Short", 30, "telehealth"),
        ("Couple", 80, "in_person"),
    ):
        event_types.add(database, {"title": title, "minutes": minutes, "visit_mode": mode}, clock=Now())


@dataclass
class Visitor:
    """A browser at the booking page of a practice; `site` can be another one."""

    site: Site
    clock: Now
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.another()

    def another(self, **options: Any) -> TestClient:
        """A browser without a cookie, at the same server."""
        return TestClient(create_app(self.site), follow_redirects=False, **options)

    def get(self, path: str, **query: str) -> Any:
        """Look at a page."""
        return self.client.get(path, params=query or None)

    def fields(self, page: str) -> dict[str, str]:
        """The hidden fields of the form on a page that is sent by POST."""
        form = page[page.index('<form method="post"') :]
        return {name: unescape(value) for name, value in _FIELD.findall(form[: form.index("</form>")])}

    def form(self, at: str = "2026-03-04T14:00Z", **choice: str) -> dict[str, str]:
        """The form for a start as it is shown, filled in as people do: after some seconds."""
        shown = self.get(f"/book/{SLUG}/details", **{"for": "1", "how": "telehealth", "at": at, **choice})
        assert shown.status_code == 200
        self.clock.later(seconds=20)
        return {**self.fields(shown.text), "name": "Dee New", "email": "dee@example.org", "phone": "", "note": ""}

    def send(self, form: dict[str, str], **headers: str) -> Any:
        """Send a form of the booking page."""
        return self.client.post(f"/book/{SLUG}/details", data=form, headers=headers)

    def another_site(self, **changes: Any) -> None:
        """The same browser at a server with other settings, which has counted nothing yet."""
        self.site = replace(self.site, limits=Limits(), **changes)
        cookies = self.client.cookies
        self.client = self.another()
        self.client.cookies = cookies

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, in the order of their ids."""
        with closing(self.site.database.connect()) as connection:
            cursor = connection.execute(f"SELECT * FROM {table} ORDER BY id")
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def write(self, statement: str, *values: Any) -> None:
        """Change the practice behind the door."""
        with closing(self.site.database.connect()) as connection:
            connection.execute(statement, values)


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    clock = Now()
    database = furnished_practice(tmp_path, furnish)
    yield Visitor(Site(database, mail=True, clock=clock), clock)
    database.dispose()
