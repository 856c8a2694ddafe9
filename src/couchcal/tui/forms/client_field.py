"""The client of a form as text: what is suggested, and whom the text means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.tui.text import clean

NEW = "+ new client "
DIVIDER = ";"
"""Between the clients of one slot."""
_MOST = 8


class ClientRead(NamedTuple):
    """Whom a text means: a client, a name to add, or a problem; an empty text is none of them."""

    client: ClientRow | None = None
    new_name: str = ""
    problem: str = ""


def client_text(row: ClientRow, names: str = "full") -> str:
    """`Jane Doe · C-0001`; by `names` initials, the first name or the internal id alone."""
    name = clean(client_label(row.internal_id, row.called, row.last, names))
    return name if name == row.internal_id else f"{name} · {clean(row.internal_id)}"


def find_members(rows: Sequence[ClientRow], text: str, names: str = "full") -> list[str]:
    """`find_clients` for the last one of several, which `;` divides: `Jane Doe · C-0001; bo` (GRP-01)."""
    before, divider, last = text.rpartition(DIVIDER)
    found = find_clients(rows, last.strip(), names)
    taken = {part.strip() for part in before.split(DIVIDER)}
    return [f"{before}{divider} {one}" if divider else one for one in found if one not in taken]


def read_members(rows: Sequence[ClientRow], text: str, names: str = "full") -> list[ClientRead]:
    """Whom a text means that may name several clients, `;` between them; one that is empty counts for nobody."""
    return [read_client(rows, part, names) for part in text.split(DIVIDER) if part.strip()]


def find_clients(rows: Sequence[ClientRow], text: str, names: str = "full") -> list[str]:
    """Clients whose names or internal id begin with the words of `text`, then the offer to add one."""
    name = new_name(text)
    if name:
        return [f"{NEW}{name}"]
    found = [client_text(row, names) for row in rows if row.state != "archived" and _fits(row, text)]
    if text.strip() and not any(client_text(row, names) == text for row in rows):
        return [*found[:_MOST], f"{NEW}{as_name(text)}"]
    return found[:_MOST]


def read_client(rows: Sequence[ClientRow], text: str, names: str = "full") -> ClientRead:
    """The one client that `text` means: a suggestion taken, a name or an internal id that fits only one."""
    text = text.strip()
    if not text:
        return ClientRead()
    if name := new_name(text):
        return ClientRead(new_name=name)
    wanted = text.casefold()
    exact = [row for row in rows if wanted in (client_text(row, names).casefold(), row.internal_id.casefold())]
    named = [row for row in rows if clean(row.full_name).casefold() == wanted]
    found = exact or named or [row for row in rows if _fits(row, text)]
    if len(found) == 1:
        return ClientRead(found[0])
    return ClientRead(problem="choose one of the list" if found else "not on the list: add below")


def new_name(text: str) -> str:
    """The name in `+ new client Jane Smith`, empty if the text is something else."""
    lead, _, name = text.strip().partition(NEW.strip())
    return name.strip() if not lead and name.strip() else ""


def as_name(text: str) -> str:
    """Typed words as the name of somebody new: `Jane Doe` of `jane doe`. Where there is a capital, all stay."""
    name = " ".join(clean(text).split())
    return " ".join(word[:1].upper() + word[1:] for word in name.split()) if name == name.lower() else name


def _fits(row: ClientRow, text: str) -> bool:
    words = clean(text).casefold().split()
    names = f"{row.called} {row.first} {row.last} {row.internal_id}".casefold().replace("-", " ").split()
    whole = row.internal_id.casefold()
    return bool(words) and all(
        whole.startswith(word) or any(name.startswith(word) for name in names) for word in words
    )
