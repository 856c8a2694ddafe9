"""A practice on Tuesday 3 March 2026, 10:42 in New York, and commands run on it in this process."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Dialect, Engine

from couchcal.cli.main import run
from couchcal.practice import client_changes
from couchcal.store import session
from couchcal.store.connection import Database
from tests.support.practice import make_practice

NOW = "2026-03-03T15:42:00Z"
PEOPLE = ("Jane Doe", "Janet Roe", "Bob Reed", "Maria Silva")


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


class Cli:
    """Runs command lines against one database."""

    def __init__(self, database: Database, capture: pytest.CaptureFixture[str]) -> None:
        self.database = database
        self._capture = capture

    def __call__(self, *argv: str, code: int = 0) -> Result:
        """Run it and check its exit code."""
        self._capture.readouterr()
        found = run(argv)
        out, err = self._capture.readouterr()
        assert found == code, (argv, found, out, err)
        return Result(found, out, err)

    def json(self, *argv: str, code: int = 0) -> Any:
        """Run it with `--json`; what it printed."""
        return json.loads(self(*argv, "--json", code=code).out)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows straight from the database."""
        with closing(self.database.connect()) as connection:
            return connection.execute(sql, values).fetchall()


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Every command makes an engine of its own, as in a process of its own; they share what was compiled."""
    cache: dict[Any, Any] = {}
    dialects: dict[str, Dialect] = {}

    def sharing(url: str, **options: Any) -> Engine:
        engine = create_engine(url, execution_options={"compiled_cache": cache}, **options)
        engine.dialect = dialects.setdefault(options["module"].__name__, engine.dialect)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_engine", sharing)
        yield


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still at `NOW`; dates are read as in the United States."""
    monkeypatch.setenv("COUCHCAL_NOW", NOW)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


@pytest.fixture
def bare(isolated_home: Path, now: None, capsys: pytest.CaptureFixture[str]) -> Cli:
    """A practice without clients."""
    return Cli(make_practice(isolated_home), capsys)


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a practice with `PEOPLE`, to copy."""
    database = make_practice(tmp_path_factory.mktemp("peopled"))
    for name in PEOPLE:
        client_changes.add(database, name)
    database.dispose()
    with closing(database.connect()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database.path


@pytest.fixture
def cli(isolated_home: Path, peopled: Path, now: None, capsys: pytest.CaptureFixture[str]) -> Cli:
    """A practice with the clients C-0001 Jane Doe, C-0002 Janet Roe, C-0003 Bob Reed, C-0004 Maria Silva."""
    isolated_home.mkdir(mode=0o700)
    path = isolated_home / "couchcal.db"
    shutil.copyfile(peopled, path)
    path.chmod(0o600)
    return Cli(Database(path, None), capsys)
