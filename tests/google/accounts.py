"""Making accounts and calendars, by whatever way they come about."""

from __future__ import annotations

from tests.google.model import Calendar, ListEntry, Role, User
from tests.google.world import World

DEFAULT_REMINDERS = [{"method": "popup", "minutes": 10}]


def new_user(world: World, email: str, timezone: str, settings: dict[str, str]) -> User:
    """An account: its settings and its primary calendar, whose id is the e-mail address."""
    defaults = {"timezone": timezone, "weekStart": "1", "locale": "en", "format24HourTime": "true"}
    user = User(email, defaults | settings, name=email.partition("@")[0].title())
    world.users[email] = user
    new_calendar(world, user, email, email, timezone, primary=True)
    return user


def new_calendar(
    world: World,
    user: User,
    id_: str | None,
    summary: str,
    zone: str,
    *,
    primary: bool = False,
    client_id: str | None = None,
) -> Calendar:
    """A calendar that the user owns, in their list."""
    id_ = id_ or f"{world.new_id()}@group.calendar.google.com"
    stamp = world.clock.stamp()
    calendar = Calendar(
        id_,
        user.email,
        zone,
        summary,
        primary=primary,
        creator_client=client_id,
        created_us=world.clock.now_us,
        etag_us=stamp,
        updated_us=stamp,
    )
    world.calendars[id_] = calendar
    share(world, calendar, user.email, "owner")
    list_calendar(world, user, calendar)
    return calendar


def list_calendar(world: World, user: User, calendar: Calendar) -> ListEntry:
    """Put the calendar into the user's list, or back into it."""
    entry = user.entries.get(calendar.id) or ListEntry(calendar.id)
    entry.deleted = False
    entry.reminders = list(DEFAULT_REMINDERS) if calendar.primary else entry.reminders
    world.touch_entry(user, entry)
    return entry


def share(world: World, calendar: Calendar, email: str, role: Role) -> None:
    """Give a user (or `default`, everybody) a role; `none` takes it away. Their tokens become void."""
    rev = len(calendar.acl_changes) + 1
    calendar.acl_changes.append((rev, email))
    calendar.acl_etag_us[email] = world.clock.stamp()
    if role == "none":
        calendar.acl.pop(email, None)
    else:
        calendar.acl[email] = role
    world.access_changed(calendar, "*" if email == "default" else email)
    for user in world.users.values():
        entry = user.entries.get(calendar.id)
        if entry is None or email not in (user.email, "default"):
            continue
        entry.deleted = world.role(user.email, calendar) == "none"
        world.touch_entry(user, entry)


def drop_calendar(world: World, calendar: Calendar) -> None:
    """Delete a calendar: it is gone for everybody, and their lists say so."""
    calendar.deleted = True
    for user in world.users.values():
        entry = user.entries.get(calendar.id)
        if entry is not None and not entry.deleted:
            entry.deleted = True
            world.touch_entry(user, entry)
