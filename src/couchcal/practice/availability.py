"""Weekly hours: which blocks of a day can be booked, and for what. AVL-01 to AVL-07.

Reading needs no ORM. A change holds at once: nothing is computed ahead from these rows (AVL-06).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import TYPE_CHECKING, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid
from couchcal.store.connection import Connection, Database
from couchcal.store.vocabulary import VISIT_TYPES

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done
    from couchcal.store.journal import JournalSession
    from couchcal.store.records import AvailabilityBlock

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class BlockRow(NamedTuple):
    """A block of a weekday (0 is Monday), wall-clock `[start, end)`; an end of 00:00 is the next midnight.

    `event_types` (ids) and `visit_types` are what can be booked in it; empty allows all (AVL-07).
    """

    weekday: int
    start: time
    end: time
    event_types: frozenset[int] = frozenset()
    visit_types: frozenset[str] = frozenset()


def weekly(connection: Connection) -> list[BlockRow]:
    """Every block, by weekday and start."""
    rows = connection.execute(
        "SELECT weekday, start_time, end_time, event_types, visit_types FROM availability_block"
        " ORDER BY weekday, start_time"
    )
    return [
        BlockRow(weekday, time.fromisoformat(start), time.fromisoformat(end), numbers(types), words(visits))
        for weekday, start, end, types, visits in rows
    ]


def numbers(stored: str) -> frozenset[int]:
    """A stored list of ids."""
    return frozenset(map(int, stored.split()))


def words(stored: str) -> frozenset[str]:
    """A stored list of words."""
    return frozenset(stored.split())


def set_days(
    database: Database,
    days: Mapping[int, Sequence[BlockRow]],
    *,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Give weekdays other blocks in place of theirs, all in one undo step; an empty day is unavailable (AVL-03).

    The weekday of a block is that of the day it is given for.

    Raises:
        Invalid: no such weekday, a block that ends before it starts, two that overlap, more than 15 a day
            (AVL-04), or limits to event types or visit types that are not there.
    """
    from couchcal.practice.outcome import Done
    from couchcal.store.session import write_session

    wanted = {weekday: _checked(weekday, blocks) for weekday, blocks in sorted(days.items())}
    with write_session(database, "Changed the weekly hours", actor=actor, clock=clock) as session:
        _check_types(session, (block for blocks in wanted.values() for block in blocks))
        changed = [weekday for weekday, blocks in wanted.items() if _replace(session, weekday, blocks)]
        if not changed:
            return Done("Nothing changed", changed=0)
        label = _label(changed, wanted)
        session.relabel(label)
        return Done(label, changed=len(changed))


def copy_day(
    database: Database,
    weekday: int,
    targets: Sequence[int],
    *,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Give other weekdays the blocks of one, limits included, in one undo step (AVL-02).

    Raises:
        Invalid: no such weekday, or none to copy to.
    """
    from couchcal.practice.outcome import Done
    from couchcal.store.session import write_session

    others = sorted({_weekday(target) for target in targets} - {_weekday(weekday)})
    if not others:
        raise Invalid("there is no other day to copy to", "name the days that are to be alike", field="days")
    with write_session(database, "Copied the hours of a day", actor=actor, clock=clock) as session:
        blocks = sorted(_row(stored) for stored in _stored(session, weekday))
        changed = [other for other in others if _replace(session, other, blocks)]
        if not changed:
            return Done("Nothing changed", changed=0)
        label = f"Copied {WEEKDAYS[weekday]} to {_names(others)}"
        session.relabel(label)
        return Done(label, changed=len(changed))


def _checked(weekday: int, blocks: Sequence[BlockRow]) -> list[BlockRow]:
    from couchcal.scheduling.hours import check_hours

    day = _weekday(weekday)
    try:
        check_hours([(block.start, block.end) for block in blocks])
    except ValueError as problem:
        raise Invalid(f"{WEEKDAYS[day]}: {problem}", "change the hours", field="hours") from None
    for block in blocks:
        unknown = block.visit_types - set(VISIT_TYPES)
        if unknown:
            raise Invalid(
                f"there is no visit type '{min(unknown)}'", f"it is {' or '.join(VISIT_TYPES)}", field="visit_types"
            )
    return sorted(block._replace(weekday=day) for block in blocks)


def _weekday(number: int) -> int:
    if number not in range(7):
        raise Invalid(f"there is no weekday {number}", "Monday is 0, Sunday is 6", field="days")
    return number


def _check_types(session: JournalSession, blocks: Iterable[BlockRow]) -> None:
    """A block may name retired event types: they come back with their hours."""
    from sqlmodel import col, select

    from couchcal.store.records import EventType

    named = {number for block in blocks for number in block.event_types}
    known = set(session.exec(select(EventType.id).where(col(EventType.id).in_(named)))) if named else set()
    if named - known:
        raise Invalid("there is no such event type", "choose one of the list", field="event_types")


def _stored(session: JournalSession, weekday: int) -> list[AvailabilityBlock]:
    from sqlmodel import select

    from couchcal.store.records import AvailabilityBlock

    return list(session.exec(select(AvailabilityBlock).where(AvailabilityBlock.weekday == weekday)))


def _replace(session: JournalSession, weekday: int, blocks: Iterable[BlockRow]) -> bool:
    """Bring the blocks of a weekday in line; whether anything had to change. Blocks that stay are not touched.

    What goes is flushed first: the day never holds more blocks than it may, and neither does its undo, which
    runs the journal backwards.
    """
    from couchcal.store.records import AvailabilityBlock

    wanted = {block._replace(weekday=weekday) for block in blocks}
    kept = set()
    for stored in _stored(session, weekday):
        row = _row(stored)
        if row in wanted:
            kept.add(row)
        else:
            session.delete(stored)
    gone = bool(session.deleted)
    session.flush()
    for row in sorted(wanted - kept):
        session.add(
            AvailabilityBlock(
                weekday=weekday,
                start_time=row.start,
                end_time=row.end,
                event_types=" ".join(map(str, sorted(row.event_types))),
                visit_types=" ".join(sorted(row.visit_types)),
            )
        )
    session.flush()
    return gone or wanted != kept


def _row(stored: AvailabilityBlock) -> BlockRow:
    return BlockRow(
        stored.weekday, stored.start_time, stored.end_time, numbers(stored.event_types), words(stored.visit_types)
    )


def _label(changed: Sequence[int], wanted: Mapping[int, Sequence[BlockRow]]) -> str:
    from couchcal.scheduling.hours import CLOSED, hours_words

    hours = {hours_words((block.start, block.end) for block in wanted[weekday]) for weekday in changed}
    if len(hours) > 1:
        return f"Changed the hours of {_names(changed)}"
    (text,) = hours
    return f"{_names(changed)}: {text.lower() if text == CLOSED else text}"


def _names(weekdays: Sequence[int]) -> str:
    """`Monday`; `Mon, Tue and Wed`."""
    if len(weekdays) == 1:
        return WEEKDAYS[weekdays[0]]
    *most, last = (WEEKDAYS[weekday][:3] for weekday in weekdays)
    return f"{', '.join(most)} and {last}"
