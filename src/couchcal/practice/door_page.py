"""The public face of a practice and the starts that clients can have. Reads on the DB-API connection, no ORM."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from couchcal.errors import Invalid, NotFound
from couchcal.practice import event_types, openings
from couchcal.practice.door_movable import of_client
from couchcal.practice.door_shapes import ClientKey, OfferedType, PracticePage
from couchcal.practice.event_types import EventTypeRow
from couchcal.practice.services import locations
from couchcal.scheduling.wallclock import zone_or_utc
from couchcal.store.connection import Connection

MOST_DAYS = 45
"""Local days that one question for starts may span."""


def page(connection: Connection, slug: str, *, audience: str = "public") -> PracticePage | None:
    """The page of the practice with this address; None for every other, also while the practice has none (BOOK-01).

    Args:
        audience: `public`, or `portal` for a client who is signed in.
    """
    found = _page(connection, audience)
    return found if slug and slug == found.slug else None


def portal_page(connection: Connection) -> PracticePage:
    """What the practice offers its clients, whether it has a public page or not."""
    return _page(connection, "portal")


def _page(connection: Connection, audience: str) -> PracticePage:
    row = connection.execute(
        "SELECT name, public_label, slug, tz, locale, street, city, region, postal_code, reveal_address,"
        " confirm_public, confirm_portal FROM practice ORDER BY id LIMIT 1"
    ).fetchone()
    name, label, own_slug, tz, locale, street, city, region, postal, reveal, public, portal = row
    places = {"telehealth" if place.telehealth else "in_person" for place in locations(connection)}
    confirm = public if audience == "public" else portal
    kinds = (kind for kind in event_types.event_types(connection) if kind.audience in (audience, "both"))
    offered = (_offered(kind, places, confirm) for kind in kinds)
    return PracticePage(
        label=label or name,
        slug=own_slug,
        address=address(street, city, region, postal) if reveal == "always" else "",
        zone=tz,
        locale=locale,
        event_types=tuple(found for found in offered if found.visit_types),
    )


def _offered(kind: EventTypeRow, places: set[str], confirm: str) -> OfferedType:
    possible = ("in_person", "telehealth") if kind.visit_mode == "both" else (kind.visit_mode,)
    return OfferedType(
        kind.id, kind.title, kind.minutes, tuple(visit for visit in possible if visit in places), kind.description,
        kind.confirm or confirm,
    )  # fmt: skip


def address(street: str, city: str, region: str, postal_code: str) -> str:
    """A postal address on one line."""
    town = " ".join(filter(None, (region, postal_code)))
    return ", ".join(filter(None, (street, city, town)))


def slots(
    connection: Connection,
    event_type_id: int,
    visit_type: str | None,
    first: date,
    last: date,
    *,
    now: datetime,
    client: ClientKey | None = None,
    moving: str = "",
) -> list[datetime]:
    """The starts that can be booked, ascending UTC instants, on the practice's local days `first` to `last`.

    Args:
        client: who is signed in; None is the public page.
        moving: the key of their appointment that is to move: it is not in its own way, and its length and place
            decide, not the event type's.

    Raises:
        Invalid: more than 45 days, or no such visit type. NotFound: not offered to them.
    """
    if (last - first).days >= MOST_DAYS:
        raise Invalid(f"that is more than {MOST_DAYS} days", "ask for fewer", field="last")
    kind = event_types.one(connection, event_type_id)
    offered = moving or kind.audience in ("public" if client is None else "portal", "both")
    if not kind.active or not offered:
        raise NotFound("that event type is not offered any more", "choose another one")
    (name,) = connection.execute("SELECT tz FROM practice ORDER BY id LIMIT 1").fetchone()
    ignoring = []
    if client is not None and moving:
        ignoring.append(("appointment", of_client(connection, client, moving).id))
    return openings.offered(
        connection, event_type_id, visit_type, first=first, last=_clamped(first, last), now=now,
        tz=zone_or_utc(name), ignoring=ignoring,
    )  # fmt: skip


def moment_of(connection: Connection, now: datetime) -> tuple[datetime, int | None]:
    """All that `slots` takes from the clock: while it is the same and nobody writes, the same times are offered.

    Notice, starts and days are of whole minutes; a hold of somebody who has not confirmed ends in any second.
    """
    minute = now.replace(second=0, microsecond=0)
    (hold,) = connection.execute(
        "SELECT min(hold_until) FROM booking_request WHERE status = 'unverified' AND hold_until > ?",
        (int(now.timestamp()),),
    ).fetchone()
    return minute if minute == now else minute + timedelta(minutes=1), hold


def _clamped(first: date, last: date) -> date:
    return min(last, first + min(timedelta(days=MOST_DAYS), date.max - first))
