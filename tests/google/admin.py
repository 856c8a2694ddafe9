"""The administrative control calls: time, users, sharing, tokens, whole resets (§ control)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.google import accounts, backup
from tests.google.event_body import merge, writable
from tests.google.model import ROLES, Calendar, EventRow, Json, Role, When
from tests.google.recurrence import split_base
from tests.google.row_making import blank, filled
from tests.google.times import parse_instant
from tests.google.world import START_OF_TIME_US

if TYPE_CHECKING:
    from tests.google.emulator import Emulator


def put_event(emulator: Emulator, calendar: Calendar, wire: Json) -> EventRow:
    """An event that was always there: any id, no checks of ids. Raises ApiError for times that cannot be."""
    world = emulator.world
    id_ = str(wire.get("id") or world.new_id())
    uid = str(wire.get("iCalUID") or f"{id_}@google.com")
    content = merge({}, writable(wire, world.config))
    row = filled(world, calendar, blank(calendar.owner, id_, uid), content)
    row = dataclasses.replace(row, family=split_base(id_))
    organizer = wire.get("organizer")
    if isinstance(organizer, dict):
        row = dataclasses.replace(row, organizer=str(organizer.get("email", "")))
    [row] = world.write(calendar, [row])
    return row


def _calendar(emulator: Emulator, body: Json) -> Calendar:
    return emulator.world.calendars[body["calendar"]]


def _instant_us(given: int | str) -> int:
    if isinstance(given, int):
        return given
    instant = parse_instant(given)
    if instant is None:
        raise ValueError(f"no instant: {given!r}")
    return instant * 1_000_000


def _reset(emulator: Emulator, body: Json) -> Json:
    clock_us = _instant_us(body["clock"]) if "clock" in body else START_OF_TIME_US
    emulator.clear(body.get("profile"), int(body.get("seed", emulator.seed)), body.get("config", {}), clock_us)
    for user in body.get("users", []):
        _user(emulator, user)
    made = [_new_calendar(emulator, given)["id"] for given in body.get("calendars", [])]
    for given in body.get("events", []):
        calendar = emulator.world.calendars[given["calendar"]]
        put_event(emulator, calendar, {name: value for name, value in given.items() if name != "calendar"})
    return {"seed": emulator.seed, "calendars": made}


def _user(emulator: Emulator, body: Json) -> Json:
    settings = {str(name): str(value) for name, value in body.get("settings", {}).items()}
    zone = body.get("timezone", "UTC")
    user = accounts.new_user(emulator.world, body["email"], zone, settings)
    return {"email": user.email}


def _new_calendar(emulator: Emulator, body: Json) -> Json:
    user = emulator.world.users[body["owner"]]
    zone = body.get("timeZone", user.settings["timezone"])
    summary = body.get("summary", "Calendar")
    client = body.get("client_id")
    calendar = accounts.new_calendar(
        emulator.world, user, body.get("id"), summary, zone, client_id=client if client is None else str(client)
    )
    for email, role in body.get("acl", {}).items():
        _share(emulator, {"calendar": calendar.id, "email": email, "role": role})
    return {"id": calendar.id}


def _grant(emulator: Emulator, body: Json) -> Json:
    keywords = {name: body[name] for name in ("client_id", "scopes") if name in body}
    refresh = emulator.grant(body["email"], **keywords)
    return {"refresh_token": refresh, "access_token": emulator.access_token(refresh)}


def _snapshot(emulator: Emulator, body: Json) -> Json:
    id_ = f"s{len(emulator.snapshots) + 1}"
    emulator.snapshots[id_] = backup.take(emulator.world)
    return {"id": id_}


def _restore(emulator: Emulator, body: Json) -> Json:
    backup.restore(emulator.world, emulator.snapshots[body["id"]])
    return {"id": body["id"]}


def _clock(emulator: Emulator, body: Json) -> Json:
    clock = emulator.world.clock
    if "set" in body:
        emulator.advance(_instant_us(body["set"]) - clock.now_us)
    emulator.advance(int(body.get("advance_s", 0) * 1_000_000))
    return {"now_us": clock.now_us, "now": clock.now().isoformat()}


def _role(given: str) -> Role:
    for role in ROLES:
        if role == given:
            return role
    raise ValueError(f"no role: {given!r}")


def _share(emulator: Emulator, body: Json) -> Json:
    """Give a role; a user who gets one sees the calendar in their list."""
    calendar, role = _calendar(emulator, body), _role(body["role"])
    accounts.share(emulator.world, calendar, body["email"], role)
    user = emulator.world.users.get(body["email"])
    if user is not None and role != "none":
        accounts.list_calendar(emulator.world, user, calendar)
    return {"role": role}


def _unshare(emulator: Emulator, body: Json) -> Json:
    return _share(emulator, {**body, "role": "none"})


def _delete_calendar(emulator: Emulator, body: Json) -> Json:
    accounts.drop_calendar(emulator.world, _calendar(emulator, body))
    return {}


def _rename_calendar(emulator: Emulator, body: Json) -> Json:
    calendar, world = _calendar(emulator, body), emulator.world
    calendar.summary = body["summary"]
    calendar.etag_us = calendar.updated_us = world.clock.stamp()
    for user in world.users.values():
        if calendar.id in user.entries:
            world.touch_entry(user, user.entries[calendar.id])
    return {"summary": calendar.summary}


def _hide(emulator: Emulator, body: Json) -> Json:
    calendar, world = _calendar(emulator, body), emulator.world
    user = world.users[body.get("email", calendar.owner)]
    entry = user.entries[calendar.id]
    entry.hidden = bool(body.get("hidden", True))
    world.touch_entry(user, entry)
    return {"hidden": entry.hidden}


def _expire_sync_tokens(emulator: Emulator, body: Json) -> Json:
    """The tokens of one calendar (else of all) and one user (else of everybody) are void; of lists too."""
    world, email = emulator.world, body.get("user", "*")
    for calendar in [_calendar(emulator, body)] if "calendar" in body else list(world.calendars.values()):
        world.access_changed(calendar, email)
    if "calendar" not in body:
        for user in world.users.values():
            if email in ("*", user.email):
                user.valid_from_us = world.clock.stamp()
    return {}


def _revoke_grant(emulator: Emulator, body: Json) -> Json:
    grants = [
        grant
        for grant in emulator.world.grants
        if body.get("email", grant.email) == grant.email
        and body.get("client_id", grant.client_id) == grant.client_id
        and body.get("refresh_token", grant.refresh_token) == grant.refresh_token
        and not grant.revoked
    ]
    for grant in grants:
        grant.revoked = True
    return {"revoked": len(grants)}


def _expire_access(emulator: Emulator, body: Json) -> Json:
    now = emulator.world.clock.now_us
    for token in emulator.world.access.values():
        if body.get("email", token.grant.email) == token.grant.email:
            token.expires_us = min(token.expires_us, now)
    return {}


def _set_testing(emulator: Emulator, body: Json) -> Json:
    emulator.config.change({"testing_mode": body.get("testing", True)})
    return {"testing": emulator.config.testing_mode}


def _disable_api(emulator: Emulator, body: Json) -> Json:
    emulator.api_disabled = bool(body.get("disabled", True))
    return {"disabled": emulator.api_disabled}


def _consent(emulator: Emulator, body: Json) -> Json:
    """`{"consent": "allow" | "deny" | "hang"}` or `{"consent": {"uncheck": [scopes]}}`."""
    consent = body["consent"]
    if isinstance(consent, dict):
        emulator.config.change({"consent": "uncheck", "consent_uncheck": consent["uncheck"]})
    else:
        emulator.config.change({"consent": consent})
    return {"consent": emulator.config.consent}


def _fill_calendar(emulator: Emulator, body: Json) -> Json:
    """`n` hours in a row, one a revision, so that a calendar has many events at once."""
    calendar, world = _calendar(emulator, body), emulator.world
    start = _instant_us(body["start"]) // 1_000_000 if "start" in body else world.clock.now_us // 1_000_000
    for number in range(int(body["n"])):
        id_ = world.new_id()
        begin = start + number * 3600
        row = dataclasses.replace(
            blank(calendar.owner, id_, f"{id_}@google.com"),
            start=When(instant=begin, zone=calendar.zone),
            end=When(instant=begin + 3600, zone=calendar.zone),
            fields={"summary": f"Event {number + 1}"},
        )
        world.write(calendar, [row])
    return {"events": len(calendar.events)}


def _access_client(emulator: Emulator, body: Json) -> Json:
    emulator.clients[body["client_id"]] = body["client_secret"]
    return {"clients": sorted(emulator.clients)}


CALLS: dict[str, Callable[[Emulator, Json], Json]] = {
    "reset": _reset,
    "users": _user,
    "calendars": _new_calendar,
    "clients": _access_client,
    "grant": _grant,
    "snapshot": _snapshot,
    "restore": _restore,
    "clock": _clock,
    "share": _share,
    "unshare": _unshare,
    "delete_calendar": _delete_calendar,
    "rename_calendar": _rename_calendar,
    "hide": _hide,
    "expire_sync_tokens": _expire_sync_tokens,
    "revoke_grant": _revoke_grant,
    "expire_access": _expire_access,
    "set_testing": _set_testing,
    "disable_api": _disable_api,
    "consent": _consent,
    "fill_calendar": _fill_calendar,
}
