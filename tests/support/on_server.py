"""Practices on PostgreSQL, for the same tests under `--database=postgresql`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from typing import NoReturn

import pytest

from couchcal.paths import private_directory
from couchcal.practice.opening import create_practice
from couchcal.store.connection import Database
from couchcal.store.locations import database_at, parse_location
from tests.support.postgresql import shared_cluster

_made: list[str] = []
"""Databases of the tests that run."""
_chosen = False


def choose() -> None:
    """Have `make_practice` make practices on a server from now on."""
    global _chosen
    from couchcal.store.postgresql.connection import ServerConnection
    from couchcal.store.postgresql.database import ServerDatabase

    # how soon the server says something is for tests/store/postgresql; here what is committed is seen at once
    setattr(ServerConnection, "followed_version", ServerConnection.data_version)  # noqa: B010
    _chosen = True
    setattr(ServerDatabase, "connect_file", _skip)  # noqa: B010  what asks for the file is about the file


def _skip(_database: Database) -> NoReturn:
    pytest.skip("only of a file")


def chosen() -> bool:
    """Whether practices are made on a server."""
    return _chosen


def practice_on_server(tz: str) -> Database:
    """A new practice on the server of this test run."""
    return _copy(_template(tz))


def furnished_on_server(furnish: Callable[[Database], object]) -> Database:
    """A practice as `furnish` leaves it; it runs once a process."""
    return _copy(_furnished(furnish))


@contextmanager
def swept() -> Iterator[None]:
    """Remove the databases that are made inside, whoever has them open."""
    before = len(_made)
    yield
    while len(_made) > before:
        shared_cluster().drop(_made.pop())


def _copy(template: str) -> Database:
    cluster = shared_cluster()
    name = cluster.create(template)
    _made.append(name)
    database = database_at(parse_location(cluster.url(name)))
    private_directory(database.path.parent)
    return database


@cache
def _template(tz: str) -> str:
    cluster = shared_cluster()
    name = cluster.create()
    location = parse_location(cluster.url(name))
    create_practice(location, name="Test practice", tz=tz).database.dispose()
    return name


@cache
def _furnished(furnish: Callable[[Database], object]) -> str:
    cluster = shared_cluster()
    name = cluster.create(_template("America/New_York"))
    database = database_at(parse_location(cluster.url(name)))
    furnish(database)
    database.dispose()
    with closing(database.connect()) as connection:
        connection.execute("ANALYZE")
    return name
