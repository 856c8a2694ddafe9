"""Random commands at random times on a real database, with what must always hold after each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from couchcal.errors import CouchcalError
from couchcal.practice import agenda, appointments, client_changes, marks, series, undo
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.outcome import Done
from couchcal.store.journal import bookkeeping
from couchcal.store.vocabulary import MARKS as MARK_NAMES
from tests.support.database import Rows
from tests.support.practice import make_practice

TABLES = ("appointment", "appointment_modifier", "cancellation", "series", "series_exdate", "outbox_email")
ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HORIZON_COLUMNS = ("materialised_from", "materialised_to")
DAYS = st.integers(-9, 40)
TIMES = st.sampled_from([time(9), time(9, 30), time(9, 50), time(0, 10), time(1, 30), time(2, 30), time(23, 30)])
SHIFTS = st.sampled_from([timedelta(minutes=m) for m in (15, -45, 60, 1440, -1440, 10080, -10080, 4440, 2880)])
REPEATS = st.one_of(
    st.none(),
    st.sampled_from([Repeat("weekly"), Repeat("weekly", 2), Repeat("weekly", 3), Repeat("monthly")]),
)
PICK = st.integers(0, 10_000)
SCOPES = st.sampled_from(["this", "future"])
MARKS = st.sampled_from(MARK_NAMES)
FIELDS = st.sampled_from(
    [
        {"instructions": "Bring the form"},
        {"instructions": "Side door"},
        {"location_id": 1},
        {"location_id": 2},
        {"location_id": 3},
        {"modifiers": ["HO"]},
        {"modifiers": ["-95"]},
        {"service": "90837"},
        {"tz": "Europe/Berlin"},
    ]
)
NOTE_FIELDS = {"instructions"}
TIME_FIELDS = {"start", "end", "tz"}
REFUSES = {  # the lock matrix, written down again
    "note": {"details", "delete"},
    "billing": {"details", "delete"},
    "claim": {"time", "details", "notes", "cancel", "restore", "delete"},
    "cancelled": {"time", "details", "notes", "cancel"},
}


def instant(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def locks(row: dict[str, Any]) -> set[str]:
    found = set()
    if row["note_signed_at"] is not None:
        found.add("note")
    if row["billing_status"] != "none":
        found.add("billing")
    if row["claim_status"] in ("submitted", "processed"):
        found.add("claim")
    if row["status"] == "cancelled":
        found.add("cancelled")
    return found


def refused(row: dict[str, Any], *actions: str) -> bool:
    return any(action in REFUSES[lock] for lock in locks(row) for action in actions)


def worked_on(row: dict[str, Any]) -> bool:
    return bool(locks(row))


class Practice(RuleBasedStateMachine):
    """One practitioner at the keyboard, a worker beside, and a clock that moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="couchcal-machine-"))
        self.past: list[tuple[dict[str, Rows], int]] = []
        self.future: list[tuple[dict[str, Rows], int]] = []
        self.extensions = 0
        self.worker_rows: set[int] = set()
        self.sequences: dict[str, tuple[int, Any]] = {}

    @initialize(zone=st.sampled_from(ZONES), start=st.sampled_from([date(2026, 2, 20), date(2026, 10, 9)]))
    def open(self, zone: str, start: date) -> None:
        self.zone, self.tz = zone, ZoneInfo(zone)
        self.now = datetime.combine(start, time(12), tzinfo=UTC)
        self.database = make_practice(self.folder, tz=zone, keeps=True)
        self.clients = [
            client_changes.add(self.database, name, actor="setup").id for name in ("Ann Sample", "Bob Test")
        ]
        self.connection = self.database.connect()
        self.before = self.dump()

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.check_conflicts()
            self.connection.close()
            self.database.dispose()
        shutil.rmtree(self.folder)

    def clock(self) -> datetime:
        return self.now

    def dump(self) -> dict[str, Rows]:
        return {table: self.rows(table) for table in TABLES}

    def rows(self, table: str) -> Rows:
        cursor = self.connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        position = names.index("id")
        return {row[position]: dict(zip(names, row, strict=True)) for row in cursor}

    # Commands

    @rule(
        days=DAYS, at=TIMES, minutes=st.sampled_from([20, 50, 90, 1500]), repeat=REPEATS, who=st.integers(0, 2),
        until=st.one_of(st.none(), st.integers(0, 90)), place=st.sampled_from([None, 1, 2, 3]),
        modifiers=st.sampled_from([None, [], ["HO"], ["95"], ["-95", "GT"]]), group=st.sampled_from([None, "g"]),
        all_day=st.booleans(),
    )  # fmt: skip
    def book(
        self, days: int, at: time, minutes: int, repeat: Repeat | None, who: int, until: int | None,
        place: int | None, modifiers: list[str] | None, group: str | None, all_day: bool,
    ) -> None:  # fmt: skip
        day = self.now.date() + timedelta(days=days)
        start = datetime.combine(day, at, tzinfo=self.tz).astimezone(UTC)
        if repeat is not None and until is not None:
            repeat = repeat._replace(until=day + timedelta(days=until))
        if who < 2:
            draft = Draft(
                "client_session", start, start + timedelta(minutes=minutes), self.zone, client_id=self.clients[who],
                service="90834", location_id=place, modifiers=modifiers, group_key=group,
            )  # fmt: skip
        else:
            draft = Draft("other_event", start, start + timedelta(minutes=minutes), self.zone, title="Meeting")
            if all_day:
                draft.all_day = True
                draft.start = datetime.combine(day, time(), tzinfo=UTC)
                draft.end = draft.start + timedelta(days=1 + minutes // 60 // 12)
        done = self.user(lambda: appointments.book(self.database, draft, repeat=repeat, clock=self.clock))
        assert done is not None  # REC-11, INV-S8: overlaps never block
        assert done.changed == len(self.after["appointment"]) - len(self.before["appointment"])
        assert self.unchanged(self.before["appointment"])
        self.check_horizon(set(self.after["series"]) - set(self.before["series"]))

    @rule(pick=PICK, changes=FIELDS, scope=SCOPES)
    def edit(self, pick: int, changes: dict[str, Any], scope: Any) -> None:
        row = self.choose(pick)
        if row is None or (row["kind"] == "other_event" and set(changes) & {"location_id", "modifiers", "service"}):
            return
        action = "notes" if set(changes) & NOTE_FIELDS else "time" if set(changes) & TIME_FIELDS else "details"
        self.change(row, action, scope, lambda: appointments.edit(
            self.database, row["id"], changes, scope=scope, clock=self.clock
        ))  # fmt: skip

    @rule(pick=PICK, shift=SHIFTS, longer=st.sampled_from([0, 0, 10]), scope=SCOPES)
    def move(self, pick: int, shift: timedelta, longer: int, scope: Any) -> None:
        row = self.choose(pick)
        if row is None:
            return
        if row["all_day"]:
            shift, longer = timedelta(days=shift.days), 0
        start = instant(row["start_utc"]) + shift
        end = instant(row["end_utc"]) + shift + timedelta(minutes=longer)
        self.change(row, "time", scope, lambda: appointments.reschedule(
            self.database, row["id"], start, end, scope=scope, clock=self.clock
        ))  # fmt: skip

    def change(self, row: dict[str, Any], action: str, scope: str, command: Callable[[], Done]) -> None:
        done = self.user(command)
        before, after = self.before["appointment"], self.after["appointment"]
        if done is not None and not done.changed:
            assert before == after  # an edit to what is there already needs no permission
            return
        if scope == "this" or row["series_id"] is None:
            assert (done is None) == refused(row, action)  # INV-L1
            assert {i for i in before if before[i] != after[i]} == ({row["id"]} if done and done.changed else set())
            assert set(after) == set(before)  # INV-S4
            return
        if done is None:
            assert refused(row, action) or worked_on(row) or row["start_utc"] < self.seconds()
            return
        assert not refused(row, action)
        dropped = set(before) - set(after)  # rows of a far window that nobody touched
        assert all(i in self.worker_rows and not before[i]["sequence"] for i in dropped)
        before = {i: old for i, old in before.items() if i not in dropped}
        changed = {i for i in before if before[i] != after[i]}
        assert done.changed == len(changed)
        for row_id in before:
            old, new = before[row_id], after[row_id]
            assert old["uid"] == new["uid"]  # INV-S5
            if old["start_utc"] < self.seconds() or worked_on(old) or old["series_id"] != row["series_id"]:
                assert old == new  # INV-S2, INV-S5
            if row_id in changed and "time" in old["overridden"].split() and row_id != row["id"]:
                assert (old["start_utc"], old["end_utc"]) == (new["start_utc"], new["end_utc"])
        assert {kept.appointment_id for kept in done.kept} == {
            i for i, old in before.items()
            if old["series_id"] == row["series_id"] and worked_on(old) and old["start_utc"] >= self.seconds()
            and old["series_key"] >= row["series_key"]
        }  # fmt: skip

    @rule(pick=PICK, type=st.sampled_from(["late_cancel", "no_show", "other"]))
    def cancel(self, pick: int, type: str) -> None:
        row = self.choose(pick)
        if row is not None:
            done = self.user(lambda: appointments.cancel(self.database, row["id"], type, clock=self.clock))
            assert (done is None) == refused(row, "cancel")
            assert self.unchanged(self.before["appointment"], besides={row["id"]})  # REC-12

    @rule(pick=PICK)
    def restore(self, pick: int) -> None:
        row = self.choose(pick, cancelled=True)
        if row is not None:
            done = self.user(lambda: appointments.restore(self.database, row["id"], clock=self.clock))
            assert (done is None) == (row["status"] != "cancelled" or refused(row, "restore"))
            assert self.unchanged(self.before["appointment"], besides={row["id"]})

    @rule(pick=PICK, what=MARKS)
    def mark(self, pick: int, what: str) -> None:
        row = self.choose(pick)
        if row is not None:
            self.user(lambda: marks.mark(self.database, row["id"], what, clock=self.clock))
            assert self.unchanged(self.before["appointment"], besides={row["id"]})

    @rule(pick=PICK, scope=SCOPES)
    def delete(self, pick: int, scope: Any) -> None:
        row = self.choose(pick)
        if row is None:
            return
        done = self.user(lambda: appointments.delete(self.database, row["id"], scope=scope, clock=self.clock))
        before, after = self.before["appointment"], self.after["appointment"]
        if done is not None and not done.changed:
            assert before == after  # an edit to what is there already needs no permission
            return
        if scope == "this" or row["series_id"] is None:
            assert (done is None) == refused(row, "delete")
            assert set(before) - set(after) == (set() if done is None else {row["id"]})
            assert self.unchanged(before, besides={row["id"]})
            return
        assert (done is None) == (row["start_utc"] < self.seconds())
        if done is not None:
            swept = {
                i for i, old in before.items()
                if old["series_id"] == row["series_id"] and not worked_on(old)
                and old["start_utc"] >= self.seconds() and old["series_key"] >= row["series_key"]
            }  # fmt: skip
            assert set(before) - set(after) == swept
            assert self.unchanged(before, besides=swept)

    @rule(pick=PICK)
    def stop(self, pick: int) -> None:
        row = self.choose(pick)
        if row is None:
            return
        done = self.user(lambda: series.stop_repeating(self.database, row["id"], clock=self.clock))
        assert (done is None) == (row["series_id"] is None)
        before, after = self.before["appointment"], self.after["appointment"]
        if done is not None:
            swept = {
                i for i, old in before.items()
                if old["series_id"] == row["series_id"] and not worked_on(old)
                and old["start_utc"] >= self.seconds()
            }  # fmt: skip
            assert set(before) - set(after) == swept
            assert self.unchanged(before, besides=swept)  # INV-S7

    @rule(pick=PICK, repeat=st.sampled_from([Repeat("weekly"), Repeat("weekly", 2)]))
    def start(self, pick: int, repeat: Repeat) -> None:
        row = self.choose(pick)
        if row is not None:
            done = self.user(lambda: series.start_repeating(self.database, row["id"], repeat, clock=self.clock))
            assert (done is None) == (row["series_id"] is not None or row["status"] == "cancelled")
            assert self.unchanged(self.before["appointment"], besides={row["id"]})

    @rule(weeks=st.integers(1, 30))
    def extend(self, weeks: int) -> None:
        until = self.now + timedelta(weeks=weeks)
        made = series.extend_all(self.database, self.now, until, clock=self.clock)
        after = self.dump()
        self.after = after
        fresh = set(after["appointment"]) - set(self.before["appointment"])
        assert made == len(fresh)
        assert self.unchanged(self.before["appointment"])  # INV-S3
        assert agenda.horizon_reached(self.connection, self.now, until)
        assert series.extend_all(self.database, self.now, until, clock=self.clock) == 0
        self.worker_rows |= fresh
        self.extensions += 1
        self.check_horizon(set(after["series"]))

    @rule(years=st.integers(3, 9))
    def look_far_ahead(self, years: int) -> None:
        start = self.now + timedelta(days=365 * years)
        made = series.extend_all(self.database, start, start + timedelta(weeks=6), clock=self.clock)
        self.after = self.dump()
        fresh = set(self.after["appointment"]) - set(self.before["appointment"])
        assert made == len(fresh)
        assert self.unchanged(self.before["appointment"])
        assert series.extend_all(self.database, start, start + timedelta(weeks=6), clock=self.clock) == 0
        self.worker_rows |= fresh
        self.extensions += 1

    @rule(hours=st.sampled_from([1, 5, 24, 24 * 6, 24 * 20, 24 * 45]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: self.past)
    @rule()
    def undo(self) -> None:
        undo.undo(self.database, clock=self.clock)
        wanted, extensions = self.past.pop()
        self.future.append((self.before, self.extensions))
        self.after = self.dump()
        self.same(self.after, wanted, exact=extensions == self.extensions)

    @precondition(lambda self: self.future)
    @rule()
    def redo(self) -> None:
        undo.redo(self.database, clock=self.clock)
        wanted, extensions = self.future.pop()
        self.past.append((self.before, self.extensions))
        self.after = self.dump()
        self.same(self.after, wanted, exact=extensions == self.extensions)

    # What must hold

    def user(self, command: Callable[[], Done]) -> Done | None:
        try:
            done = command()
        except CouchcalError:
            done = None
        self.after = self.dump()
        if done is None:
            assert self.after == self.before  # a refusal writes nothing
            return None
        if self.after == self.before:
            assert done.label == "Nothing changed"
        else:
            self.past.append((self.before, self.extensions))
            self.future.clear()
        return done

    def choose(self, pick: int, *, cancelled: bool = False) -> dict[str, Any] | None:
        rows = list(self.before["appointment"].values())
        rows = [row for row in rows if row["status"] == "cancelled"] if cancelled else rows
        return rows[pick % len(rows)] if rows else None

    def seconds(self) -> int:
        return int((self.now - EPOCH).total_seconds())

    def unchanged(self, before: Rows, *, besides: set[int] | None = None) -> bool:
        after = self.after["appointment"]
        return all(after.get(i) == row for i, row in before.items() if i not in (besides or set()))

    def same(self, found: dict[str, Rows], wanted: dict[str, Rows], *, exact: bool) -> None:
        """Equal but for bookkeeping; what the worker added meanwhile may be there as well."""
        for table in TABLES:
            ours = set(wanted[table])
            for row_id in set(found[table]) - ours:
                row = found[table][row_id]
                assert not exact, (table, row)
                assert row.get("appointment_id", row["id"]) in self.worker_rows, (table, row)
            assert ours <= set(found[table]), table
            loose = bookkeeping(table) | (set() if exact else set(HORIZON_COLUMNS))
            for row_id in ours:
                one, other = found[table][row_id], wanted[table][row_id]
                assert {k: v for k, v in one.items() if k not in loose} == {
                    k: v for k, v in other.items() if k not in loose
                }, table

    def check_horizon(self, ids: set[int]) -> None:  # INV-S6, REC-08
        for row_id in ids:
            assert self.after["series"][row_id]["materialised_to"] >= self.seconds() + 74 * 86_400

    def check_conflicts(self) -> None:  # INV-A1, INV-A5, INV-A6, INV-A10
        bounds = (self.now - timedelta(days=60), self.now + timedelta(days=60))
        entries = agenda.between(self.connection, *bounds, self.tz, cancelled=True)
        busy = [e for e in entries if e.busy and e.status != "cancelled" and e.end > e.start]
        for entry in entries:
            inside = bounds[0] <= entry.start and entry.end <= bounds[1]
            clash = entry in busy and any(
                other.row_id != entry.row_id and other.start < entry.end and entry.start < other.end
                and (entry.group_key is None or entry.group_key != other.group_key)
                for other in busy
            )  # fmt: skip
            assert entry.conflict == clash or not inside

    @invariant()
    def rows_fit_their_series(self) -> None:
        if not hasattr(self, "after"):
            return
        after = self.after
        keys: dict[int, set[str]] = {}
        for row in after["appointment"].values():
            if row["series_id"] is None:
                continue
            record = after["series"][row["series_id"]]
            keys.setdefault(row["series_id"], set()).add(row["series_key"])
            if "time" not in row["overridden"].split():
                local = datetime.combine(date.fromisoformat(row["series_key"]), self.wall(record).time())
                zone = UTC if record["all_day"] else ZoneInfo(record["tz"])
                assert instant(row["start_utc"]) == local.replace(tzinfo=zone).astimezone(UTC)  # INV-S1
        gone = {(row["series_id"], row["series_key"]) for row in after["series_exdate"].values()}
        assert not gone & {(row["series_id"], row["series_key"]) for row in after["appointment"].values()}
        for record in after["series"].values():
            for local in self.rule_starts(record):
                key = local.date().isoformat()
                assert key in keys.get(record["id"], ()) or (record["id"], key) in gone, (record, key)
        self.before = after

    def wall(self, record: dict[str, Any]) -> datetime:
        return datetime.fromisoformat(record["start_local"])

    def rule_starts(self, record: dict[str, Any]) -> list[datetime]:
        """Where an independent engine puts occurrences, as far as the series says it has rows."""
        first, until = self.wall(record), record["until_date"]
        last = self.now.replace(tzinfo=None) + timedelta(days=500)
        if until is not None:
            last = min(last, datetime.combine(date.fromisoformat(until), time.max))
        zone = UTC if record["all_day"] else ZoneInfo(record["tz"])
        found = rrulestr(record["rrule"], dtstart=first).between(first, last, inc=True)
        lo, hi = record["materialised_from"], record["materialised_to"]
        return [s for s in found if lo <= (s.replace(tzinfo=zone) - EPOCH).total_seconds() < hi]

    @invariant()
    def sequence_rises(self) -> None:  # INV-M4
        if not hasattr(self, "after"):
            return
        exdates = sorted((row["series_id"], row["series_key"]) for row in self.after["series_exdate"].values())
        for row in self.after["appointment"].values():
            self.seen(row, [row[name] for name in ("start_utc", "end_utc", "status", "location_id", "tz")])
        for record in self.after["series"].values():
            gone = [key for owner, key in exdates if owner == record["id"]]
            self.seen(record, [record[name] for name in ("start_local", "rrule", "until_date", "tz")] + gone)

    def seen(self, row: dict[str, Any], content: list[Any]) -> None:
        highest, known = self.sequences.get(row["uid"], (-1, None))
        if content != known:
            assert row["sequence"] > highest, row
        self.sequences[row["uid"]] = max(highest, row["sequence"]), content

    @invariant()
    def the_file_is_whole(self) -> None:
        if hasattr(self, "connection"):
            with closing(self.connection.execute("PRAGMA foreign_key_check")) as broken:
                assert list(broken) == []


Practice.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestPractice = Practice.TestCase
