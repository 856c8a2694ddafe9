"""Who may do what: scopes of each operation, reach of narrow scopes, roles on calendars (§ scopes of the API)."""

from __future__ import annotations

from tests.google.messages import not_found, owner_needed, scope_missing, writer_needed
from tests.google.model import ROLES, Calendar, Grant, Role, User
from tests.google.world import World

SCOPE_PREFIX = "https://www.googleapis.com/auth/"
APP_CREATED = "calendar.app.created"
_LIST_READ = "calendar calendar.calendarlist calendar.calendarlist.readonly calendar.readonly"
_EVENTS_READ = (
    "calendar calendar.readonly calendar.app.created calendar.events calendar.events.readonly "
    "calendar.events.owned calendar.events.owned.readonly calendar.events.freebusy calendar.events.public.readonly"
)
_EVENTS_WRITE = "calendar calendar.app.created calendar.events calendar.events.owned"
_CALENDAR_WRITE = "calendar calendar.app.created calendar.calendars"
_SETTINGS = "calendar calendar.readonly calendar.settings calendar.settings.readonly"
_LIST_WRITE = "calendar calendar.app.created calendar.calendarlist"
_ACL_READ = "calendar calendar.acls calendar.acls.readonly"
_ACL_WRITE = "calendar calendar.acls"
_BY_OPERATION = {
    "calendarList.list": _LIST_READ,
    "calendarList.get": f"{_LIST_READ} calendar.app.created",
    "calendarList.insert": "calendar calendar.calendarlist",
    "calendarList.patch": _LIST_WRITE,
    "calendarList.update": _LIST_WRITE,
    "calendarList.delete": _LIST_WRITE,
    "calendars.insert": "calendar calendar.app.created calendar.calendars",
    "calendars.get": (
        "calendar calendar.app.created calendar.calendars calendar.calendars.readonly calendar.readonly"
    ),
    "calendars.patch": _CALENDAR_WRITE,
    "calendars.update": _CALENDAR_WRITE,
    "calendars.delete": _CALENDAR_WRITE,
    "calendars.clear": "calendar calendar.calendars",
    "events.list": _EVENTS_READ,
    "events.get": _EVENTS_READ,
    "events.instances": _EVENTS_READ,
    "events.insert": _EVENTS_WRITE,
    "events.import": _EVENTS_WRITE,
    "events.patch": _EVENTS_WRITE,
    "events.update": _EVENTS_WRITE,
    "events.delete": _EVENTS_WRITE,
    "events.quickAdd": _EVENTS_WRITE,
    "events.move": "calendar calendar.events calendar.events.owned",
    "colors.get": (
        "calendar calendar.app.created calendar.calendarlist calendar.calendarlist.readonly "
        "calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly "
        "calendar.events.public.readonly calendar.readonly"
    ),
    "freebusy.query": "calendar calendar.events.freebusy calendar.freebusy calendar.readonly",
    "settings.get": _SETTINGS,
    "settings.list": _SETTINGS,
    "acl.list": _ACL_READ,
    "acl.get": _ACL_READ,
    "acl.insert": _ACL_WRITE,
    "acl.patch": _ACL_WRITE,
    "acl.update": _ACL_WRITE,
    "acl.delete": _ACL_WRITE,
}
SCOPES = {operation: frozenset(names.split()) for operation, names in _BY_OPERATION.items()}
KNOWN_SCOPES = frozenset().union(*SCOPES.values())


def short(scope: str) -> str:
    return scope.removeprefix(SCOPE_PREFIX)


def matching(operation: str, grant: Grant) -> frozenset[str]:
    """The granted scopes that open the operation. Raises 403 insufficientPermissions if none does."""
    found = SCOPES[operation].intersection(short(scope) for scope in grant.scopes)
    if not found:
        raise scope_missing()
    return found


def find_calendar(world: World, user: User, id_: str) -> Calendar:
    """The calendar of that id or alias. Raises 404 for one that is gone or not shared with the user."""
    calendar = world.calendars.get(user.email if id_ == "primary" else id_)
    if calendar is None or calendar.deleted or world.role(user.email, calendar) == "none":
        raise not_found()
    return calendar


def reach(world: World, user: User, grant: Grant, scopes: frozenset[str], calendar: Calendar) -> None:
    """Let a request through to a calendar if one of its matching scopes reaches there.

    `app.created` reaches what this client created (else 404, or 403 by toggle), `events.owned` what the user
    owns, `events.public.readonly` what everybody may read.
    """
    role = world.role(user.email, calendar)
    created_here = calendar.creator_client == grant.client_id
    for scope in scopes:
        if scope == APP_CREATED:
            reached = created_here
        elif scope.startswith("calendar.events.owned"):
            reached = role == "owner"
        elif scope == "calendar.events.public.readonly":
            reached = at_least(calendar.acl.get("default", "none"), "freeBusyReader")
        else:
            reached = True
        if reached:
            return
    if APP_CREATED in scopes and world.config.appcreated_foreign == "404":
        raise not_found()
    raise scope_missing()


def at_least(role: Role, least: Role) -> bool:
    return ROLES.index(role) >= ROLES.index(least)


def require_writer(role: Role) -> None:
    if not at_least(role, "writerWithoutPrivateAccess"):
        raise writer_needed()


def require_owner(role: Role) -> None:
    if role != "owner":
        raise owner_needed()
