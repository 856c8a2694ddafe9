"""The defects: each takes the place of one function of the sound client, or of the two that a mistake lies between.

Each names the scenario that has to catch it, and words of what is found then: the client fails for what is wrong
with it, not by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple, Self
from unittest.mock import patch

from couchcal.practice.disclosure import Disclosed
from couchcal.store.connection import Connection
from couchcal.store.records import Appointment
from couchcal.sync import apply, fields, guard, ours, outbox, pull, push
from couchcal.sync.fields import known, outgoing, text_of
from couchcal.sync.google import answers, client, mapping
from couchcal.sync.google.answers import Operation
from couchcal.sync.google.client import GoogleRemote
from couchcal.sync.lease import transaction
from couchcal.sync.ledger import Mapped
from couchcal.sync.merge import Decision
from couchcal.sync.port import EventFields, Page, Rejected, RemoteEvent, RemoteProblem, Transient
from couchcal.sync.pull import Reading
from couchcal.sync.push_books import Books, Item


class Defect(NamedTuple):
    """A client with a defect: what is replaced by what, and the words by which which scenario catches it."""

    name: str
    replaced: tuple[tuple[object, str, object], ...]
    scenario: str
    reasons: tuple[str, ...]

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The client is broken as long as this lasts."""
        with ExitStack() as stack:
            for owner, name, replacement in self.replaced:
                stack.enter_context(patch.object(owner, name, replacement))
            yield


# the sound functions, which some of the broken ones go on to call

_new_event = mapping.new_event
_send = GoogleRemote._send
_events = GoogleRemote.events
_problem = answers.problem
_landed = Books.landed
_is_settled = Books._is_settled
_settle = ours.Ours.settle
_ask_page = pull._Reader._ask_page
_read = pull.read
_create = push._Pusher._create


def _event_without_id(event_id: str, given: EventFields, tag: str) -> dict[str, Any]:
    return {name: value for name, value in _new_event(event_id, given, tag).items() if name != "id"}


def _any_id(body: dict[str, Any], _event_id: str) -> RemoteEvent:
    found = mapping.event(body)
    if found is None:
        raise Transient("no event")
    return found


def _landed_by_answer(self: Books, item: Item, mapped: Mapped, given: EventFields, event: RemoteEvent) -> None:
    """Learn the id of an event from the answer to the request that made it."""
    self.connection.execute("UPDATE event_map SET remote_event_id = ? WHERE id = ?", (event.id, mapped.id))
    _landed(self, item, mapped, given, event)


def _send_unconditionally(
    self: GoogleRemote, method: str, url: str, body: Mapping[str, Any] | None, _etag: str
) -> Any:
    return _send(self, method, url, body, "")


def _events_until_an_empty_page(
    self: GoogleRemote, calendar_id: str, *, sync_token: str = "", page: str = ""
) -> Page:
    found = _events(self, calendar_id, sync_token=sync_token, page=page)
    return found if found.events else replace(found, next_page=None)


def _page_and_its_token(self: Any, token: str, page: str) -> Page:
    """Keep the token as soon as it is seen; what the pages held is applied afterwards."""
    answer = _ask_page(self, token, page)
    if answer.sync_token:
        with transaction(self.connection, self.lease):
            self.connection.execute(
                "UPDATE sync_state SET sync_token = ? WHERE link_id = ?", (answer.sync_token, self.link.id)
            )
    return answer


