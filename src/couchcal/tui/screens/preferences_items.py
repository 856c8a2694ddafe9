"""What the settings screen asks: every setting of this computer and of the practice, as text to and fro."""

from __future__ import annotations

from typing import Any, NamedTuple

from couchcal.practice import practice_setting_values as practice
from couchcal.practice.event_type_values import SLOT_STEPS
from couchcal.practice.practice_settings import PracticeSettings
from couchcal.settings import Settings
from couchcal.settings_keys import WEEKDAYS
from couchcal.settings_mail import SECURITY
from couchcal.settings_tables import known, value_of

HERE = known()
"""The settings of this computer, by name."""
Options = tuple[tuple[str, str], ...]
"""Words on screen and the text they stand for."""


class Item(NamedTuple):
    """A setting on screen.

    `way` is how it is changed: `words` (a row of them), `list` (opens on demand), `hour`, `tick` or `text`;
    `blank` is shown in a list while nothing is set. `here`: of this computer, else of the practice.
    """

    name: str
    label: str
    about: str
    way: str
    options: Options = ()
    blank: str | None = None
    here: bool = True

    @property
    def id(self) -> str:
        """The control's id: both stores have a `week_start`."""
        return f"{'here' if self.here else 'ours'}-{self.name.replace('.', '-')}"

    def text(self, settings: Settings, values: PracticeSettings) -> str:
        """The stored value as the control's text."""
        if self.here:
            return HERE[self.name].to_text(value_of(settings, self.name))
        return practice.to_text(self.name, getattr(values, self.name))

    def value(self, text: str) -> Any:
        """The value of the control's text, as its store takes it; None takes a setting of this computer out.

        Raises:
            ValueError: this computer does not take it. Invalid: the practice does not.
        """
        if self.here:
            return HERE[self.name].from_text(text) if text.strip() else None
        return practice.checked({self.name: practice.from_text(self.name, text)})[self.name]


class Section(NamedTuple):
    """Settings under one heading, and what else there is to say about them."""

    title: str
    items: tuple[Item, ...]
    note: str = ""


def _plain(words: tuple[object, ...]) -> Options:
    return tuple((str(word).replace("_", " "), str(word)) for word in words)


_WEEK = tuple((day.capitalize(), day) for day in WEEKDAYS)
_NAMES = (("id", "id"), ("initials", "initials"), ("first", "first"), ("full", "full"))
_STEPS = tuple(practice.to_text("slot_step", step) for step in SLOT_STEPS)


_YES_NO = (("no", "false"), ("yes", "true"))


def _here(name: str, label: str, way: str = "text", options: Options = (), blank: str | None = None) -> Item:
    """A setting in a table of this computer's file, with what is said of it there."""
    return Item(name, label, HERE[name].about, way, options, blank)


def _ours(name: str, way: str = "text", options: Options = ()) -> Item:
    return Item(name, practice.LABELS[name], practice.ABOUT[name], way, options, here=False)


THIS_COMPUTER = Section(
    "This computer",
    (
        Item("theme", "Colours", "shown at once", "words",
             (("dark", "couchcal-dark"), ("light", "couchcal-light"), ("contrast", "couchcal-contrast"),
              ("terminal's", "couchcal-ansi"))),
        Item("ascii", "Plain marks", "! @ # for screens without glyphs", "list",
             (("always", "true"), ("never", "false")), "as the locale has it"),
        Item("clock_24h", "Clock", "", "words", (("15:00", "true"), ("3:00pm", "false"))),
        Item("date_order", "All-number date", "how 12/3 is read", "list",
             (("month first", "mdy"), ("day first", "dmy"), ("year first", "ymd")), "as the locale has it"),
        Item("week_start", "Week begins", "on this screen", "list", _WEEK, "as in the practice"),
        Item("row_minutes", "A row is", "minutes, in day and week", "words", _plain((15, 30, 60))),
        Item("first_hour", "Top of the day", "the hour shown first", "hour"),
        Item("lock_minutes", "Locks after", "minutes untouched; 0: never", "text"),
        Item("second_time_zone", "Second zone", "beside the hours; empty: none", "text"),
        Item("names", "Names on screen", "", "words", _NAMES),
        Item("cli_names", "Names elsewhere", "command line and files", "words", _NAMES),
        Item("calendar_file", "Calendar file", ".ics for other programs", "text"),
        Item("keep_years", "Keep clients", "years before forgetting them", "text"),
    ),
)  # fmt: skip
PRACTICE = (
    Section("The practice", (
        _ours("name"), _ours("public_label"), _ours("tz"),
        _ours("week_start", "list", _WEEK), _ours("use_rooms", "tick"),
        _ours("identifier_mode", "words", _NAMES),
    )),
    Section("Practitioner", (
        _ours("practitioner_name"), _ours("practitioner_credentials"),
        _ours("practitioner_npi"), _ours("practitioner_license"),
    )),
    Section("Office address", (
        _ours("street"), _ours("city"), _ours("region"), _ours("postal_code"),
        _ours("reveal_address", "words", (("always", "always"), ("once accepted", "after_accept"))),
    )),
    Section("Online booking", (
        _ours("slug"), _here("mail.public_url", "Page address"), _ours("min_notice_min"), _ours("window_days"),
        _ours("slot_step", "words", tuple((text, text) for text in _STEPS)), _ours("max_per_day"),
        _ours("confirm_public", "words", _plain(practice.CONFIRM_MODES)),
        _ours("confirm_portal", "words", _plain(practice.CONFIRM_MODES)),
        _ours("self_scheduling", "tick"), _ours("allow_reschedule", "tick"),
        _ours("cancel_notice_h"), _here("booking.altcha", "Proof of work", "words", _YES_NO),
    )),
    Section("Reminders and mail", (
        _ours("reminders_on", "tick"),
        _ours("reminder_lead", "words", _plain(practice.REMINDER_LEADS)),
        _ours("reminder_24h", "tick"),
        _ours("notify_on_move", "words", _plain(practice.NOTIFY_MODES)),
        _here("mail.minimal", "Links only", "words", _YES_NO),
        _here("mail.agenda", "Daily agenda"), _here("mail.wait", "Letters wait"),
    )),
    Section("Mail server", (
        _here("mail.host", "Server"), _here("mail.port", "Port"),
        _here("mail.security", "Encryption", "list", _plain(SECURITY), "by itself"),
        _here("mail.user", "User"), _here("mail.from", "From"), _here("mail.to", "Mail to you"),
    ), "@ on the calendar: password, test, letters"),
    Section("Text messages", (
        _here("text.url", "Gateway"), _here("text.account", "Account"), _here("text.from", "From number"),
        _here("text.reminder", "Reminder text"),
    ), "@ on the calendar: the gateway's token"),
    Section("Telehealth", (_ours("telehealth_template"), _ours("telehealth_modifier"))),
    Section("Google Calendar", (
        _ours("google_title"), _ours("google_place", "tick"), _ours("google_event_titles", "tick"),
    )),
    Section("Backups", (_here("backup.copy_to", "Copied to"),)),
)  # fmt: skip
SECTIONS = (THIS_COMPUTER, *PRACTICE)

ITEMS = tuple(item for section in SECTIONS for item in section.items)
"""Every setting in the order of the screen."""
BY_ID = {item.id: item for item in ITEMS}
ZONES = ("here-second_time_zone", "ours-tz")
"""The ids of settings that are time zones."""
