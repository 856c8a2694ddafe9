"""A list that is filled anew: the highlight stays on its row, or near it, and what is in sight stays so."""

from __future__ import annotations

import random

from textual.app import App, ComposeResult
from textual.widgets.option_list import Option

from couchcal.tui.forms.row_list import RowList, heading

ROOM = 8


class Shown(App[None]):
    """The list alone, eight lines of it."""

    def __init__(self) -> None:
        super().__init__()
        self.listing = RowList[int](lambda row: row, id="rows")

    def compose(self) -> ComposeResult:
        yield self.listing

    def on_mount(self) -> None:
        self.listing.styles.height = ROOM
        self.listing.styles.border = None


def lines(rows: list[int | None]) -> list[tuple[int | None, Option]]:
    return [(row, heading("above") if row is None else Option(f"row {row}")) for row in rows]


def in_sight(listing: RowList[int]) -> bool:
    top = round(listing.scroll_offset.y)
    return listing.highlighted is not None and top <= listing.highlighted < top + ROOM


def expected(before: list[int | None], row: int | None, at: int, after: list[int | None]) -> int | None:
    """Where the highlight belongs: naive."""
    places = [place for place, other in enumerate(after) if other is not None]
    if row is not None and row in after:
        return after.index(row)
    best: int | None = None
    for place in places:
        if best is None or abs(place - at) < abs(best - at):
            best = place
    return best


async def test_the_highlight_stays_on_its_row_or_near_it_whatever_comes_and_goes() -> None:
    chance = random.Random(20260321)  # noqa: S311  not for secrets
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        listing, rows = app.listing, list[int | None]()
        for _ in range(120):
            if listing.rows and chance.random() < 0.5:
                listing.highlighted = chance.randrange(len(rows))
            if listing.row is None:  # nobody can put it on a heading
                listing.highlighted = next((at for at, row in enumerate(rows) if row is not None), None)
            await pilot.pause()
            row, at = listing.row, listing.highlighted or 0
            after: list[int | None] = list(chance.sample(range(40), chance.randrange(30)))
            for _ in range(chance.randrange(3)):
                after.insert(chance.randrange(len(after) + 1), None)
            listing.put(lines(after))
            assert listing.highlighted == expected(rows, row, at, after)
            assert listing.highlighted is None or in_sight(listing)
            rows = after


async def test_what_is_in_sight_stays_so() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        listing = app.listing
        listing.put(lines(list(range(40))))
        listing.highlighted = 24
        await pilot.pause()
        top = listing.scroll_offset.y
        assert top
        listing.put(lines([*range(39), 50]))
        await pilot.pause()
        assert (listing.row, listing.scroll_offset.y) == (24, top)


async def test_a_row_that_was_added_gets_the_highlight_and_comes_into_sight() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        listing = app.listing
        listing.put(lines(list(range(40))))
        await pilot.pause()
        listing.put(lines(list(range(41))), to_new=True)
        await pilot.pause()
        assert listing.row == 40
        assert in_sight(listing)
        listing.put(lines(list(range(44))), to_new=True)  # three at once: none of them was the one
        assert listing.row == 40
        listing.begin(lines([None, 3, 4]))
        await pilot.pause()
        assert (listing.row, listing.scroll_offset.y) == (3, 0)


async def test_moving_passes_over_headings_and_stops_at_the_ends() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)):
        listing = app.listing
        listing.put(lines([None, 1, 2, None, 3]))
        for by, row in ((1, 2), (1, 3), (8, 3), (-1, 2), (-8, 1)):
            listing.move(by)
            assert listing.row == row
        listing.add(lines([4])[:1])  # type: ignore[arg-type]  # a row, no heading
        listing.move(8)
        assert listing.row == 4
