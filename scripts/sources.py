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


def copy_sources(target: Path) -> None:
    """What is committed, or in an unpacked sdist, everything, into the new folder `target`. Files lying about in
    the working tree would make a package that nobody else can make again."""
    if not (ROOT / ".git").exists():
        shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(".*", "__pycache__", "dist", "build"))
        return
    if _git("status", "--porcelain").strip():
        sys.stderr.write("dist: made of what is committed; there are changes beside that\n")
    with tarfile.open(fileobj=io.BytesIO(_git("archive", "--format=tar", "HEAD"))) as archive:
        archive.extractall(target, filter="data")


def epoch() -> str:
    """`SOURCE_DATE_EPOCH`, else when the commit was made."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return given
    return _git("log", "-1", "--format=%ct").decode().strip() if (ROOT / ".git").exists() else _EPOCH


def _git(*words: str) -> bytes:
    return subprocess.run(("git", *words), cwd=ROOT, capture_output=True, check=True).stdout
