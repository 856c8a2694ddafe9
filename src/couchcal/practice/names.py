"""How a client is called where, by the identifier mode (SYNC-03): id, initials, first or full name."""

from __future__ import annotations

from couchcal.practice.agenda import Entry


def client_label(internal_id: str, first: str, last: str, mode: str) -> str:
    """The client in the words of `mode`; an empty name falls back to the internal id."""
    if mode == "full":
        return f"{first} {last}".strip() or internal_id
    if mode == "first":
        return first or internal_id
    if mode == "initials":
        return "".join(f"{part[0].upper()}." for part in (first, last) if part) or internal_id
    return internal_id


def short_name(internal_id: str, first: str, last: str) -> str:
    """`Jane D.`, for blocks of the grid."""
    if not first:
        return last or internal_id
    return f"{first} {last[0]}." if last else first


def entry_title(entry: Entry, mode: str) -> str:
    """What an entry is called: the client by `mode`, else its own title."""
    if entry.internal_id is not None:
        return client_label(entry.internal_id, entry.first, entry.last, mode)
    return entry.title or {"time_off": "Time off", "request": "Request"}.get(entry.kind, "Untitled")
