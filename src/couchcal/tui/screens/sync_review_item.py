"""One item of the sync to decide on. SYNC-11, SYNC-13."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock_words import day_words, in_chosen_clock, span_words
from couchcal.scheduling.wallclock import to_local
from couchcal.sync.fields import Known, known_of
from couchcal.sync.review import ReviewItem
from couchcal.tui.forms.connect import sign_in_words
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.sync_words import counted
from couchcal.tui.text import clean

if TYPE_CHECKING:
    from couchcal.sync.port import When
    from couchcal.tui.screens.sync_gate import Gate
    from couchcal.tui.screens.sync_state import About

_CHROME_ROWS = 9
_DAY = timedelta(days=1)
KINDS = {
    "remote_deleted": ("Deleted in Google", "Here nothing was deleted. What shall it be?"),
    "conflict": ("Changed on both sides", "What you have here counts, unless you say otherwise."),
    "put_back": ("Put back in Google", "Nothing changed here. There is nothing to decide."),
    "calendar_lost": ("Calendar gone", "Here nothing was deleted."),
    "mass_delete": ("Unusually many deletions", "So many at once are often a mistake: nothing was deleted."),
    "unknown_event": (
        "Unknown event of couchcal",
        "It was made by couchcal, and this database does not know it: an older backup was restored, for example.",
    ),
}
"""The kinds of items: what they are called, and what is to be known."""

_MEANS = {
    "remote_deleted": {
        "cancel": "It is cancelled here and keeps its record; u undoes it.",
        "restore": "It is sent again.",
        "unlink": "It stays here, and is not sent any more.",
    },
    "mass_delete": {
        "discard": "If they are gone then, too, you are asked again.",
        "restore": "Your appointments among them are sent again.",
        "apply": "Of your appointments none is deleted here: you are asked about each.",
    },
    "calendar_lost": {
        "disconnect": "Your appointments stay here. Connecting again makes a new calendar.",
        "forget": "What was read from it goes from here.",
    },
    "conflict": {"take": "It is moved here; u undoes it."},
    "unknown_event": {"keep": "It takes up its time here, and nothing else."},
}
"""What choices do, where their labels do not tell."""


class ReviewDialog(Modal[str]):
    """What happened, how it is here and there, what would go; and what can be done, by number or from the list.

    Answers what to say once it is resolved.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#ways"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"take({number - 1})", show=False) for number in range(1, 7)),
        Binding("j", "step(1)", show=False),
        Binding("k", "step(-1)", show=False),
    ]

    def __init__(self, gate: Gate, item: ReviewItem, about: About, tz: tzinfo) -> None:
        super().__init__(KINDS[item.kind][0], "enter choose · tab text · esc decide later")
        self._gate = gate
        self._item = item
        self._about = about
        self._tz = tz

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="happened"):
            yield Static(happened(self._item, self._about, self._tz), id="body", markup=False)
        choices = enumerate(self._item.choices, start=1)
        means = _explained(self._item)
        yield Ways([_way(number, word, label, means.get(word, "")) for number, (word, label) in choices], id="ways")

    def on_mount(self) -> None:
        self.query_one("#ways", Ways).highlighted = 0

    def on_resize(self, event: events.Resize) -> None:
        """Leave room for the ways out below a long list."""
        explained = sum(word in _explained(self._item) for word, _label in self._item.choices)
        rest = len(self._item.choices) + explained + _CHROME_ROWS
        self.query_one("#happened").styles.max_height = max(3, event.size.height - rest)

    def action_step(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#ways", Ways).step(by)

    def action_take(self, index: int) -> None:
        """Choose by number."""
        if index < len(self._item.choices):
            self._take(self._item.choices[index][0])

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(str(event.option_id))

    def _take(self, word: str) -> None:
        self.write(lambda: self._gate.resolve(self._item.id, word).label, self.dismiss, network=True)

    def unwritten(self, error: Exception) -> None:
        self.show_problem(sign_in_words(error))


def _explained(item: ReviewItem) -> Mapping[str, str]:
    """What the choices of an item do. Of deletions that would be made in Google the labels tell it."""
    pushing = item.kind == "mass_delete" and "restore" not in dict(item.choices)
    return {} if pushing else _MEANS.get(item.kind, {})


def _way(number: int, word: str, label: str, meaning: str) -> Option:
    """A choice with its number; what it does stands below its words."""
    lines = [Content.styled(f"{number}  {clean(label)}", "bold")]
    if meaning:
        lines.append(Content.styled(f"   {meaning}", QUIET))
    return Option(Content("\n").join(lines), id=word)


def happened(item: ReviewItem, about: About, tz: tzinfo) -> Content:
    """The item in full: a sentence, what both sides have, and every entry that would go."""
    lines = [Content(sentence(clean(in_chosen_clock(item.detail)))), plain(KINDS[item.kind][1], QUIET)]
    if item.kind in ("conflict", "put_back"):
        sides = [
            Content.assemble((f"{label:<8}", "bold"), words)
            for label, side in (("Here", about.ours), ("Google", about.theirs))
            if (words := side_words(known_of(side), tz))
        ]
        lines += [Content(""), *sides] if sides else []
    if about.entries:
        lines += [Content(""), plain("What would go:", "bold")]
        lines += [plain(f"  {in_chosen_clock(entry)}") for entry in about.entries]
    if about.events:
        lines.append(plain(f"  {counted(about.events, 'event')} of Google itself"))
    return Content("\n").join(lines)


def side_words(known: Known, tz: tzinfo) -> str:
    """What one side has of an entry: its time, and whether it is busy. Never its title."""
    parts = []
    if known.when is not None:
        parts.append(when_words(known.when, tz))
    if known.busy is not None:
        parts.append("busy" if known.busy else "free")
    return ", ".join(parts)


def when_words(when: When, tz: tzinfo) -> str:
    """`Tue 3 Mar 15:00–15:50` on the practice's clock, or days."""
    if isinstance(when.start, datetime) and isinstance(when.end, datetime):
        start, end = to_local(when.start, tz), to_local(when.end, tz)
        if start.date() == end.date():
            return f"{day_words(start)} {span_words(start, end)}"
        return f"{day_words(start)} {span_words(start, start).partition('–')[0]} – {day_words(end)}"
    first, last = _day(when.start), _day(when.end - _DAY)
    return f"{first}, all day" if first == last else f"{first} – {last}, all day"


def _day(day: date) -> str:
    return day_words(datetime(day.year, day.month, day.day))  # noqa: DTZ001  a day's name has no zone


def sentence(text: str) -> str:
    """A detail as a sentence: with a capital, ending in a full stop."""
    text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "!", "?")) else f"{text}."
