"""What somebody entered about themselves in the form of the booking page, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from couchcal.practice.door_shapes import Applicant, Wish
from couchcal.web.choice import Choice
from couchcal.web.words import say

LONGEST_NAME, LONGEST_EMAIL, LONGEST_PHONE, LONGEST_NOTE = 100, 254, 32, 500
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@(?:[^\s@<>,;:\"()\[\]\\.]{1,63}\.)+[^\s@<>,;:\"()\[\]\\.]{2,63}")
_PHONE = re.compile(r"[+0-9][0-9 ()./-]{3,30}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?", re.IGNORECASE)


class Entered(NamedTuple):
    """The fields as they were typed, so that nothing is lost. `trap` is one that people do not see."""

    name: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    trap: str = ""

    @staticmethod
    def of(form: Mapping[str, str]) -> Entered:
        """The fields of a form that was sent."""
        lines = {name: " ".join(form.get(name, "").split()) for name in ("name", "email", "phone")}
        return Entered(**lines, note=form.get("note", "").strip(), trap=form.get("website", ""))

    def errors(self) -> dict[str, str]:
        """What is wrong with each field that cannot be right."""
        found: dict[str, str] = {}
        if not self.name:
            found["name"] = say("need_name")
        elif len(self.name) > LONGEST_NAME:
            found["name"] = say("long_name")
        if not self.email:
            found["email"] = say("need_email")
        elif len(self.email) > LONGEST_EMAIL or not looks_like_email(self.email):
            found["email"] = say("bad_email")
        if self.phone and (len(self.phone) > LONGEST_PHONE or not _PHONE.fullmatch(self.phone)):
            found["phone"] = say("bad_phone")
        if len(self.note) > LONGEST_NOTE:
            found["note"] = say("long_note")
        if self.trap:
            found["form"] = say("trapped")
        return found

    def wish(self, choice: Choice, start: datetime, nonce: str, ip_hash: str) -> Wish:
        """What is asked of the practice. Only with a `choice` that is complete."""
        assert choice.kind is not None  # noqa: S101  the type checker's
        return Wish(
            event_type_id=choice.kind.id,
            visit_type=choice.visit_type,
            start=start,
            zone=choice.zone,
            applicant=Applicant(self.name, self.email, self.phone),
            note=self.note,
            idempotency_key=nonce,
            ip_hash=ip_hash,
        )


def looks_like_email(text: str) -> bool:
    """Whether `text` is written as an e-mail address is."""
    return _EMAIL.fullmatch(text) is not None
