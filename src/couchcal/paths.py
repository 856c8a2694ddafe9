"""Where couchcal keeps its files. Nothing is created here; `private_directory` is for writers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def _platform_directory(kind: str) -> Path:
    import platformdirs

    dirs = platformdirs.PlatformDirs("couchcal", appauthor=False)
    found = {"config": dirs.user_config_path, "data": dirs.user_data_path}
    return found[kind]


def _home() -> Path | None:
    value = os.environ.get("COUCHCAL_HOME")
    return Path(value).expanduser() if value else None


def config_file() -> Path:
    """`config.toml`, under `COUCHCAL_HOME` or the platform's config directory."""
    home = _home()
    return (home or _platform_directory("config")) / "config.toml"


def data_directory() -> Path:
    """The directory of the database, the key file and the remembered view."""
    return _home() or _platform_directory("data")


def database_file() -> Path:
    """The default database file."""
    return data_directory() / "couchcal.db"


def private_directory(path: Path) -> Path:
    """Create `path` (and its parents) with mode 0700 whatever the umask, and return it. P1."""
    missing = []
    probe = path
    while not probe.exists():
        missing.append(probe)
        probe = probe.parent
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)
        directory.chmod(0o700)
    return path


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file of mode 0600 that takes the place of `path` once it is whole: a reader sees the old content or
    the new, and a failure leaves the old. P1."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_private(path: Path, content: bytes) -> None:
    """Write a whole file with mode 0600, its directory first. P1."""
    private_directory(path.parent)
    with replacing(path) as out:
        out.write(content)
