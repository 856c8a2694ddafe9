"""What docs/reference/json.md says of each object: its fields, their types and meanings, and how one is made.

A type is one of `text`, `number`, `whole number`, `true or false`, `list`, `object`, or several with `or` between,
`null` last. The test compares them with what the commands print.
"""

from __future__ import annotations

from typing import NamedTuple

from couchcal.practice.event_type_values import AUDIENCES
from couchcal.store.vocabulary import (
    APPOINTMENT_KINDS,
    CANCELLATION_TYPES,
    CLIENT_STATES,
    ORIGINS,
    PORTAL_STATES,
    REQUEST_STATUSES,
    VISIT_MODES,
    VISIT_TYPES,
)


class Shape(NamedTuple):
    """An object: its heading, what prints it, what it is, its fields as `type: meaning`, the command lines that "
    "make
    examples of it, and where in their output it is (`[]` each of a list)."""

    title: str
    commands: str
    about: str
    fields: dict[str, str]
    made_by: tuple[str, ...]
    at: str = ""


def _of(*words: str) -> str:
    """The values that a field may have."""
    return ", ".join(f"`{word}`" for word in words)


_CLIENT_NAME = "text: as `--names` has it"

SHAPES = (
    Shape(
        "An entry of the calendar",
        "`agenda`, `find` (a list), `show`, `add`, `move`, `edit`, `cancel`, `restore`, `mark`, `repeat`, "
        "`request accept` (one)",
        "Sessions, contacts, other events, events of other calendars, requests and time off. Every field is "
        "always there. `delete` prints "
        "`null`. What else is to be said (overlaps, dates of a series that stayed) is on standard error.",
        {
            "id": "text or null: short and stable; `r` before it is a request, `t` time off, `x` an event of "
            "another calendar; null where "
            "nothing is stored yet (`add --dry-run`)",
            "uid": "text or null: the iCalendar UID, the same for all of a series",
            "kind": f"text: {_of(*APPOINTMENT_KINDS, 'external', 'request', 'time_off')}",
            "title": "text: the client as `--names` has it, or the title of an event",
            "client": "text or null: internal id",
            "service": "text or null: code",
            "modifiers": "list: codes",
            "location": "text or null: place, or the words of an event",
            "start": "text: instant with offset in the entry's zone, or `2026-03-02` for whole days",
            "end": "text: likewise; the end itself is outside, of whole days it is the day after the last",
            "all_day": "true or false: whole days",
            "time_zone": "text: IANA name; the one the entry was booked in",
            "status": f"text: {_of('scheduled', 'tentative', 'completed', 'cancelled')}; of Google's events also "
            "`declined`, of "
            "requests `pending`",
            "cancellation": "object or null: `type`, `reason`, `fee`; see below",
            "busy": "true or false: whether it takes up time",
            "conflict": "true or false: whether it overlaps another busy entry",
            "locked": "list: names of [locks](exit-codes.md#locks), the strongest first",
            "series": "text or null: id of its series",
            "repeats": "text or null: `weekly`, `2w`, `3w`, `4w`, `monthly`, or the rule of an imported event",
            "origin": f"text: where it came from: {_of(*ORIGINS)} (`ics` is an import)",
            "calendar": "text or null: the calendar it was imported into or comes from",
        },
        ("agenda --from -12w --to +12w --cancelled", "show 9e3779b1", "find otis"),
        "[]",
    ),
    Shape(
        "A cancellation",
        "in `cancellation` of an entry",
        "How and why it does not take place.",
        {
            "type": f"text: {_of(*CANCELLATION_TYPES)}",
            "reason": "text or null: in words",
            "fee": "number or null: what is owed for it, in whole units of money with decimals",
        },
        ("agenda --from -12w --to +12w --cancelled",),
        "[].cancellation",
    ),
    Shape(
        "A free time",
        "`free` (a list)",
        "The earliest first.",
        {"start": "text: instant with offset", "end": "text: likewise; start and the length that was asked for"},
        ("free",),
        "[]",
    ),
    Shape(
        "A client",
        "`client list` (a list), the other actions of `client` (one)",
        "Names, addresses, telephone numbers and notes are there with `--names full` alone; else they are null.",
        {
            "id": "text: internal id, `C-0001`",
            "name": _CLIENT_NAME,
            "first": "text or null: first name",
            "last": "text or null: last name",
            "preferred": "text or null: what they like to be called",
            "email": "text or null: address",
            "phone": "text or null: number",
            "time_zone": "text or null: their own, where it is not the practice's",
            "state": f"text: {_of(*CLIENT_STATES)}; `intake` is a new booking",
            "usual_service": "text or null: code",
            "usual_location": "text or null: place",
            "portal": f"text: {_of(*PORTAL_STATES)}",
            "self_scheduling": "text: `inherit` from the practice, `on`, `off`",
            "remind_email": "true or false: whether reminders may go by e-mail",
            "remind_text": "true or false: by text message",
            "remind_phone": "true or false: you want to be reminded to call",
            "unsubscribed": "text or null: when they ended reminders by e-mail",
            "last_session": "text or null: start",
            "next_session": "text or null: start",
            "notes_admin": "text or null: your notes on the record",
        },
        ("client list --names full", "client list", "client show C-0001"),
        "[]",
    ),
    Shape(
        "Two clients who may be one",
        "`client duplicates` (a list)",
        "Nothing is merged by itself.",
        {"client": "text: internal id", "like": "text: internal id of the other", "reasons": "list: in words"},
        ("client duplicates",),
        "[]",
    ),
    Shape(
        "A request",
        "`request list` (a list), `request decline` (one)",
        "",
        {
            "id": "text: `r` and eight digits",
            "status": f"text: {_of(*REQUEST_STATUSES)}",
            "start": "text: instant with offset",
            "end": "text: likewise",
            "time_zone": "text: of whoever asked",
            "client": "text or null: internal id, null while nobody's",
            "name": _CLIENT_NAME,
            "email": "text or null: with `--names full`",
            "phone": "text or null: with `--names full`",
            "event_type": "text or null: title of what was asked for",
            "service": "text or null: code",
            "visit_type": f"text or null: {_of(*VISIT_TYPES)}",
            "place": "text or null: where it would be",
            "message": "text or null: theirs, with `--names full`",
            "reply": "text or null: yours, with `--names full`",
            "asked": "text: instant",
            "decided": "text or null: instant",
            "moves_from": "text or null: start of the session that they want moved",
        },
        ("request list",),
        "[]",
    ),
    Shape(
        "Somebody on the waitlist",
        "`waitlist list` (a list), `waitlist add`, `waitlist remove` (one)",
        "",
        {
            "id": "text: `w` and eight digits",
            "client": "text: internal id",
            "name": _CLIENT_NAME,
            "since": "text: instant",
            "state": "text: `waiting`, `offered`, `booked`",
            "event_type": "text or null: title",
            "minutes": "whole number: length that is wanted",
            "days": "list: `mon` to `sun`; empty: any",
            "from": "text or null: time of day, from",
            "to": "text or null: time of day, until",
            "note": "text or null: with `--names full`",
        },
        ("waitlist list",),
        "[]",
    ),
    Shape(
        "The hours of a day",
        "`availability show`, `set`, `copy` (a list of seven)",
        "",
        {"day": "text: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`", "blocks": "list: objects with `start`, "
        "`end`, `event_types`, "
        "`visit_types`; empty lists limit nothing"},
        ("availability show",),
        "[]",
    ),
    Shape(
        "Time off",
        "`time-off list` (a list), `time-off add`, `time-off remove` (one)",
        "`add` has the entries it meets under `affected` as well.",
        {
            "id": "text: `t` and eight digits",
            "start": "text: instant with offset, or a day",
            "end": "text: likewise, itself outside",
            "all_day": "true or false: whole days",
            "time_zone": "text: IANA name",
        },
        ("time-off list",),
        "[]",
    ),
    Shape(
        "An event type",
        "`event-type list` (a list), the other actions of `event-type` (one)",
        "Null in the last five is what the practice has.",
        {
            "id": "whole number: of the event type",
            "title": "text: as clients read it",
            "minutes": "whole number: length",
            "visit_mode": f"text: {_of(*VISIT_MODES)}",
            "description": "text: as clients read it",
            "buffer_before": "whole number: minutes kept free before",
            "buffer_after": "whole number: minutes kept free after",
            "service": "text or null: code that is booked",
            "position": "whole number: in the list, from 0",
            "active": "true or false: whether it is offered",
            "audience": f"text: {_of(*AUDIENCES)}",
            "min_notice_min": "whole number or null: least minutes from booking to start",
            "window_days": "whole number or null: days ahead",
            "slot_step": "whole number or null: minutes between starts; 0 its own length",
            "max_per_day": "whole number or null: of client sessions",
            "confirm": "text or null: `instant`, `request`",
        },
        ("event-type list",),
        "[]",
    ),
    Shape(
        "A report",
        "`report`",
        "With the name of a table as an argument, that table alone is there.",
        {
            "from": "text: first day",
            "to": "text: the day after the last",
            "time_zone": "text: of the days",
            "hours": "list: by service: `service`, `label`, `sessions`, `hours`, `share` (0 to 1), `fees`",
            "utilisation": "list: by week: `week`, `booked_hours`, `available_hours`, `utilisation` (0 to 1, or "
            "null)",
            "cancellations": "list: by month and client: `month`, `client`, `name`, `late_cancels`, `no_shows`, "
            "`fees`",
            "weeks": "list: by week: `week`, `kept`, `upcoming`, `cancelled`",
        },
        ("report",),
    ),
    Shape(
        "A setting",
        "`settings`, `settings list` (a list), `settings get`, `settings set` (one)",
        "",
        {
            "key": "text: its name",
            "value": "text, number, true or false, or null: null where nothing is set and nothing holds by itself",
            "about": "text: what it is for",
            "allowed": "list or null: the values to choose from",
        },
        ("settings list",),
        "[]",
    ),
    Shape(
        "A service",
        "`service list` (a list), the other actions of `service` (one)",
        "What is retired for good answers `{\"removed\": CODE}`.",
        {
            "code": "text: such as `90834`",
            "label": "text: our words, or yours",
            "typical_min": "whole number: minutes",
            "billable_min": "whole number or null: from how many minutes the code fits",
            "billable_max": "whole number or null: until how many",
            "billable": "true or false: whether it is billed",
            "group_service": "true or false: for several clients at once",
            "addon_of": "list: codes it may be added to",
            "active": "true or false: not retired",
            "fee": "number or null: in whole units of money with decimals",
        },
        ("service list",),
        "[]",
    ),
    Shape(
        "A modifier",
        "`modifier list` (a list), the other actions of `modifier` (one)",
        "",
        {
            "code": "text: two letters or digits",
            "label": "text: in words",
            "code_set": "text: `CPT`, `HCPCS`",
            "active": "true or false: not retired",
        },
        ("modifier list",),
        "[]",
    ),
    Shape(
        "A place",
        "`place list` (a list), the other actions of `place` (one)",
        "",
        {
            "name": "text: of the place",
            "pos": "text: place of service code",
            "address": "text: as clients may see it",
            "is_default": "true or false: where sessions are unless it is said otherwise",
            "active": "true or false: not retired",
        },
        ("place list",),
        "[]",
    ),
    Shape(
        "A room",
        "`room list` (a list), the other actions of `room` (one)",
        "",
        {"place": "text: its place", "name": "text: of the room", "active": "true or false: not retired"},
        ("room list",),
        "[]",
    ),
    Shape(
        "An import",
        "`import`",
        "`errors` has a line on each file that could not be read at all.",
        {
            "file": "text: its path",
            "calendar": "text: what the entries went into",
            "read": "whole number: entries in the file",
            "added": "whole number: new ones",
            "updated": "whole number: known ones that changed",
            "unchanged": "whole number: known ones",
            "skipped": "list: objects with `line`, `uid`, `reason`",
            "notes": "list: objects on what was read with a guess",
            "other": "object: how many of what is no event, by name (`VTODO`)",
        },
        ("import calendar.ics --dry-run",),
        "files[]",
    ),
    Shape(
        "An undone change",
        "`undo`, `redo`",
        "",
        {
            "done": "text: `undid`, `redid`",
            "rows": "whole number: records that are as they were",
            "ids": "list: entries among them that are there now",
        },
        ("undo", "redo"),
    ),
    Shape(
        "A letter or reminder",
        "`mail list` (a list), `mail retry`, `mail dismiss` (one)",
        "",
        {
            "id": "text: `m` a letter, `w` a reminder",
            "kind": "text: as `mail preview` takes it",
            "to": "text: internal id, or `you`",
            "at": "text: when it is due, in UTC",
            "state": "text: `queued`, `sending`, `sent`, `failed`, `unknown`, `cancelled`, `dismissed`; of "
            "reminders "
            "`pending`, `skipped`, `missed` as well",
            "attempts": "whole number: tries so far",
            "error": "text or null: what the server said",
        },
        ("mail list",),
        "[]",
    ),
    Shape(
        "A letter as it would go out",
        "`mail preview`",
        "",
        {"kind": "text: which", "subject": "text: the same words for every client", "text": "text: the body"},
        ("mail preview reminder",),
    ),
    Shape(
        "A turn of the sync",
        "`sync`",
        "`sync --dry-run` prints what would be done instead.",
        {
            "status": "text: `ok`, `needs_auth`, `retry`, `paused`",
            "calendars": "list: objects with `id`, `name`, `pulled`, `pushed`, `deleted`, `requests`",
            "pending": "whole number: entries that wait to be sent",
            "blocked": "list: objects with `id`, `reason`: what Google does not take",
            "review": "list: objects with `id`, `kind`, `detail`: what waits for you",
            "last_ok": "text or null: instant in UTC",
            "next_try": "text or null: instant in UTC, when it did not get through",
        },
        ("--db connected.db sync",),
    ),
    Shape(
        "How the sync stands",
        "`sync status`",
        "",
        {
            "email": "text: the account",
            "state": "text: `ok`, `needs_auth`",
            "paused": "text or null: `user`, `mass_delete`, `calendar_lost`",
            "failures": "whole number: turns in a row that did not get through",
            "last_ok": "text or null: instant in UTC",
            "next_try": "text or null: instant in UTC",
            "last_error": "text or null: in words",
            "pending": "whole number: entries that wait to be sent",
            "blocked": "whole number: entries that Google does not take",
            "review": "whole number: decisions that wait",
            "doing": "text: what is done right now, or nothing",
            "done": "whole number: how far that is",
            "of": "whole number: of how many, 0 where that is not known",
            "calendar": "text: what is written to",
            "calendar_state": "text: nothing, `creating`, `lost`",
            "one_way": "true or false: whether nothing is read back",
            "connected": "true or false: signed in",
            "worker": "true or false: whether a process does the work now",
        },
        ("--db connected.db sync status",),
    ),
    Shape(
        "A line of the sync's log",
        "`sync log` (a list)",
        "",
        {"at": "text: instant in UTC", "level": "text: `info`, `warning`", "text": "text: in words, no "
        "names"},
        ("--db connected.db sync log",),
        "[]",
    ),
    Shape(
        "A calendar of the account",
        "`google calendars` (a list), `google enable`, `google disable` (one)",
        "`google connect` prints `account` and this as `calendar`.",
        {
            "id": "text: Google's",
            "name": "text: its name",
            "access": "text: Google's role: `owner`, `writer`, `reader`, `freeBusyReader`",
            "primary": "true or false: the account's own",
            "role": "text: `target` is written to, `inbound` can be read",
            "enabled": "true or false: whether it is shown here",
            "selectable": "true or false: whether it can be",
            "reason": "text or null: why not",
            "state": "text: empty, `creating`, `lost`",
            "time_zone": "text or null: IANA name",
        },
        ("--db connected.db google calendars",),
        "[]",
    ),
    Shape(
        "Where the key is",
        "`key show`",
        "The other actions of `key` answer `{\"done\": …, \"database\": …}`, `key recovery` `{\"recovery_code\": "
        "…}`.",
        {
            "database": "text: its path",
            "encrypted": "true or false: whether it is",
            "place": "text: `none`, `keyring`, `passphrase`, `file` that the environment names, or `elsewhere`, "
            "in one that "
            "it does not name",
            "passphrase": "true or false: whether one opens it",
            "recovery_code": "true or false: whether there is one",
        },
        ("key show",),
    ),
    Shape(
        "A new practice",
        "`init`",
        "",
        {"database": "text: its path", "encrypted": "true or false: whether it is", "time_zone": "text: of the "
        "practice"},
        ("--db new.db init --no-encryption --yes",),
    ),
    Shape(
        "A check of the doctor",
        "`doctor` (a list)",
        "The exit code is 1 where a check fails.",
        {
            "check": "text: what was looked at",
            "state": "text: `ok`, `warn`, `fail`",
            "detail": "text: what was found",
            "fix": "text or null: what to do",
        },
        ("doctor google",),
        "[]",
    ),
    Shape(
        "A backup",
        "`backup`",
        "`backup --list` prints a list of `file` and `made_at`; `restore-backup` prints `file` and `aside`, where "
        "the replaced data is.",
        {
            "file": "text: its path",
            "bytes": "whole number: its size",
            "copy": "text or null: the second place, `backup.copy_to`",
        },
        ("backup",),
    ),
    Shape(
        "An entry of the audit trail",
        "`audit` (a list)",
        "",
        {
            "id": "whole number: in the chain",
            "at": "text: instant with offset",
            "actor": "text: `user`, `client` and `:` and a number, `google`, `worker`, `import`, `setup`; in the "
            "demonstration `demo`",
            "action": "text: such as `create`, `update`, `delete`, `view`, `export`",
            "entity": "text or null: the kind of record",
            "entity_id": "text or null: which, or `1-28` for many",
            "record": "text or null: the same for people",
            "fields": "list: names of what changed, never values",
            "hash": "text: SHA-256 of this entry and the one before",
        },
        ("audit",),
        "[]",
    ),
    Shape(
        "The check of the audit trail",
        "`audit verify`",
        "The exit code is 1 where it is broken.",
        {
            "intact": "true or false: whether the chain is whole",
            "entries": "whole number: how many",
            "pruned": "whole number: older ones that were removed by `audit prune`",
            "first_bad": "whole number or null: where it breaks",
            "reason": "text or null: how",
            "anchor": "whole number or null: entries that the file beside the database knows of",
        },
        ("audit verify",),
    ),
    Shape(
        "A client who is forgotten",
        "`forget`",
        "",
        {
            "client": "text: the internal id that was",
            "anonymous": "whole number: past sessions that stay as nobody's",
            "removed": "whole number: records that are gone",
        },
        ("forget C-0005 --now --confirm C-0005",),
    ),
)  # fmt: skip
"""Every object, in the order of the page; commands run in this order, too."""
