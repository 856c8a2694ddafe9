"""Services, modifiers, places and rooms as lines of a list."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from couchcal.practice.catalogue import Item, Kind, ModifierItem, PlaceItem, RoomItem, ServiceItem
from couchcal.practice.places_of_service import pos_words
from couchcal.tui.forms.money import format_cents
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import clean, fit, pad

_HEADINGS: dict[Kind, tuple[str, ...]] = {
    "service": ("Code", "Length", "Billed", "Fee", "In our words"),
    "modifier": ("Code", "In our words"),
    "place": ("Name", "POS", "What the code stands for"),
    "room": ("Name", "In"),
}
_MOST_CELLS, _GAP_CELLS = 40, 2
"""Of a column and behind it; the last one takes what is left."""


def lines(kind: Kind, items: Sequence[Item]) -> tuple[Content, list[Content]]:
    """The headings and the items below them; what is retired is quiet and says so.

    A column is as wide as it needs to be, and is left out where nothing stands in it.
    """
    rows = [_cells(item) for item in items]
    shown = [_HEADINGS[kind], *(row for row, _ in rows)]
    widths = [
        min(max(map(cell_len, column)), _MOST_CELLS) + _GAP_CELLS if any(column[1:]) or not rows else 0
        for column in list(zip(*shown, strict=True))[:-1]
    ]
    headings = Content.styled("".join(_padded(_HEADINGS[kind], widths)), QUIET)
    return headings, [
        _line(item, _padded(row, widths), tags) for item, (row, tags) in zip(items, rows, strict=True)
    ]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    *cells, last = row
    fitted = (pad(fit(cell, width - _GAP_CELLS), width) for cell, width in zip(cells, widths, strict=True) if width)
    return [*fitted, last]


def _line(item: Item, cells: Sequence[str], tags: tuple[str, ...]) -> Content:
    tags = tags if item.active else ("retired", *tags)
    style = "" if item.active else QUIET
    tag = f" [{', '.join(tags)}]" if tags else ""
    head, *rest = cells
    return Content.assemble((head, style or "bold"), *((cell, style) for cell in rest), (tag, QUIET))


def _cells(item: Item) -> tuple[tuple[str, ...], tuple[str, ...]]:
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
            return (
                clean(item.code),
                minutes,
                billed(item.billable_min, item.billable_max),
                format_cents(item.fee_cents),
                clean(item.label),
            ), tags
        case ModifierItem():
            return (clean(item.code), clean(item.label)), ()
        case PlaceItem():
            tags = ("default",) if item.is_default else ()
            words = pos_words(item.pos) or "not in our list"
            return (clean(item.name), clean(item.pos), words), tags
        case RoomItem():
            return (clean(item.name), clean(item.place)), ()


def _some(codes: str) -> str:
    first, _, others = codes.partition(" ")
    return f"{first} …" if others else first


def billed(low: int | None, high: int | None) -> str:
    """`38-52`, `53+`, `to 37`; empty where there is no rule."""
    if low is None:
        return "" if high is None else f"to {high}"
    return f"{low}+" if high is None else f"{low}-{high}"
