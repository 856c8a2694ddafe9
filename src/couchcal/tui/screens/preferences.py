"""Every setting of this computer and of the practice on one screen. APT-07, APT-11, VIS-02, VID-01, C-06, C-07."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Checkbox, Input

from couchcal.errors import Invalid, Stale
from couchcal.practice import practice_settings
from couchcal.practice.outcome import Done
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import in_thread, problem_words
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.zone_field import read_zone
from couchcal.tui.screens.preferences_fields import PreferencesFields
from couchcal.tui.screens.preferences_items import BY_ID, ITEMS, ZONES, Item

_BESIDE = 32
"""The cells that a small screen has beside a field; what is longer is said below, too."""


class PreferencesScreen(PreferencesFields):
    """Saves both stores at ctrl+s, the practice's part as one undo step.

    Colours show at once and go back if nothing is saved. The file is read anew before it is written, so that
    what a hand changed in it meanwhile stays.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]
    _theme_before = ""

    def on_mount(self) -> None:
        self._theme_before = self.app.theme

    def _discard(self, yes: bool | None) -> None:
        if yes:
            self.app.theme = self._theme_before
        super()._discard(yes)

    @on(Input.Changed, "#rows Input")
    @on(Pick.Changed)
    @on(Choice.Changed)
    @on(Checkbox.Changed)
    def _touched(self, event: Any) -> None:
        event.stop()
        item = BY_ID.get(event.control.id or "")
        if item is None:
            return
        self.query_one(f"#row-{item.id}", Field).error("")
        if item.id == "here-theme" and event.control.value:
            self.app.theme = event.control.value

    def action_save(self) -> None:
        """Save what was changed, or say beside the fields what is wrong."""
        self.run_worker(self._save(), group="save", exit_on_error=False)

    async def _save(self) -> None:
        if self.saving or not self._stored:
            return
        changed = self._changed_items()
        if not changed:
            self.dismiss(None)
            return
        values, problems = _values({item: _meant(item, self._text(item)) for item in changed})
        self.show_problem("")
        if self._show_errors(problems):
            return
        if not await self._may_leave(values):
            return
        self.saving = True
        try:
            done = await self._write(values)
        except Stale as error:
            settings, stored = await in_thread(self, "read", self._read)
            self._take(settings, stored)
            self.show_problem(problem_words(error))
            return
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        finally:
            self.saving = False
        self.dismiss(done)

    async def _may_leave(self, values: dict[Item, Any]) -> bool:
        """Whether full names of clients may leave, if that is new (SYNC-04)."""
        if values.get(BY_ID["ours-identifier_mode"]) != "full":
            return True
        from couchcal.tui.forms.full_names import FullNamesWarning

        answer = await self.app.push_screen_wait(FullNamesWarning())
        return bool(answer)

    async def _write(self, values: dict[Item, Any]) -> Done:
        """Write to both stores; what is through is no change any more if the other one fails.

        `Done.changed` counts what undo takes back: the practice's part. The file's part is told beside it.
        """
        done: Done | None = None
        ours = {item.name: value for item, value in values.items() if not item.here}
        if ours:
            work = partial(
                practice_settings.change, self._database, ours, expected_version=self._version, clock=self._clock
            )
            done = await in_thread(self, "write", work)
            _, stored = await in_thread(self, "read", self._read)
            self._version = stored.version
            self._stored |= {item.id: self._text(item) for item in values if not item.here}
        here = {item.name: value for item, value in values.items() if item.here}
        if not here:
            return done or Done("Nothing changed", changed=0)
        from couchcal.settings_file import write_settings

        await in_thread(self, "write", partial(write_settings, here))
        many = f"{len(here)} settings" if len(here) > 1 else next(item.label for item in values if item.here)
        said = f"Saved for this computer: {many}"
        if any(name.startswith(("mail.", "text.")) for name in here):
            said += ". @ keeps passwords and sends a test"
        return Done(said, changed=0) if done is None else done._replace(advice=(*done.advice, said))

    def _show_errors(self, problems: dict[Item, str]) -> bool:
        for item in ITEMS:
            if item not in self._pending:
                self.query_one(f"#row-{item.id}", Field).error(problems.get(item, ""))
        if not problems:
            return False
        self.query_one("#text", Input).value = ""
        wrong, words = next(iter(problems.items()))
        self.show_problem(f"{wrong.label}: {words}" if len(words) > _BESIDE else "")
        first = self.query_one(f"#row-{wrong.id}", Field)
        first.display = True
        first.focus_first()
        return True


def _meant(item: Item, text: str) -> str:
    return read_zone(text) if item.id in ZONES and text else text


def _values(texts: dict[Item, str]) -> tuple[dict[Item, Any], dict[Item, str]]:
    """The values of changed controls, and beside which of them something is wrong."""
    values, problems = {}, {}
    for item, text in texts.items():
        try:
            values[item] = item.value(text)
        except Invalid as error:
            problems[item] = error.message
        except ValueError as error:
            problems[item] = "no such time zone" if item.id in ZONES else str(error)
    return values, problems
