from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, OptionList, Static

from couchcal.practice.outcome import Kept, Preview
from couchcal.tui.forms.cancel import CancelAnswer, CancelDialog
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.delete import DeleteDialog
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.money import format_cents, parse_cents
from couchcal.tui.forms.prompt import Prompt
from couchcal.tui.forms.scope import ScopeDialog, kept_words, preview_words
from tests.tui.forms.host import PENDING, shown

LABEL = "[red]Jane[/] D.\x1b[31m · Tue 3 Mar 15:00"


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", None), ("enter", False)])
async def test_confirm_answers(key: str, answer: bool | None) -> None:
    async with shown(Confirm("Discard", "Discard what you typed?")) as (app, pilot):
        await pilot.press(key)
        assert app.answer is answer


async def test_confirm_says_yes_by_tab_and_enter() -> None:
    async with shown(Confirm("Discard", "Discard?")) as (app, pilot):
        await pilot.press("left", "enter")
        assert app.answer is True


def problem_of(modal: Modal[Any]) -> str:
    problem = modal.query_one("#problem", Static)
    return str(problem.render()) if problem.display else ""


async def test_prompt_keeps_a_wrong_line_and_says_why() -> None:
    prompt = Prompt("Go to", "tue", lambda text: None if text == "tue" else "no such day")
    async with shown(prompt) as (app, pilot):
        await pilot.press("x", "enter")
        assert app.answer is PENDING
        assert problem_of(prompt) == "no such day"
        prompt.query_one(Input).value = " tue "
        await pilot.pause()
        assert problem_of(prompt) == ""
        await pilot.press("enter")
        assert app.answer == "tue"


async def test_an_empty_prompt_does_nothing() -> None:
    async with shown(Prompt("Go to")) as (app, pilot):
        await pilot.press("enter")
        assert app.answer is PENDING


PREVIEWS = (Preview(1, ()), Preview(14, (Kept(3, "[b]Tue 10 Mar", "the note is signed"),)))


@pytest.mark.parametrize(
    ("keys", "answer"),
    [(["enter"], "this"), (["down", "enter"], "future"), (["f"], "future"), (["t"], "this"), (["escape"], None)],
)
async def test_scope_is_chosen_by_arrows_or_letters(keys: list[str], answer: str | None) -> None:  # REC-04
    async with shown(ScopeDialog("Change which?", *PREVIEWS)) as (app, pilot):
        await pilot.press(*keys)
        assert (app.answer and app.answer.scope) == answer


async def test_scope_says_what_each_way_would_change_and_keep() -> None:  # REC-04
    dialog = ScopeDialog("Change which?", *PREVIEWS)
    async with shown(dialog) as (_, pilot):
        kept = dialog.query_one("#kept", Static)
        assert not dialog.query_one("#kept-list").display
        await pilot.press("down")
        assert str(kept.render()) == "stays: [b]Tue 10 Mar (the note is signed)"
        prompts = [str(option.prompt) for option in dialog.query_one(OptionList).options]
        assert "14 sessions change · 1 stays as it is" in prompts[1]


def test_every_session_that_stays_is_listed() -> None:
    preview = Preview(0, tuple(Kept(n, f"day {n}", "paid") for n in range(9)))
    assert kept_words(preview).splitlines()[-1] == "stays: day 8 (paid)"
    assert preview_words(preview) == "nothing changes · 9 stay as they are"
    assert "day" not in kept_words(preview, "id")


async def test_changed_weeks_can_be_reset_as_well() -> None:
    future = Preview(14, (), by_hand=(Kept(2, "Tue 10 Mar", "moved by hand"),))
    dialog = ScopeDialog("Change which?", Preview(1, ()), future, reset=Preview(15, ()))
    async with shown(dialog) as (app, pilot):
        await pilot.press("down")
        assert str(dialog.query_one("#kept", Static).render()) == "partly: Tue 10 Mar (moved by hand)"
        await pilot.press("r")
        await pilot.pause()
        assert not dialog.query_one("#kept-list").display
        prompts = [str(option.prompt) for option in dialog.query_one(OptionList).options]
        assert "15 sessions change" in prompts[1]
        await pilot.press("f")
        assert app.answer == ("future", True)


async def test_a_scope_that_is_refused_says_why_and_cannot_be_taken() -> None:  # EDT-01
    refused = Preview(0, (), problem="a cadence is of this and all following")
    dialog = ScopeDialog("Change which?", refused, Preview(4, (), removed=6, added=2))
    async with shown(dialog) as (app, pilot):
        await pilot.press("t")
        assert app.answer is PENDING
        prompts = [str(option.prompt) for option in dialog.query_one(OptionList).options]
        assert "not possible: a cadence" in prompts[0]
        assert "4 sessions change · 6 go · 2 new" in prompts[1]
        await pilot.press("enter")
        assert app.answer == ("future", False)


