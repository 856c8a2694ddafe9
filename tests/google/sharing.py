"""acl.*: the rules by which calendars are shared (§ calendars)."""

from __future__ import annotations

from tests.google.access import require_owner
from tests.google.accounts import list_calendar, share
from tests.google.context import Context, Reply
from tests.google.messages import ApiError, invalid, not_found, required
from tests.google.model import ROLES, Calendar, Json, Role
from tests.google.small_lists import SmallList, page_of


def rule_id(key: str) -> str:
    """A rule's id: a user's key is the bare address, others carry their type."""
    return key if key == "default" or key.startswith(("group:", "domain:")) else f"user:{key}"


def shown(calendar: Calendar, key: str) -> Json:
    id_ = rule_id(key)
    kind, _, value = id_.partition(":")
    scope = {"type": kind} | ({"value": value} if value else {})
    etag = f'"a{2 * calendar.acl_etag_us.get(key, 0)}"'
    return {
        "kind": "calendar#aclRule",
        "etag": etag,
        "id": id_,
        "scope": scope,
        "role": calendar.acl.get(key, "none"),
    }


def opened(context: Context) -> Calendar:
    calendar = context.calendar()
    require_owner(context.role(calendar))
    return calendar


def found(context: Context, calendar: Calendar) -> str:
    """The key of the rule the path names. Raises 404."""
    id_ = context.ids[1]
    key = id_.removeprefix("user:")
    if key not in calendar.acl or rule_id(key) != id_:
        raise not_found()
    return key


def list_rules(context: Context) -> Reply:
    calendar = opened(context)
    deleted = context.query.flag("showDeleted")
    if "syncToken" in context.query and "showDeleted" in context.query and not deleted:
        raise invalid("Sync token cannot be used with showDeleted=false.", ("parameter", "syncToken"))
    changes = calendar.acl_changes

    def whole() -> list[str]:
        gone = [key for key in calendar.acl_etag_us if key not in calendar.acl] if deleted else []
        return [*calendar.acl, *gone]

    def since(rev: int) -> list[str]:
        return list(dict.fromkeys(key for _, key in changes[rev:]))

    small = SmallList(f"acl {calendar.id}", len(changes), 0, whole, since)
    keys, envelope = page_of(context, small, 250, {"showDeleted"})
    items = [shown(calendar, key) for key in keys]
    return Reply({"kind": "calendar#acl", "etag": f'"p{len(changes)}"', "items": items} | envelope)


def get(context: Context) -> Reply:
    calendar = opened(context)
    rule = shown(calendar, found(context, calendar))
    if context.unmodified(rule["etag"]):
        return Reply(None, 304, rule["etag"])
    return Reply(rule, etag=rule["etag"])


def role_of(body: Json) -> Role:
    role = body.get("role")
    if role is None:
        raise required("Missing role.")
    for known in ROLES:
        if known == role:
            return known
    raise invalid("Invalid role.")


def insert(context: Context) -> Reply:
    calendar = opened(context)
    body = context.body()
    scope = body.get("scope")
    if not isinstance(scope, dict) or not isinstance(scope.get("type"), str):
        raise required("Missing scope.")
    kind, value = scope["type"], scope.get("value")
    if kind not in ("default", "user", "group", "domain") or (kind != "default" and not isinstance(value, str)):
        raise invalid("Invalid scope value.")
    key = kind if kind == "default" else str(value) if kind == "user" else f"{kind}:{value}"
    return grant(context, calendar, key, role_of(body))


def grant(context: Context, calendar: Calendar, key: str, role: Role) -> Reply:
    if key == calendar.owner and role != "owner":
        raise ApiError(403, "cannotChangeOwnerAcl", "Cannot change the data owner's rule.", domain="calendar")
    share(context.world, calendar, key, role)
    user = context.world.users.get(key)
    if user is not None and role != "none":
        list_calendar(context.world, user, calendar)
    rule = shown(calendar, key)
    return Reply(rule, etag=rule["etag"])


def change(context: Context) -> Reply:
    calendar = opened(context)
    key = found(context, calendar)
    context.check_if_match(shown(calendar, key)["etag"])
    body = context.body()
    role = role_of(body) if "role" in body or context.operation == "acl.update" else calendar.acl[key]
    if role == calendar.acl[key]:
        return Reply(shown(calendar, key), etag=shown(calendar, key)["etag"])
    return grant(context, calendar, key, role)


def delete(context: Context) -> Reply:
    calendar = opened(context)
    key = found(context, calendar)
    context.check_if_match(shown(calendar, key)["etag"])
    grant(context, calendar, key, "none")
    return Reply(None, 204)


HANDLERS = {
    "acl.list": list_rules,
    "acl.get": get,
    "acl.insert": insert,
    "acl.patch": change,
    "acl.update": change,
    "acl.delete": delete,
}