def _gone_is_an_error(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> RemoteProblem:
    return (
        Rejected("the event is gone")
        if operation is Operation.DELETE and status == 410
        else _problem(operation, status, headers, body)
    )


def _believed(_self: object, _event_id: str) -> None:
    """What a list does not show is gone."""


def _harmless(_connection: Connection, _link: object, _reading: Reading, *, clock: object) -> bool:
    """However much is gone."""
    return False


class _AsWritten(datetime):
    """A moment that is the same as another if it is spelled like it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, datetime) and self.isoformat() == other.isoformat()

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = datetime.__hash__

    def astimezone(self, tz: tzinfo | None = None) -> Self:
        """It stays as it was written."""
        return self


def _instant_as_written(text: str, _zone: str) -> datetime:
    return _AsWritten.fromisoformat(text)


def _moment_as_written(text: str) -> object:
    return _moment(text) if len(text) == 10 else _AsWritten.fromisoformat(text)


_moment = fields._moment
_occurrence = mapping._occurrence


def _occurrence_by_id(item: Mapping[str, Any], event_id: str, calendar_zone: str) -> tuple[str, Any]:
    """The master of an instance is what its id begins with."""
    recurring_id, original = _occurrence(item, event_id, calendar_zone)
    return (event_id.rpartition("_")[0] if recurring_id else ""), original


def _read_and_keep_the_token(remote: Any, database: Any, link: Any, **how: Any) -> Reading:
    """After a full reading go on with the token there was."""
    with closing(database.connect()) as connection:
        before = pull.sync_token(connection, link.id)
    found = _read(remote, database, link, **how)
    return found._replace(token=before or found.token) if found.token else found


class _LaterWins(ours.Ours):
    """What was written later is right, by the times at which the two sides say they were updated."""

    def settle(
        self, mapped: Mapped, event: RemoteEvent | None, entry: Disclosed | None, *, sure: bool = False
    ) -> Decision:
        """Forget what changed here if the event is the newer one."""
        row = self.session.get(Appointment, mapped.appointment_id)
        if row is not None and entry is not None and entry.wanted and event is not None and event.etag:
            updated = datetime(1970, 1, 1, tzinfo=row.updated_at.tzinfo) + timedelta(
                microseconds=int(event.etag.strip('"')) / 2
            )
            if updated > row.updated_at:
                here = text_of(known(outgoing(entry)))
                mapped = mapped._replace(ours=here, theirs=here)
        return super().settle(mapped, event, entry, sure=sure)


def _create_or_try_another_id(self: Any, item: Item, mapped: Mapped, given: EventFields) -> Item | None:
    name = mapped.event_id
    try:
        event = self.calendar._remote.insert(self.link.calendar_id, name, given, name)
    except Transient:
        following: Item = self.books.anew(item, mapped.attempt)
        return following
    self._landed(item, mapped, given, event)
    return None


class _Echo(ours.Ours):
    """Whatever comes in is a change, and goes out again."""

    def settle(
        self, mapped: Mapped, event: RemoteEvent | None, entry: Disclosed | None, *, sure: bool = False
    ) -> Decision:
        """Queue the appointment of each event that a reading brings."""
        decision = super().settle(mapped, event, entry, sure=sure)
        outbox.enqueue(self.connection, [mapped.appointment_id])
        return decision


def _is_never_settled(self: Books, item: Item) -> bool:
    live = item.mapped is not None and item.mapped.state == "live" and item.fields is not None
    return not live and _is_settled(self, item)


DEFECTS = (
    Defect(
        "no id on insert",
        (
            (mapping, "new_event", _event_without_id),
            (GoogleRemote, "_event", staticmethod(_any_id)),
            (Books, "landed", _landed_by_answer),
        ),
        "lost_answers",
        ("made an event that stands for nothing", "insert-without-id"),
    ),
    Defect(
        "no If-Match",
        ((GoogleRemote, "_send", _send_unconditionally),),
        "changed_in_between",
        ("what was done there is lost", "write-without-if-match"),
    ),
    Defect(
        "ignores nextPageToken on an empty page",
        ((GoogleRemote, "events", _events_until_an_empty_page),),
        "empty_page",
        ("what stands on the pages after an empty one is not shown here",),
    ),
    Defect(
        "saves the token before the last page is applied",
        ((pull._Reader, "_ask_page", _page_and_its_token),),
        "killed_while_reading",
        ("events are not shown here",),
    ),
    Defect(
        "treats 410 on delete as an error",
        ((client, "problem", _gone_is_an_error),),
        "lost_answers",
        ("is blocked: the event is gone",),
    ),
    Defect(
        "wipes on an empty list",
        ((pull._Reader, "_confirm", _believed), (guard, "paused", _harmless)),
        "empty_answer",
        ("an empty answer took events away here", "nobody made: remote_deleted"),
    ),
    Defect(
        "compares dateTime as text",
        ((mapping, "_instant", _instant_as_written), (fields, "_moment", _moment_as_written)),
        "another_zone",
        ("told of a change that nobody made",),
    ),
    Defect(
        "derives the master from the id of an instance",
        ((mapping, "_occurrence", _occurrence_by_id),),
        "split_series",
        ("occurrences only here: [1",),
    ),
    Defect(
        "keeps its token across 410",
        ((pull, "read", _read_and_keep_the_token),),
        "expired_tokens",
        ("an idle cycle asked",),
    ),
    Defect(
        "uses updated for conflicts",
        ((apply, "Ours", _LaterWins),),
        "renamed_later",
        ("what was done here is lost",),
    ),
    Defect(
        "retries POST with a new id",
        ((push._Pusher, "_create", _create_or_try_another_id),),
        "lost_answers",
        ("has another live event", "made an event that stands for nothing"),
    ),
    Defect(
        "sends again what it took over",
        ((apply, "Ours", _Echo), (Books, "_is_settled", _is_never_settled)),
        "moved_there",
        ("an idle cycle wrote: events.patch",),
    ),
)
