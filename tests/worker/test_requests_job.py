"""Holds and requests end by themselves while the worker runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from couchcal.worker.requests_job import EVERY_S, RequestsJob
from couchcal.worker.watch import Watch
from tests.practice.conftest import Desk, desk, furnished
from tests.practice.door import Door

__all__ = ["desk", "furnished"]


@pytest.fixture
def watch(desk: Desk) -> Iterator[Watch]:
    watch = Watch(desk.database)
    yield watch
    watch.close()


def test_what_is_over_is_let_go(desk: Desk, watch: Watch) -> None:  # REQ-04
    at = Door(desk)
    at.book("2026-03-06 10:00")
    at.book("2026-03-05 10:00", at.known())
    job = RequestsJob(desk.database, watch, clock=desk.clock)

    def work(now: float) -> bool:
        return job.due(now, moved=False, asked=False) and job.run(now)

    assert not work(0)
    desk.now += timedelta(minutes=20)
    assert not work(EVERY_S - 1)
    assert work(EVERY_S)
    assert at.statuses() == ["expired", "pending"]
    desk.now = desk.at("2026-03-05 10:00")
    assert work(2 * EVERY_S)
    assert at.statuses() == ["expired", "expired"]
    assert at.told()[-1] == ("request_expired", "ann@example.org")
    assert not work(3 * EVERY_S)
