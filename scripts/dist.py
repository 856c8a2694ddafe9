"""`make dist`: wheel and sdist in dist/, built twice and compared byte for byte, then checked."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from scripts.sources import ROOT, copy_sources, epoch, head

DIST = ROOT / "dist"


def main() -> int:
    """Build, compare, check, and put into dist/ with a list of SHA-256 sums."""
    with tempfile.TemporaryDirectory(prefix="couchcal-dist-") as folder:
        work = Path(folder)
        commit = head()
        builds = [_built(commit, work / "one", umask=0o022), _built(commit, work / "two", umask=0o077)]
        first, second = ({path.name: path.read_bytes() for path in build} for build in builds)
        if first != second:
            different = [name for name in first if first[name] != second.get(name)]
            sys.stderr.write(f"dist: two builds differ: {', '.join(different)}\n")
            return 1
        problems = [problem for path in builds[0] for problem in _problems(path, work / "one" / "sources")]
        for problem in problems:
            sys.stderr.write(f"dist: {problem}\n")
        described = subprocess.run(
            (sys.executable, "-m", "twine", "check", "--strict", *map(str, builds[0])), check=False
        ).returncode
    if problems or described:
        return 1
    _put(first)
    return 0


def _built(commit: str | None, work: Path, *, umask: int) -> list[Path]:
    """Wheel and sdist, the wheel out of the sdist. Another folder and another umask may change nothing."""
    sources, out = work / "sources", work / "out"
    copy_sources(commit, sources)
    subprocess.run(
        (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(sources)),
        env=os.environ | {"SOURCE_DATE_EPOCH": epoch(commit)},
        umask=umask,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return sorted(out.iterdir())


def _problems(path: Path, sources: Path) -> list[str]:
    """What is missing in a distribution, or should not be in it."""
    names = _names(path)
    package = {
        file.relative_to(sources / "src").as_posix()
        for file in (sources / "src" / "couchcal").rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    if path.suffix == ".whl":
        wanted = package
        unwanted = [name for name in names if not name.startswith(("couchcal/", "couchcal-"))]
    else:
        wanted = {f"src/{name}" for name in package} | {
            "LICENSE",
            "PKG-INFO",
            "constraints.txt",
            "tests/conftest.py",
        }
        unwanted = [name for name in names if name.startswith((".ci", "dist/", ".venv"))]
    found = [f"{path.name} lacks {name}" for name in sorted(wanted - names)]
    return found + [f"{path.name} has {name}" for name in sorted(unwanted)]


def _names(path: Path) -> set[str]:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return set(wheel.namelist())
    with tarfile.open(path) as sdist:
        return {member.name.partition("/")[2] for member in sdist.getmembers()}


def _put(files: dict[str, bytes]) -> None:
    DIST.mkdir(exist_ok=True)
    for old in DIST.glob("couchcal-*"):
        old.unlink()
    sums = []
    for name, content in sorted(files.items()):
        (DIST / name).write_bytes(content)
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        sys.stdout.write(f"dist/{name}: {len(content):,} bytes, the same from two builds\n")
    (DIST / "SHA256SUMS").write_text("".join(sums), "ascii")


if __name__ == "__main__":
    sys.exit(main())
