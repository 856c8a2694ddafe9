"""What makes the everyday run of the tests short."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine

SHARE = 0.3
"""The part of a property's examples that `make test` tries; each run tries others, `make test-long` tries all."""
LEAST = 3


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
    gc.unfreeze()


@contextmanager
def statements_are_compiled_once() -> Iterator[None]:
    """Let the engines of all files share the text of their statements.

    Every test has a database of its own, and for each the same few dozen statements would be put into words anew.
    """
    from couchcal.store import session

    first: dict[ModuleType, Any] = {}

    def made(url: str, *, module: ModuleType, **options: Any) -> Any:
        engine: Any = create_engine(url, module=module, **options)
        known = first.setdefault(module, engine)
        engine.dialect = engine.pool._dialect = known.dialect
        engine._compiled_cache = known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_engine", made)
        yield
