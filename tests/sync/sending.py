"""The short ways in which tests of sendings speak of the desk and of what its remote does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.sync.desk import SyncDesk


def push_only(desk: SyncDesk) -> list[str]:
    """The requests of a cycle that only sends."""
    report = desk.cycle(pull=False)
    assert report.status == ("paused" if "mass_delete" in desk.reviews() else "ok"), report.reason
    return desk.calls()


def once(call: str, *problems: Exception, then: Callable[[], object] | None = None) -> Callable[[str, str], None]:
    """A hook that raises each problem once at this call; or that does something before its first."""
    left = list(problems)
    acts = [then] if then else []

    def hook(made: str, _subject: str) -> None:
        if made == call and acts:
            acts.pop()()
        if made == call and left:
            raise left.pop(0)

    return hook


def sees_nothing(desk: SyncDesk) -> None:
    """Send; what was made is not to be seen, which is believed the second time."""
    assert "event" in push_only(desk)
    assert desk.pending == 1
    desk.now.forward(minutes=1)


def shift(desk: SyncDesk, row_id: int, hours: int) -> None:
    """A person moves an event at the remote."""
    event = desk.there(row_id)
    assert event.when is not None
    by = timedelta(hours=hours)
    when = event.when._replace(start=event.when.start + by, end=event.when.end + by)
    desk.remote.change(desk.calendar, event.id, when=when)
