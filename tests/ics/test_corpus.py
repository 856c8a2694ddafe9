"""Real files of other programs (option --ics-corpus): none breaks the import, and what they hold is shown as
independent readers show it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import Invalid
from couchcal.ics.importer import FileReport, import_file
from couchcal.store.connection import Database
from tests.support import ics_files
from tests.support.ics_files import Instance
from tests.support.practice import make_practice

_NO_NAMES = "the readers that agree know no zone names; a Windows or globally unique TZID means its zone"
_SAME_DAY = "DTEND equal to DTSTART of an all-day event means one day, not none"
_EXCHANGE = (
    "Exchange names days of an all-day series by their local midnight; an occurrence it moved or deleted is gone"
)
_BACKWARDS = "an end before the start cannot be shown; it is kept without length"
_REVISIONS = "revisions of one event: the highest SEQUENCE, then LAST-MODIFIED, then the last in the file counts"

REASONS = {
    "Kozea_Radicale/event_mixed_recurrence_id_dt_type.ics": "a DATE as RECURRENCE-ID names that day",
    "allenporter_ical/tests/compat/testdata/calendar_labs_same_day_dtend.ics": _SAME_DAY,
    "allenporter_ical/tests/compat/testdata/office_365_extended_timezone.ics": _NO_NAMES,
    "allenporter_ical/tests/testdata/rrule-exdate-mismatch.ics": _SAME_DAY,
    "collective_icalendar/issue_313_globally_unique_tzid.ics": _NO_NAMES,
    "ical4j_ical4j/valid/incoming.ics": _REVISIONS,
    "jazzband_icalevents/cest.ics": _EXCHANGE,
    "jazzband_icalevents/recurrenceid_ms.ics": _EXCHANGE,
    "jazzband_icalevents/rrule_until_all_day_ms.ics": _EXCHANGE,
    "niccokunzmann_python-recurring-ical-events/end_before_start_event.ics": _BACKWARDS,
    "niccokunzmann_python-recurring-ical-events/issue_107_omitting_last_event.ics": _NO_NAMES,
    "niccokunzmann_python-recurring-ical-events/issue_132_swapped_start_and_end.ics": _BACKWARDS,
    "niccokunzmann_python-recurring-ical-events/issue_148_exdate_and_rdate_updated.ics": _REVISIONS,
    "niccokunzmann_python-recurring-ical-events/issue_148_ignored_exdate.ics": _REVISIONS,
    "niccokunzmann_python-recurring-ical-events/issue_164_duplicated_event.ics": _REVISIONS,
    "niccokunzmann_python-recurring-ical-events/issue_28_rrule_with_UTC_endinginZ.ics": _EXCHANGE,
    "pimutils_khal/event_dt_multi_uid.ics": _REVISIONS,
    "pimutils_khal/tz_windows_format.ics": "a zone's name wins over a VTIMEZONE that contradicts it",
}
"""Files that are shown otherwise than the majority of readers does, and why."""
_NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _instance(stated: dict[str, Any]) -> Instance:
    status = (stated["status"] or "").upper()
    return Instance(
        ics_files.plain_uid(stated["uid"]),
        stated["start"],
        stated["end"],
        ics_files.plain(stated["summary"]),
        status if status in ("TENTATIVE", "CANCELLED") else "",
        (stated["transp"] or "OPAQUE").upper(),
    )


def _rows(corpus: Path) -> list[dict[str, str]]:
    with (corpus / "MANIFEST.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _try(database: Database, path: Path, now: datetime) -> FileReport | None:
    """What the import reports, None for a clear refusal. Any other exception is a failure of the test."""
    try:
        return import_file(database, path, clock=ics_files.at(now))
    except Invalid:
        return None


def test_every_file_is_read_or_clearly_refused(ics_corpus: Path, tmp_path: Path) -> None:
    """And a second time changes nothing (small files)."""
    database = make_practice(tmp_path)
    rows = _rows(ics_corpus)
    refused = []
    for row in rows:
        name = row["file"]
        report = _try(database, ics_corpus / name, _NOW)
        if report is None:
            refused.append(row)
            continue
        assert report.read == report.added + report.updated + report.unchanged + len(report.skipped), name
        if int(row["bytes"]) < 60_000:
            again = _try(database, ics_corpus / name, _NOW)
            assert again is not None
            assert (again.added, again.updated, len(again.skipped)) == (0, 0, len(report.skipped)), name
    assert rows
    assert {row["class"] for row in refused} <= {"invalid"}
    database.dispose()


@pytest.mark.parametrize("kind", ["valid", "tolerable"])
def test_shown_as_independent_readers_show_it(ics_corpus: Path, tmp_path: Path, kind: str) -> None:
    different: dict[str, str] = {}
    compared = 0
    for row in _rows(ics_corpus):
        expected_path = ics_corpus / "expected" / f"{row['file']}.json"
        if row["class"] != kind or not expected_path.exists():
            continue
        stated = json.loads(expected_path.read_text("utf-8"))
        start, end = _moment(stated["from"]), _moment(stated["to"])
        database = make_practice(tmp_path, tz=stated["float_tz"], filename=f"{compared}.db")
        _try(database, ics_corpus / row["file"], end)
        wanted = Counter(_instance(instance) for instance in stated["instances"])
        got = Counter(ics_files.instances(database, start, end, stated["float_tz"]))
        database.dispose()
        compared += 1
        if wanted != got:
            different[row["file"]] = f"missing {list(wanted - got)[:2]}, extra {list(got - wanted)[:2]}"
    assert compared > 50
    unexplained = {name: text for name, text in different.items() if name not in REASONS}
    assert not unexplained
    outdated = {row["file"] for row in _rows(ics_corpus) if row["class"] == kind and row["file"] in REASONS}
    assert outdated == set(different), "a reason that is no longer needed"
