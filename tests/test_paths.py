"""Where files are, and that they are private."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from couchcal import paths


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_home_for_everything(isolated_home: Path) -> None:
    assert paths.config_file() == isolated_home / "config.toml"
    assert paths.data_directory() == isolated_home
    assert paths.database_file() == isolated_home / "couchcal.db"
    assert not isolated_home.exists()  # asking makes nothing


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG places are those of Linux")
def test_the_places_of_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUCHCAL_HOME")
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    assert paths.config_file() == tmp_path / "CONFIG" / "couchcal" / "config.toml"
    assert paths.database_file() == tmp_path / "DATA" / "couchcal" / "couchcal.db"


@pytest.mark.parametrize("umask", [0o022, 0o000, 0o077, 0o277])
def test_what_is_made_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:  # INV-P1
    before = os.umask(umask)
    try:
        paths.write_private(tmp_path / "a" / "b" / "file", b"secret")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700
    assert mode(tmp_path / "a" / "b" / "file") & 0o077 == 0
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"secret"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file"]


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    paths.private_directory(tmp_path / "new")
    assert (mode(tmp_path), mode(tmp_path / "new")) == (0o755, 0o700)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    paths.write_private(target, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        paths.write_private(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
