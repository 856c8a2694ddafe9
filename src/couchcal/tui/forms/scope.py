"""Which sessions of a series a change is for. REC-04, REC-05."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Checkbox, OptionList, Static

from couchcal.clock_words import in_chosen_clock
from couchcal.practice.outcome import Preview
from couchcal.store.vocabulary import Scope
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways, way
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.tick import Tick


class ScopeAnswer(NamedTuple):
    """The sessions a change is for, and whether what was changed on them by hand is reset as well."""

    scope: Scope
    reset_moved: bool = False


class ScopeDialog(Modal[ScopeAnswer]):
    """This event, or this and all future ones; says what each would do, and lists what would stay and why.

    Args:
        reset: what the future scope does with the tick "also reset changed weeks";
            None where the caller does not offer it.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "take('this')", "This event", show=False),
        Binding("f", "take('future')", "This and all future", show=False),
        Binding("r", "reset", "Also reset changed weeks", show=False),
    ]

    def __init__(
        self,
        title: str,
        this: Preview,
        future: Preview,
        *,
        reset: Preview | None = None,
        names: str = "full",
    ) -> None:
        self._resets = reset is not None and bool(future.by_hand)
        super().__init__(title, f"t this · f future{' · r reset' if self._resets else ''} · esc close")
        self._names = names
        self._this, self._future, self._reset = this, future, reset

    def compose_body(self) -> ComposeResult:
        yield Ways(
            [
                way("this", "This event", preview_words(self._this)),
                way("future", "This and all future events", preview_words(self._future)),
            ],
            id="ways",
        )
        if self._resets:
            count = len(self._future.by_hand)
            weeks = "week" if count == 1 else "weeks"
            yield Tick(f"also reset {count} {weeks} changed by hand", id="reset")
        with VerticalScroll(id="kept-list"):
            yield Static(id="kept", markup=False)

    def on_mount(self) -> None:
        ways = self.query_one(Ways)
        for scope, preview in (("this", self._this), ("future", self._future)):
            if preview.problem:
                ways.disable_option(scope)
        ways.highlighted = 1 if self._this.problem and not self._future.problem else 0
        self._explain()

    @property
    def _shown(self) -> Preview:
        future = self._reset if self._reset is not None and self._resetting else self._future
        return future if self.query_one(Ways).highlighted == 1 else self._this

    @property
    def _resetting(self) -> bool:
        return self._resets and self.query_one("#reset", Checkbox).value

    @on(OptionList.OptionHighlighted)
    @on(Checkbox.Changed)
    def _explain(self) -> None:
        text = kept_words(self._shown, self._names)
        self.query_one("#kept", Static).update(plain(text))
        self.query_one("#kept-list").display = bool(text)

    @on(Checkbox.Changed)
    def _count(self) -> None:
        future = self._reset if self._reset is not None and self._resetting else self._future
        words = way("future", "This and all future events", preview_words(future)).prompt
        self.query_one(Ways).replace_option_prompt("future", words)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.action_take(event.option_id or "this")

    def action_reset(self) -> None:
        """Tick or untick that changed weeks are reset."""
        if self._resets:
            self.query_one("#reset", Checkbox).toggle()

    def action_take(self, scope: str) -> None:
        """Close with a scope, unless it is refused."""
        preview = self._future if scope == "future" else self._this
        if preview.problem:
            self.show_problem(f"{preview.problem[:1].upper()}{preview.problem[1:]}.")
        elif scope == "future":
            self.dismiss(ScopeAnswer("future", self._resetting))
        else:
            self.dismiss(ScopeAnswer("this"))


def preview_words(preview: Preview) -> str:
    """`14 sessions change · 3 go · 2 new · 2 stay as they are`, or why it cannot be."""
    if preview.problem:
        return f"not possible: {preview.problem}"
    count = preview.changes
    words = [f"{count} session{'s change' if count > 1 else ' changes'}"] if count else []
    words += [f"{preview.removed} go{'es' if preview.removed == 1 else ''}"] if preview.removed else []
    words += [f"{preview.added} new"] if preview.added else []
    stay = len(preview.kept)
    words = words or ["nothing changes"]
    if stay:
        words.append(f"{stay} stay{'s as it is' if stay == 1 else ' as they are'}")
    return " · ".join(words)


def kept_words(preview: Preview, names: str = "full") -> str:
    """The rows that stay, one a line with the reason. Their labels hold names: only where these may be shown."""
    lines = []
    for verb, kept in (("stays", preview.kept), ("partly", preview.by_hand)):
        for row in kept:
            label = f" {in_chosen_clock(row.label)}" if names == "full" else ""
            lines.append(f"{verb}:{label} ({row.reason})")
    return "\n".join(lines)
