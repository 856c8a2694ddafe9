"""Which operation a method and a path mean. Segments are decoded after the path was split at its slashes."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

API = "/calendar/v3"
_COLLECTION = {"GET": "list", "POST": "insert"}
_ITEM = {"GET": "get", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}
_FIXED = {
    ("GET", "/o/oauth2/v2/auth"): "oauth.auth",
    ("POST", "/token"): "oauth.token",
    ("POST", "/revoke"): "oauth.revoke",
    ("GET", "/revoke"): "oauth.revoke",
    ("GET", "/tokeninfo"): "oauth.tokeninfo",
    ("POST", "/tokeninfo"): "oauth.tokeninfo",
    ("POST", "/device/code"): "oauth.device",
    ("POST", "/batch/calendar/v3"): "batch",
    ("GET", "/__portal__"): "portal",
}


@lru_cache(maxsize=4096)
def route(method: str, path: str) -> tuple[str, tuple[str, ...]] | None:
    """The operation and the ids in the path, None for a path that is not served."""
    if (method, path) in _FIXED:
        return _FIXED[method, path], ()
    if path.startswith(API + "/"):
        path = path[len(API) :]
    parts = tuple(unquote(part) for part in path.split("/")[1:])
    if not all(parts):
        return None
    found = _route(method, parts)
    return None if found is None or found[0].endswith(".") else found  # nameless: not for this method


def _route(method: str, parts: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    item, collection = _ITEM.get(method, ""), _COLLECTION.get(method, "")
    match parts:
        case (*_, "watch") | ("channels", "stop") if method == "POST":
            return "watch", ()
        case ("calendars",) if method == "POST":
            return "calendars.insert", ()
        case ("calendars", calendar):
            return f"calendars.{item}", (calendar,)
        case ("calendars", calendar, "clear") if method == "POST":
            return "calendars.clear", (calendar,)
        case ("calendars", calendar, "events"):
            return f"events.{collection}", (calendar,)
        case ("calendars", calendar, "events", ("import" | "quickAdd") as name) if method == "POST":
            return f"events.{name}", (calendar,)
        case ("calendars", calendar, "events", event):
            return f"events.{item}", (calendar, event)
        case ("calendars", calendar, "events", event, "instances") if method == "GET":
            return "events.instances", (calendar, event)
        case ("calendars", calendar, "events", event, "move") if method == "POST":
            return "events.move", (calendar, event)
        case ("calendars", calendar, "acl"):
            return f"acl.{collection}", (calendar,)
        case ("calendars", calendar, "acl", rule):
            return f"acl.{item}", (calendar, rule)
        case ("users", "me", "calendarList"):
            return f"calendarList.{collection}", ()
        case ("users", "me", "calendarList", calendar):
            return f"calendarList.{item}", (calendar,)
        case ("users", "me", "settings") if method == "GET":
            return "settings.list", ()
        case ("users", "me", "settings", name) if method == "GET":
            return "settings.get", (name,)
        case ("colors",) if method == "GET":
            return "colors.get", ()
        case ("freeBusy",) if method == "POST":
            return "freebusy.query", ()
    return None


PAGING = {"maxResults", "pageToken"}
SENDING = {"sendNotifications", "sendUpdates"}
PARAMETERS = {
    "calendarList.list": PAGING | {"minAccessRole", "showDeleted", "showHidden", "syncToken"},
    "calendarList.insert": {"colorRgbFormat"},
    "calendarList.patch": {"colorRgbFormat"},
    "calendarList.update": {"colorRgbFormat"},
    "events.list": PAGING
    | {
        "alwaysIncludeEmail",
        "eventTypes",
        "iCalUID",
        "maxAttendees",
        "orderBy",
        "privateExtendedProperty",
        "q",
        "sharedExtendedProperty",
        "showDeleted",
        "showHiddenInvitations",
        "singleEvents",
        "syncToken",
        "timeMax",
        "timeMin",
        "timeZone",
        "updatedMin",
    },
    "events.get": {"alwaysIncludeEmail", "maxAttendees", "timeZone"},
    "events.instances": PAGING
    | {
        "alwaysIncludeEmail",
        "maxAttendees",
        "originalStart",
        "showDeleted",
        "timeMax",
        "timeMin",
        "timeZone",
    },
    "events.insert": SENDING
    | {"conferenceDataVersion", "maxAttendees", "supportsAttachments", "eventLabelVersion"},
    "events.import": {"conferenceDataVersion", "supportsAttachments", "eventLabelVersion"},
    "events.patch": SENDING
    | {
        "alwaysIncludeEmail",
        "conferenceDataVersion",
        "maxAttendees",
        "supportsAttachments",
        "eventLabelVersion",
    },
    "events.delete": SENDING,
    "events.quickAdd": SENDING | {"text"},
    "events.move": SENDING | {"destination"},
    "settings.list": PAGING | {"syncToken"},
    "acl.list": PAGING | {"showDeleted", "syncToken"},
    "acl.insert": {"sendNotifications"},
    "acl.patch": {"sendNotifications"},
    "acl.update": {"sendNotifications"},
}
PARAMETERS["events.update"] = PARAMETERS["events.patch"]
STANDARD = {
    "alt",
    "prettyPrint",
    "quotaUser",
    "key",
    "fields",
    "access_token",
    "callback",
    "oauth_token",
    "uploadType",
    "upload_protocol",
    "userIp",
    "$.xgafv",
}
