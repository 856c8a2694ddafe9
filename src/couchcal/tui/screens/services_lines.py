"""Services, modifiers, places and rooms as lines of a list."""

from __future__ import annotations

from textual.content import Content

from couchcal.practice.catalogue import Item, ModifierItem, PlaceItem, RoomItem, ServiceItem
from couchcal.practice.places_of_service import pos_words
from couchcal.tui.forms.money import format_cents
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import clean, pad

_CODE, _MINUTES, _RANGE, _FEE = 9, 8, 8, 9
_NAME, _POS = 24, 4
HEADINGS = {
    "service": f"{'Code':<{_CODE}}{'Length':<{_MINUTES}}{'Billed':<{_RANGE}}{'Fee':<{_FEE}}In our words",
    "modifier": f"{'Code':<{_CODE}}In our words",
    "place": f"{'Name':<{_NAME}}{'POS':<{_POS}}What the code stands for",
    "room": f"{'Name':<{_NAME}}In",
}


def line(item: Item) -> Content:
    """One of a list; what is retired is quiet and says so."""
    cells, tags = _cells(item)
    tags = tags if item.active else ("retired", *tags)
    style = "" if item.active else QUIET
    tag = f" [{', '.join(tags)}]" if tags else ""
    head, *rest = cells
    return Content.assemble((head, style or "bold"), *((cell, style) for cell in rest), (tag.rstrip(), QUIET))


def _cells(item: Item) -> tuple[list[str], tuple[str, ...]]:
    match item:
        case ServiceItem():
            tags = tuple(
                word
                for word, on in (
                    ("not billed", not item.billable),
                    ("group", item.group_service),
                    (f"with {_some(item.addon_of)}", bool(item.addon_of)),
                )
                if on
            )
            minutes = f"{item.typical_min} min" if item.typical_min else ""
            return [
                pad(clean(item.code), _CODE),
                pad(minutes, _MINUTES),
                pad(billed(item.billable_min, item.billable_max), _RANGE),
                pad(format_cents(item.fee_cents), _FEE),
                clean(item.label),
            ], tags
        case ModifierItem():
            return [pad(clean(item.code), _CODE), clean(item.label)], ()
        case PlaceItem():
            tags = ("default",) if item.is_default else ()
            words = pos_words(item.pos) or "not in our list"
            return [pad(clean(item.name), _NAME - 1) + " ", pad(clean(item.pos), _POS), words], tags
        case RoomItem():
            return [pad(clean(item.name), _NAME - 1) + " ", clean(item.place)], ()


def _some(codes: str) -> str:
    first, _, others = codes.partition(" ")
    return f"{first} …" if others else first


def billed(low: int | None, high: int | None) -> str:
    """`38-52`, `53+`, `to 37`; empty where there is no rule."""
    if low is None:
        return "" if high is None else f"to {high}"
    return f"{low}+" if high is None else f"{low}-{high}"
