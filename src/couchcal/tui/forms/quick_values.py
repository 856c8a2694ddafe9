"""A quick-add line as draft fields, and as the words of its preview. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from textual.content import Content

from couchcal.practice.cadence import parse_cadence, repeat_phrase, rule_text
from couchcal.practice.fields import KIND_LABELS
from couchcal.practice.names import client_label
from couchcal.practice.services import LocationRow, advice
from couchcal.practice.usual import place_for, service_for
from couchcal.scheduling.quickadd import UNKNOWN_CLIENT, ClientName, ServiceHint, parse
from couchcal.scheduling.wallclock import to_instant, to_local, zone
from couchcal.tui.forms.appointment_data import FormData
from couchcal.tui.forms.appointment_live import span_words
from couchcal.tui.forms.appointment_values import Times
from couchcal.tui.forms.client_field import as_name
from couchcal.tui.forms.plain import plain
from couchcal.typed_dates import date_order


class Understood(NamedTuple):
    """Draft fields of a line (`repeats` holds a cadence), and what keeps it from being saved.

    `client_id` is a name where nobody on the list is called so: the form adds them.
    """

    values: dict[str, Any]
    problems: tuple[str, ...]
    candidates: tuple[ClientName, ...]


def understand(
    text: str, data: FormData, now_local: datetime, tz_name: str, picked: int | None = None
) -> Understood:
    """Read a line; `picked` is the client chosen where the name fits several."""
    names = [
        ClientName(row.id, row.first, row.last, row.internal_id, row.preferred)
        for row in data.clients
        if row.state != "archived"
    ]
    hints = {row.code: ServiceHint(row.typical_min or None, data.modifier_codes) for row in data.services}
    draft = parse(text, now_local=now_local, clients=names, services=hints, order=date_order())
    problems = list(draft.problems)
    candidates = draft.candidates
    client_id = draft.client_id
    if picked is not None and any(name.id == picked for name in candidates):
        client_id, candidates = picked, ()
    client = data.client(client_id)
    values: dict[str, Any] = {"kind": draft.kind, "tz": tz_name}
    if draft.start_local is not None and draft.end_local is not None:
        tz = zone(tz_name)
        start = to_instant(draft.start_local, tz)
        values |= {"start": start, "end": start + (draft.end_local - draft.start_local)}
    if draft.repeats is not None:
        values["repeats"] = draft.repeats
    if draft.kind == "other_event":
        return Understood(values | {"title": draft.title or ""}, tuple(problems), ())
    stranger = draft.leftover if any(problem.startswith(UNKNOWN_CLIENT) for problem in problems) else ()
    values["client_id"] = client_id if client_id is not None or not stranger else as_name(" ".join(stranger))
    place = place_for(client, draft.location, data.locations)
    if draft.kind == "client_contact":
        values |= {
            "medium": draft.medium,
            "location_id": place.id if place is not None and draft.location else None,
        }
        return Understood(values, tuple(problems), candidates)
    service = draft.service
    if service is None and client is not None:
        minutes = int((values["end"] - values["start"]).total_seconds()) // 60 if "start" in values else 0
        service = service_for(client, minutes, data.latest_services, data.services)
    if service is None and client is not None:
        problems.append("which service? add its code, such as 90834")
    values |= {"service": service, "location_id": place.id if place is not None else None}
    if draft.modifiers:
        values["modifiers"] = list(draft.modifiers)
    return Understood(values, tuple(problems), candidates)


def so_far(understood: Understood, finished: Understood) -> Understood:
    """What to say of a line while its last word is being typed: of its problems those that the words before it,
    `finished`, have already."""
    kinds = {_kind(problem) for problem in understood.problems}
    return understood._replace(problems=tuple(problem for problem in finished.problems if _kind(problem) in kinds))


def _kind(problem: str) -> str:
    return problem.partition("'")[0]


def preview(understood: Understood, data: FormData, now_local: datetime) -> Content:
    """`Tue 24 Nov 15:00–15:50 · Jane Doe · 90837 95 · Office · every week`, then what is wrong."""
    values = understood.values
    parts: list[Content] = []
    if "start" in values:
        times = Times(values["start"], values["end"], values["tz"])
        parts.append(plain(span_words(times, zone(values["tz"]), now_local.year), "bold"))
    client = data.client(values.get("client_id"))
    if client is not None:
        parts.append(plain(client_label(client.internal_id, client.called, client.last, data.names), "bold"))
    elif values["kind"] == "other_event":
        parts.append(plain(values["title"], "bold"))
    if values["kind"] == "client_contact":
        parts.append(plain(f"{KIND_LABELS['client_contact']}, {values['medium'] or 'phone'}"))
    if values.get("service"):
        parts.append(plain(" ".join([values["service"], *values.get("modifiers", ())])))
    location = data.location(values.get("location_id"))
    if location is not None:
        parts.append(plain(location.name))
    if "repeats" in values and "start" in values:
        first = to_local(values["start"], zone(values["tz"])).date()
        parts.append(plain(repeat_phrase(rule_text(parse_cadence(values["repeats"]), first))))
    lines = [Content(" · ").join(parts)] if parts else []
    told = [*understood.problems, *_remarks(values, data, location)]
    if any(words.startswith(UNKNOWN_CLIENT) for words in told):
        told.append("somebody new? ctrl+e opens the form, which adds them")
    if understood.candidates:
        told.append("who is it? enter goes to the list")
    lines += [plain(words, "$text-warning") for words in told]
    return Content("\n").join(lines)


def _remarks(values: dict[str, Any], data: FormData, location: LocationRow | None) -> tuple[str, ...]:
    if "start" not in values:
        return ()
    minutes = int((values["end"] - values["start"]).total_seconds()) // 60
    codes = [code for code in values.get("modifiers", ()) if code != data.auto_modifier]
    telehealth = location is not None and location.telehealth
    return advice(data.service(values.get("service")), minutes, codes, telehealth=telehealth)
