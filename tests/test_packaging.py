"""What a wheel has in it, and what the program may need beside itself. `make dist-check` installs and runs it."""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import RawConfigParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from couchcal import __version__
from couchcal.cli.commands import COMMANDS
from couchcal.cli.guide import PAGES
from scripts import manpage
from scripts.manpage_words import ENVIRONMENT

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "couchcal"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RUNTIME = [Requirement(line) for line in PROJECT["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"]]
PINS = [Requirement(line) for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()]
IMPORTED_BY_NOBODY = {"tzdata"}
"""Data that the standard library finds by itself."""
ON_A_SERVER = {"psycopg"}
"""The driver of the extra `postgresql`: imported once the address of a server is given."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheel, built twice from copies of what it is built from."""
    built = []
    for number in ("one", "two"):
        sources = tmp_path_factory.mktemp(number)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, sources / name)
        for name in ("src", "share", "docs"):
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
        builder = WheelBuilder(str(sources))
        built.append(Path(next(builder.build(directory=str(sources / "dist"), versions=["standard"]))))
    return built


def test_a_wheel_has_every_file_of_the_package_and_no_other(wheels: list[Path]) -> None:
    with zipfile.ZipFile(wheels[0]) as wheel:
        names = set(wheel.namelist())
    package = {
        path.relative_to(SOURCE.parent).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    pages = {f"couchcal/guide/{name}.md" for name in PAGES}
    assert {name for name in names if name.startswith("couchcal/")} == package | pages
    for name in ("py.typed", "practice/starter.json", "store/migrations/script.py.mako", "web/static/pages.css"):
        assert f"couchcal/{name}" in names
    about = f"couchcal-{__version__}"
    assert {name.partition("/")[0] for name in names} == {"couchcal", f"{about}.data", f"{about}.dist-info"}
    shared = {name.partition(".data/data/share/")[2] for name in names if ".data/" in name}
    assert shared == {
        "man/man1/couchcal.1",
        "applications/couchcal.desktop",
        "icons/hicolor/scalable/apps/couchcal.svg",
    }


def test_every_page_that_the_program_names_comes_with_it(wheels: list[Path]) -> None:
    said = re.compile(r"couchcal\s+guide ([a-z][a-z-]*)")
    texts = [path.read_text("utf-8") for path in SOURCE.rglob("*.py")]
    named = {name for text in texts for name in said.findall(text)}
    assert {"google", "mail", "booking", "postgresql", "security"} <= named
    with zipfile.ZipFile(wheels[0]) as wheel:
        for name, file in PAGES.items():
            assert wheel.read(f"couchcal/guide/{name}.md") == (ROOT / "docs" / file).read_bytes(), name
    assert named <= set(PAGES)
    strings = [
        node.value
        for text in texts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert strings
    assert [text for text in strings if re.search(r"docs/[\w/-]+\.md", text) and "\n" not in text] == []


def test_two_builds_make_the_same_bytes(wheels: list[Path]) -> None:
    first, second = wheels
    assert first.read_bytes() == second.read_bytes()


def _closure(roots: list[Requirement]) -> set[str]:
    """The names of what is installed here for `roots`, with all it needs in turn."""
    found: dict[str, set[str]] = {}
    waiting = list(roots)
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), wanted.extras or {""}
        if name in found and extras <= found[name]:
            continue
        found[name] = found.get(name, set()) | extras
        try:
            lines = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        below = map(Requirement, lines)
        waiting += [r for r in below if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in extras)]
    return set(found)


def test_everything_needed_is_pinned_and_nothing_else() -> None:
    pinned = {canonicalize_name(pin.name) for pin in PINS}
    for pin in PINS:
        assert re.fullmatch(r"==[^*,]+", str(pin.specifier)), pin
    assert len(pinned) == len(PINS)
    needed = _closure([*RUNTIME, *DEVELOPMENT])
    assert needed - pinned == set()
    elsewhere = {"colorama", "pywin32-ctypes", "trove-classifiers"}  # Windows; hatchling's
    installed_elsewhere = {"backports-tarfile", "importlib-metadata", "lazy-importer", "zipp"}  # Python 3.11
    linux = {"jeepney", "secretstorage"}
    assert pinned - needed <= elsewhere | installed_elsewhere | linux


def test_the_pins_are_within_the_ranges() -> None:
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in PINS}
    wrong = [str(r) for r in [*RUNTIME, *DEVELOPMENT] if versions[canonicalize_name(r.name)] not in r.specifier]
    assert wrong == []


def _imported() -> Iterator[str]:
    """Top-level names that `src` imports from outside, wherever in a module it does."""
    statement = re.compile(r"^\s*(?:from ([\w.]+) import |import ([\w.]+)(?: as \w+)?$)", re.M)
    own = {*sys.stdlib_module_names, "couchcal"}
    for path in SOURCE.rglob("*.py"):
        for module, plain in statement.findall(path.read_text("utf-8")):
            top = (module or plain).partition(".")[0]
            if top not in own:
                yield top


def test_what_is_imported_is_named_and_what_is_named_is_imported() -> None:
    imported = set(_imported())
    provided = {r.name: {str(file).partition("/")[0] for file in distribution(r.name).files or []} for r in RUNTIME}
    provided = {name: {top.removesuffix(".py") for top in tops} for name, tops in provided.items()}
    assert imported - set().union(*provided.values()) == ON_A_SERVER
    assert {name for name, tops in provided.items() if not tops & imported} == IMPORTED_BY_NOBODY


def test_every_package_that_is_needed_is_explained() -> None:
    record = (ROOT / "docs" / "decisions" / "0014-what-we-depend-on.md").read_text("utf-8")
    assert set(re.findall(r"^\| ([a-z0-9-]+) \|", record, re.M)) - {"package"} == {r.name for r in RUNTIME}


def test_the_manual_page_is_that_of_the_commands() -> None:
    """When this fails: `make man`, and look at it with `man -l share/man/man1/couchcal.1`."""
    assert manpage.PAGE.read_text("ascii") == manpage.page()


def test_the_manual_page_tells_every_command_and_every_variable() -> None:
    page = manpage.page()
    assert [name for name in COMMANDS if f'.SS "{manpage.roff(name)}"' not in page] == []
    read = {
        name
        for path in SOURCE.rglob("*.py")
        for name in re.findall(r"""environ(?:\.get\(|\[)["'](COUCHCAL_[A-Z_]+)["']""", path.read_text("utf-8"))
    }
    assert read == {name for name in ENVIRONMENT if name.startswith("COUCHCAL_")}


def test_nothing_in_the_manual_page_is_taken_for_a_request() -> None:
    assert manpage.roff(".SH it's a \\trap") == "\\&.SH it\\(aqs a \\etrap"
    assert manpage.roff("–") == "\\[u2013]"
    known = {
        ".TH", ".SH", ".SS", ".PP", ".TP", ".HP", ".RS", ".RE", ".PD", ".nf", ".fi", ".br", ".nh", ".ad", '.\\"',
    }  # fmt: skip
    assert {line.split(" ")[0] for line in manpage.page().splitlines() if line[:1] in (".", "'")} <= known


def test_the_menu_entry_starts_the_program_in_a_terminal() -> None:
    entry = RawConfigParser()
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(ROOT / "share" / "applications" / "couchcal.desktop", "utf-8")
    values = entry["Desktop Entry"]
    assert (values["Exec"], values["Terminal"], values["Icon"]) == ("couchcal", "true", "couchcal")
    assert "couchcal" in PROJECT["scripts"]
