"""A PostgreSQL of the tests' own: unix socket only, in a folder that goes when its last user does.

`shared_cluster()` is one server for all processes of a test run; `new_database()` a database on it with today's
schema, copied from a template. `Cluster.start` makes another server with settings of its own (TLS, a full disk).
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import pytest

USER = "couchcal"
"""The role that owns the databases and may do nothing else; it comes in without a password."""
_ADMIN = "postgres"
_PORT = 5432
_PREFIX = "couchcal-pg-"
_TEMPLATE = "couchcal_template"
_HASTE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "150",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}
_ROOM = 2 << 30
_numbers = count(1)


def binaries() -> Path | None:
    """Where initdb and postgres are: the newest of Debian's packages, else what PATH has."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: float(path.parent.name))
    there = shutil.which("initdb")
    return Path(there).resolve().parent if there else None


def require_postgresql() -> None:
    """Skip where there is no PostgreSQL or no driver."""
    pytest.importorskip("psycopg", reason="needs couchcal[postgresql]")
    if binaries() is None:
        pytest.skip("needs the programs of a PostgreSQL server (Debian: postgresql)")


class Cluster:
    """A running server whose data, socket and log are in `folder`."""

    def __init__(self, folder: Path, port: int = _PORT) -> None:
        self.folder = folder
        self.port = port

    @classmethod
    def start(cls, folder: Path, settings: Mapping[str, str] | None = None, *, host: str = "") -> Cluster:
        """Make a server in a new folder and start it; `host` is where it listens beside its socket, `''` nowhere.

        The server refuses to run as root, so that the folder is given to another user there.
        """
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        if os.getuid() == 0:
            other = _other_user()
            os.chown(folder, other.pw_uid, other.pw_gid)
        cluster = cls(folder, int((settings or {}).get("port", _PORT)))
        cluster._run("initdb", "-D", "data", "-U", _ADMIN, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = {**_HASTE, "listen_addresses": host, "unix_socket_directories": str(folder), **(settings or {})}
        with (folder / "data" / "postgresql.conf").open("a") as out:
            out.writelines(f"{name} = '{value}'\n" for name, value in options.items())
        cluster._run("pg_ctl", "-D", "data", "-l", "log", "-w", "start")
        cluster.run(f"CREATE ROLE {USER} LOGIN")
        return cluster

    @functools.cached_property
    def _strategy(self) -> str:
        """How to copy a template fast: by its files, which an older server always does."""
        ((version,),) = self.run("SHOW server_version_num")
        return " STRATEGY FILE_COPY" if int(version) >= 150_000 else ""

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        home = binaries()
        assert home is not None
        as_user: dict[str, Any] = {}
        if os.getuid() == 0:
            other = _other_user()
            as_user = {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}
        subprocess.run(
            [str(home / program), *arguments], cwd=self.folder, check=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            timeout=60, **as_user,
        )  # fmt: skip

    def url(self, database: str, user: str = USER) -> str:
        """The address of a database as `--db` takes it."""
        return f"postgresql+psycopg://{user}@/{database}?host={quote(str(self.folder), safe='')}&port={self.port}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """What a statement of the server's administrator answers, outside any transaction."""
        import psycopg

        with psycopg.connect(
            host=str(self.folder), port=self.port, dbname=database, user=_ADMIN, autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, template: str = "template0") -> str:
        """The name of a new database, a copy of `template`."""
        name = f"t_{os.getpid()}_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} OWNER {USER} TEMPLATE {template}{self._strategy}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _other_user() -> pwd.struct_passwd:
    """Whom a server runs as that root starts: Debian's `postgres`, else `nobody`."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@functools.cache
def shared_cluster() -> Cluster:
    """The server of this test run, started by whoever asks first; the last process that uses it stops it."""
    require_postgresql()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"p{os.getpid()}")[:16]
    folder = _place() / f"{_PREFIX}{run}"
    with _one_at_a_time():
        _remove_abandoned(folder)
        users = folder.with_name(f"{folder.name}.lock").open("a+")
        fcntl.flock(users, fcntl.LOCK_SH)
        cluster = Cluster(folder) if (folder / "ready").exists() else _with_template(folder)
    _held.append((cluster, users))
    atexit.register(release)
    return cluster


@functools.cache
def _place() -> Path:
    """Memory where there is room: databases are made and dropped there in a third of the time."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of its own is made in it
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM:
        return memory
    return Path(tempfile.gettempdir())


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Nobody else starts or stops a server."""
    with (_place() / f"{_PREFIX}starting").open("a+") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        yield


_held: list[tuple[Cluster, IO[str]]] = []


def release() -> None:
    """End this process's use of the shared server; the last one stops it."""
    while _held:
        with _one_at_a_time():
            _stop_unused(*_held.pop())
    shared_cluster.cache_clear()


def _stop_unused(cluster: Cluster, users: IO[str]) -> None:
    with users, suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        cluster.stop()
        Path(users.name).unlink(missing_ok=True)


def _remove_abandoned(mine: Path) -> None:
    """Servers of test runs that were killed."""
    for path in mine.parent.glob(f"{_PREFIX}*.lock"):
        if path.stem != mine.name:
            with suppress(OSError):
                _stop_unused(Cluster(path.with_suffix("")), path.open("a+"))


def _with_template(folder: Path) -> Cluster:
    shutil.rmtree(folder, ignore_errors=True)
    cluster = Cluster.start(folder)
    try:
        cluster.run(f"CREATE DATABASE {_TEMPLATE} OWNER {USER} TEMPLATE template0")
        migrate(cluster.url(_TEMPLATE))
        (folder / "ready").touch()
    except BaseException:
        cluster.stop()
        raise
    return cluster


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database to a revision, up or down, with nothing of this program's but its migrations."""
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from couchcal.store import schema

    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        script = ScriptDirectory.from_config(config)
        names = [found.revision for found in script.walk_revisions()]
        wanted = names[0] if revision == "head" else revision
        at = None
        if sa.inspect(connection).has_table("alembic_version"):
            at = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        if at is not None and names.index(at) < names.index(wanted):
            command.downgrade(config, wanted)
        else:
            command.upgrade(config, wanted)
        connection.commit()


def as_admin(url: str) -> str:
    """The same database, for the server's administrator."""
    return url.replace(f"//{USER}@", f"//{_ADMIN}@")


@contextmanager
def new_database() -> Iterator[str]:
    """The address of a database with today's schema and nothing in it; gone afterwards."""
    with _database(_TEMPLATE) as url:
        yield url


@contextmanager
def bare_database() -> Iterator[str]:
    """The address of a database without any table; gone afterwards."""
    with _database("template0") as url:
        yield url


@contextmanager
def _database(template: str) -> Iterator[str]:
    cluster = shared_cluster()
    name = cluster.create(template)
    try:
        yield cluster.url(name)
    finally:
        cluster.drop(name)
