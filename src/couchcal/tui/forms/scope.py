"""Which sessions of a series a change is for. REC-04, REC-05."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static

from couchcal.practice.outcome import Preview
from couchcal.store.vocabulary import Scope
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.options import Ways, way
from couchcal.tui.forms.plain import plain

_SHOWN = 6


class ScopeDialog(Modal[Scope]):
    """This event, or this and all future ones; says what each would do and what would stay as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "take('this')", "This event", show=False),
        Binding("f", "take('future')", "This and all future", show=False),
    ]

    def __init__(self, title: str, preview_this: Preview, preview_future: Preview, *, names: str = "full") -> None:
        super().__init__(title, "t · f · esc")
        self._names = names
        self._previews = {"this": preview_this, "future": preview_future}

    def compose_body(self) -> ComposeResult:
        this, future = self._previews["this"], self._previews["future"]
        yield Ways(
            [
                way("this", "This event", preview_words(this)),
                way("future", "This and all future events", preview_words(future)),
            ],
            id="ways",
        )
        yield Static(id="kept", markup=False)

    @on(OptionList.OptionHighlighted)
    def _explain(self, event: OptionList.OptionHighlighted) -> None:
        kept = self.query_one("#kept", Static)
        text = kept_words(self._previews[event.option_id or "this"], self._names)
        kept.update(plain(text))
        kept.display = bool(text)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.action_take(event.option_id or "this")

    def action_take(self, scope: str) -> None:
        """Close with a scope."""
        self.dismiss("future" if scope == "future" else "this")


def preview_words(preview: Preview) -> str:
    """`14 sessions change · 2 stay as they are`."""
    count = preview.changes
    words = "nothing changes" if not count else f"{count} session{'s change' if count > 1 else ' changes'}"
    stay = len(preview.kept)
    return f"{words} · {stay} stay{'s as it is' if stay == 1 else ' as they are'}" if stay else words


def kept_words(preview: Preview, names: str = "full") -> str:
    """The rows that stay, one a line with the reason; a long list is cut. Their labels hold names: only where
    these may be shown."""
    called = [f"{row.label} " if names == "full" else "" for row in preview.kept[:_SHOWN]]
    lines = [f"stays: {label}({row.reason})" for label, row in zip(called, preview.kept, strict=False)]
    if len(preview.kept) > _SHOWN:
        lines.append(f"and {len(preview.kept) - _SHOWN} more")
    return "\n".join(lines)
