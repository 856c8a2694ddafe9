"""Options that point the suite at outside data, and a fixed environment for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import on_server
from tests.support.everyday import (
    import_from_the_end,
    mark_more_of_a_kind,
    rare_collections,
    statements_are_compiled_once,
    try_fewer_examples,
)

# How long an example takes tells more about the machine than about the code: nothing here is timed.
settings.register_profile("couchcal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same change gives the same verdict; at home every run looks elsewhere.
settings.register_profile("ci", settings.get_profile("couchcal"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "couchcal")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("couchcal")
    group.addoption("--ics-corpus", metavar="DIR", help="folder of real .ics files with MANIFEST.csv and expected/")
    group.addoption("--recurrence-cases", metavar="DIR", help="folder with rrule_cases.json and series_cases.json")
    group.addoption("--ics-lint", metavar="FILE", help="an independent RFC 5545 lint script to run on exports")
    group.addoption(
        "--database", choices=("sqlite", "postgresql"), default="sqlite", help="what the practices of tests are in"
    )
    group.addoption("--axe", metavar="FILE", help="axe.min.js of axe-core, to look for barriers on the web pages")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_only(reason): about the file of a practice, not run on a server")
    if config.getoption("--database") == "postgresql":
        on_server.choose()


def pytest_sessionstart(session: pytest.Session) -> None:
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw1" and session.config.args == ["tests"]:
        import_from_the_end(session.config.rootpath)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mark_more_of_a_kind(items)
    if config.getoption("markexpr") == "not long":
        for item in items:
            try_fewer_examples(item)
    if config.getoption("--database") == "sqlite":
        return
    for item in items:
        marker = item.get_closest_marker("sqlite_only")
        if marker is not None:
            item.add_marker(pytest.mark.skip(reason=f"only of a file: {marker.args[0]}"))


@pytest.fixture(autouse=True)
def _servers_databases() -> Iterator[None]:
    """What a test has made on the server goes with it."""
    with on_server.swept():
        yield


@pytest.fixture(scope="session", autouse=True)
def short_run() -> Iterator[None]:
    with rare_collections(), statements_are_compiled_once():
        yield


def _outside_path(request: pytest.FixtureRequest, option: str) -> Path:
    value = request.config.getoption(option)
    if not value:
        pytest.skip(f"needs {option}")
    return Path(str(value))


@pytest.fixture
def ics_corpus(request: pytest.FixtureRequest) -> Path:
    return _outside_path(request, "--ics-corpus")


@pytest.fixture
def recurrence_cases(request: pytest.FixtureRequest) -> Path:
    return _outside_path(request, "--recurrence-cases")


@pytest.fixture
def ics_lint(request: pytest.FixtureRequest) -> Path:
    return _outside_path(request, "--ics-lint")


@pytest.fixture(autouse=True)
def isolated_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test gets its own COUCHCAL_HOME and none of the user's keys, zone or settings."""
    home = tmp_path / "home"
    for name in (
        "COUCHCAL_DATABASE_URL",
        "COUCHCAL_PASSPHRASE",
        "COUCHCAL_KEY_FILE",
        "NO_COLOR",
        "SSH_CONNECTION",
        "COUCHCAL_SMTP_URL",
        "COUCHCAL_TEXT_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COUCHCAL_HOME", str(home))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr("couchcal.typed_dates._chosen", "mdy")
    # Waiting for the disk tells nothing here: what a power cut leaves is tried in tests/faults, by whole programs.
    monkeypatch.setattr("couchcal.store.connection.SYNCHRONOUS", "OFF")
    monkeypatch.setattr("os.fsync", lambda _: None)
    return home
