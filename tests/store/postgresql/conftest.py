"""A real PostgreSQL for the tests here, skipped where none is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgresql import bare_database, new_database, release, require_postgresql


@pytest.fixture(scope="session", autouse=True)
def server() -> Iterator[None]:
    require_postgresql()
    yield
    release()


@pytest.fixture
def server_url() -> Iterator[str]:
    """The address of an empty database with today's schema."""
    with new_database() as url:
        yield url


@pytest.fixture
def bare_url() -> Iterator[str]:
    """The address of a database without tables."""
    with bare_database() as url:
        yield url
