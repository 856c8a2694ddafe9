"""The sources that a distribution is made of, and the moment it is dated with."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_EPOCH = "1580601600"
"""What hatchling dates files with when nobody says anything: 2 February 2020."""


def head() -> str | None:
    """The commit to build, None in an unpacked sdist."""
    if not (ROOT / ".git").exists():
        return None
    if _git("status", "--porcelain").strip():
        sys.stderr.write("dist: made of what is committed; there are changes beside that\n")
    return _git("rev-parse", "HEAD").decode().strip()


def copy_sources(commit: str | None, target: Path) -> None:
    """What is in `commit`, or in an unpacked sdist, everything, into the new folder `target`. Files lying about in
    the working tree would make a package that nobody else can make again."""
    if commit is None:
        shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(".*", "__pycache__", "dist", "build"))
        return
    with tarfile.open(fileobj=io.BytesIO(_git("archive", "--format=tar", commit))) as archive:
        archive.extractall(target, filter="data")


def epoch(commit: str | None) -> str:
    """`SOURCE_DATE_EPOCH`, else when the commit was made."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return given
    return _git("log", "-1", "--format=%ct", commit).decode().strip() if commit else _EPOCH


def _git(*words: str) -> bytes:
    return subprocess.run(("git", *words), cwd=ROOT, capture_output=True, check=True).stdout