@pytest.mark.parametrize(
    ("series", "keys", "answer"),
    [
        (True, ["enter"], "cancel_instead"),  # DEL-03: the way that keeps a record comes first
        (True, ["down", "enter"], "this"),
        (True, ["down", "down", "enter"], "future"),  # REC-05
        (False, ["down", "down", "enter"], "cancel_instead"),
        (False, ["escape"], None),
    ],
)
async def test_delete_offers_its_ways(series: bool, keys: list[str], answer: str | None) -> None:
    async with shown(DeleteDialog(LABEL, series)) as (app, pilot):
        await pilot.press(*keys)
        assert app.answer == answer


async def test_labels_are_inert() -> None:
    dialog = DeleteDialog(LABEL, in_series=False)
    async with shown(dialog) as (_, _pilot):
        text = str(dialog.query_one("#body", Static).render())
        assert "[red]Jane[/] D." in text
        assert "\x1b" not in text


async def test_cancel_needs_a_type() -> None:  # CXL-02
    dialog = CancelDialog(LABEL)
    async with shown(dialog) as (app, pilot):
        await pilot.press("ctrl+s")
        assert app.answer is PENDING
        assert dialog.query_one("#field-type", Field).has_error
        await pilot.press("right", "right", "ctrl+s")
        assert app.answer == CancelAnswer("no_show")


async def test_cancel_takes_reason_fee_note_and_mail() -> None:  # CXL-03, CXL-04, CXL-05
    dialog = CancelDialog(LABEL)
    async with shown(dialog) as (app, pilot):
        await pilot.press("right", "tab")
        for name, value in (("reason", " ill "), ("fee", "$25"), ("note", "called")):
            dialog.query_one(f"#{name}", Input).value = value
        await pilot.press("tab", "tab", "tab", "space", "ctrl+s")
        assert app.answer == CancelAnswer("late_cancel", "ill", 2500, "called", notify=True)


async def test_a_wrong_fee_is_said_beside_it_and_nothing_typed_is_lost() -> None:
    dialog = CancelDialog(LABEL)
    async with shown(dialog) as (app, pilot):
        await pilot.press("right")
        fee = dialog.query_one("#fee", Input)
        fee.value = "free"
        dialog.query_one("#reason", Input).value = "ill"
        await pilot.press("ctrl+s")
        assert app.answer is PENDING
        assert dialog.focused is fee
        await pilot.press("escape")
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        assert dialog.query_one("#reason", Input).value == "ill"


async def test_a_past_session_sends_no_mail() -> None:  # CXL-05
    dialog = CancelDialog(LABEL, past=True, notify=True, type="no_show")
    async with shown(dialog) as (app, pilot):
        assert dialog.query_one("#field-notify", Field).note == "it is past"
        await pilot.press("ctrl+s")
        assert app.answer == CancelAnswer("no_show", notify=False)


async def test_the_client_is_told_by_default_where_the_practice_wants_it() -> None:  # CXL-05
    async with shown(CancelDialog(LABEL, notify=True, type="late_cancel")) as (app, pilot):
        await pilot.press("ctrl+s")
        assert app.answer == CancelAnswer("late_cancel", notify=True)


async def test_without_an_address_nobody_is_told_and_it_says_so() -> None:  # CXL-05
    dialog = CancelDialog(LABEL, notify=True, has_address=False, type="other")
    async with shown(dialog) as (app, pilot):
        field = dialog.query_one("#field-notify", Field)
        assert field.note == "no e-mail address on file"
        assert dialog.query_one("#notify").disabled
        await pilot.press("ctrl+s")
        assert app.answer == CancelAnswer("other", notify=False)


@given(st.none() | st.integers(0, 100_000_000))
def test_a_fee_reads_back(cents: int | None) -> None:
    assert parse_cents(format_cents(cents)) == cents


@pytest.mark.parametrize(
    ("text", "cents"), [("25", 2500), ("25.5", 2550), ("25,05", 2505), ("€ 7", 700), (" ", None)]
)
def test_fees_as_people_type_them(text: str, cents: int | None) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize("text", ["-5", "1.234", "1e3", "free", "99999999"])
def test_what_is_no_fee(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|more than"):
        parse_cents(text)
