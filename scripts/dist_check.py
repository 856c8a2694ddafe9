"""`make dist-check`: install what `make dist` has made into fresh environments, and use it there.

Also writes dist/couchcal.cdx.json: what one of those environments has in it is what the program depends on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

from scripts.sources import ROOT, epoch, head

DIST = ROOT / "dist"
_SHARED = (
    "man/man1/couchcal.1",
    "applications/couchcal.desktop",
    "icons/hicolor/scalable/apps/couchcal.svg",
)


def main(arguments: Sequence[str]) -> int:
    """Check wheel and sdist; with `sbom`, write the list of components alone."""
    if not list(DIST.glob("couchcal-*.whl")):
        sys.stderr.write("dist-check: dist/ is empty; make dist\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="couchcal-installed-") as folder:
        work = Path(folder)
        if list(arguments) == ["sbom"]:
            _write_sbom(_installed(work / "wheel", "--only-binary=couchcal"))
            return 0
        for kind, option in (("wheel", "--only-binary=couchcal"), ("sdist", "--no-binary=couchcal")):
            _used(_installed(work / kind, option), work / f"home-{kind}")
            sys.stdout.write(f"dist-check: the {kind} installs, runs and goes away again\n")
    return 0


def _installed(place: Path, option: str) -> Path:
    """A new environment with couchcal and what it needs; its prefix. It has no pip of its own, which would count as
    a dependency."""
    venv.create(place, with_pip=False, symlinks=True)
    # pip keeps the wheel it once built of an sdist, by its path and version: that would be another one's.
    subprocess.run(
        (sys.executable, "-m", "pip", "cache", "remove", "--quiet", "couchcal"), capture_output=True, check=False
    )
    subprocess.run(
        (
            *(sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--quiet"),
            *("--disable-pip-version-check", "--find-links", str(DIST), option, f"couchcal=={_version()}"),
        ),
        env=os.environ | {"PIP_CONSTRAINT": str(ROOT / "constraints.txt")},
        cwd=place,
        check=True,
    )
    return place


def _version() -> str:
    (wheel,) = DIST.glob("couchcal-*.whl")
    return wheel.name.split("-")[1]


def _used(prefix: Path, home: Path) -> None:
    """The commands a new user types, outside the sources, with nothing but this environment."""
    env = {"PATH": f"{prefix / 'bin'}:{os.defpath}", "COUCHCAL_HOME": str(home), "TZ": "UTC", "HOME": str(home)}
    home.mkdir()

    def couchcal(*words: str) -> str:
        done = subprocess.run(
            (str(prefix / "bin" / "couchcal"), *words),
            cwd=home,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"couchcal {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    demo = home / "demo"
    database = str(demo / "couchcal.db")
    _expect(couchcal("--version"), f"couchcal {_version()}")
    _expect(couchcal("--help"), "usage: couchcal")
    _expect(couchcal("demo", "--dir", str(demo)), "C-0001")
    _expect(couchcal("--db", database, "agenda", "--json"), "[")
    _expect(couchcal("--db", database, "doctor"), f"couchcal {_version()}")
    _expect(couchcal("serve", "--help"), "--port")
    _expect(couchcal("guide", "google"), "# Google Calendar")
    for shell in ("bash", "zsh", "fish"):
        _expect(couchcal("completion", shell), "availability")
    page = "import couchcal.web.rendering as r; print(r.environment().get_template('base.html').name)"
    _expect(_python(prefix, page), "base.html")
    _expect(_python(prefix, "import couchcal.tui.app as a; print(a.__file__)"), str(prefix))
    for name in _SHARED:
        if not (prefix / "share" / name).is_file():
            raise SystemExit(f"share/{name} was not installed")
    subprocess.run(
        (
            *(sys.executable, "-m", "pip", "--python", str(prefix / "bin" / "python"), "uninstall", "--quiet"),
            *("--disable-pip-version-check", "--yes", "couchcal"),
        ),
        check=True,
    )
    left = [path for path in prefix.rglob("couchcal*") if path.is_file()]
    if left:
        raise SystemExit(f"uninstalling left {left}")


def _python(prefix: Path, statement: str) -> str:
    words = (str(prefix / "bin" / "python"), "-I", "-c", statement)
    return subprocess.run(words, cwd=prefix, capture_output=True, text=True, check=True).stdout


def _expect(out: str, text: str) -> None:
    if text not in out:
        raise SystemExit(f"expected {text!r} in\n{out[:2000]}")


def _write_sbom(prefix: Path) -> None:
    target = DIST / "couchcal.cdx.json"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as described:
        described.write(
            f'[project]\nname = "couchcal"\nversion = "{_version()}"\n'
            f'description = "{project["description"]}"\nlicense = "{project["license"]}"\n'
            f"dependencies = {project['dependencies']!r}\n"
        )
        described.flush()
        subprocess.run(
            (
                *(sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", described.name),
                *("--output-reproducible", "-o", str(target), str(prefix / "bin" / "python")),
            ),
            env=os.environ | {"SOURCE_DATE_EPOCH": epoch(head())},
            check=True,
        )
    sys.stdout.write(f"dist/{target.name}: CycloneDX, of the wheel with what it needs\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
