"""What makes the everyday run of the tests short."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine

SHARE = 0.2
"""The part of a property's examples that `make test` tries; each run tries others, `make test-long` tries all."""
LEAST = 3

MORE_OF_A_KIND = (
    "tests/cli/test_serve.py::test_it_serves_until_it_is_told_to_end[15-with its worker]",
    "tests/cli/test_serve.py::test_it_serves_until_it_is_told_to_end[2-alone]",
    "tests/cli/test_worker.py::test_it_sends_what_others_commit_until_it_is_told_to_end[2]",
    "tests/mail/test_outbox.py::test_a_sender_that_is_killed_leaves_it_unknown_and_nobody_sends_it_again[before-0]",
    "tests/practice/test_door_race.py::test_a_change_that_is_killed_anywhere_has_not_begun[_book]",
    "tests/practice/test_door_race.py::test_a_change_that_is_killed_anywhere_has_not_begun[_cancel]",
    "tests/practice/test_door_race.py::test_a_change_that_is_killed_anywhere_has_not_begun[_verify]",
    "tests/practice/test_door_race.py::test_of_many_processes_one_has_the_time[False]",
    "tests/store/test_key_changes.py::test_a_change_killed_anywhere_leaves_a_key_that_opens[from the keyring]",
    "tests/store/test_key_changes.py::test_a_change_killed_anywhere_leaves_a_key_that_opens[recovery]",
    "tests/store/test_migrations.py::test_upgrading_from_any_revision_keeps_every_row[0002]",
    "tests/store/test_migrations.py::test_upgrading_from_any_revision_keeps_every_row[0003]",
    "tests/store/test_migrations.py::test_upgrading_from_any_revision_keeps_every_row[0004]",
    "tests/store/test_recrypt.py::test_killed_anywhere_it_is_the_old_or_the_new_and_opens[False-False]",
    "tests/store/test_recrypt.py::test_killed_anywhere_it_is_the_old_or_the_new_and_opens[True-True]",
    "tests/sync/test_crash.py::test_a_reset_that_ends_anywhere_is_taken_up_again[events]",
    "tests/tui/screens/test_preferences.py::test_full_names_are_warned_against[escape-id]",
    "tests/tui/test_terminal.py::test_a_program_that_is_ended_leaves_terminal_and_database_whole[1]",
    "tests/tui/test_terminal.py::test_a_session_is_moved_put_back_by_undo_and_the_terminal_restored[120-36]",
    "tests/tui/test_stylesheet.py::test_a_form_looks_the_same_in_every_state[couchcal-ansi]",
    "tests/tui/test_stylesheet.py::test_a_form_looks_the_same_in_every_state[couchcal-light]",
    "tests/web/test_browser.py::test_pages_fit_and_nothing_is_blocked[768]",
    "tests/web/test_portal_browser.py::test_pages_fit_and_nothing_is_blocked[1280]",
)
"""Cases with processes, or that cost much otherwise, beside which a case of the same test is everyday."""


def import_from_the_end(root: Path) -> None:
    """Import all tests, the last first. Of two processes that begin at the two ends each rewrites the assertions of
    half of them, which takes most of the time until the first test of a fresh copy."""
    for path in sorted((root / "tests").rglob("test_*.py"), reverse=True):
        with suppress(Exception, pytest.skip.Exception):  # whoever collects it meets it again, and tells
            import_module(".".join(path.relative_to(root).with_suffix("").parts))


def mark_more_of_a_kind(items: list[pytest.Item]) -> None:
    """Leave the cases of `MORE_OF_A_KIND` to `make test-long`."""
    for item in items:
        if item.nodeid in MORE_OF_A_KIND:
            item.add_marker("long")


def try_fewer_examples(item: pytest.Item) -> None:
    """Let a property, or a machine of many steps, try its share of examples only."""
    owner = getattr(item, "cls", None)
    machine = getattr(owner, "settings", None)
    if isinstance(machine, settings) and item.name == "runTest":
        owner.settings = _fewer(machine)  # type: ignore[union-attr]  # whoever has settings is there
        return
    test = getattr(item, "function", None)
    own = getattr(test, "_hypothesis_internal_use_settings", None)
    if getattr(test, "is_hypothesis_test", False) and not getattr(test, "tries_fewer", False):
        fewer = _fewer(own if isinstance(own, settings) else settings())
        test._hypothesis_internal_use_settings = fewer  # type: ignore[union-attr]  # it is a function
        test.tries_fewer = True  # type: ignore[union-attr]


def _fewer(full: settings) -> settings:
    return settings(full, max_examples=min(full.max_examples, max(LEAST, round(full.max_examples * SHARE))))


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the garbage collector pass over what was imported, and come by rarely: most of what a test leaves behind
    goes by itself."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    yield
    gc.set_threshold(*before)


@contextmanager
def statements_are_compiled_once() -> Iterator[None]:
    """Let the engines of all files share the text of their statements.

    Every test has a database of its own, and for each the same few dozen statements would be put into words anew.
    """
    from couchcal.store import session

    known: dict[ModuleType, tuple[Any, Any]] = {}

    def made(url: str, *, module: ModuleType, **options: Any) -> Any:
        engine: Any = create_engine(url, module=module, **options)
        dialect, compiled = known.setdefault(module, (engine.dialect, engine._compiled_cache))
        engine.dialect = engine.pool._dialect = dialect
        engine._compiled_cache = compiled
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_engine", made)
        yield
