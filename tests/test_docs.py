"""The documentation against itself and against the program: made pages, links, the map of the house, the site."""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from couchcal.cli.commands import COMMANDS
from couchcal.tui.commands import COMMANDS as KEYS
from scripts.reference import commands, json_pages
from scripts.reference.pages import FOLDER, pages
from scripts.reference.settings import ALLOWED
from scripts.site_check import problems
from scripts.site_pages import filled, led

pytestmark = pytest.mark.xdist_group("docs")
ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "couchcal"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
OUTSIDE_ALLOWED = re.compile(r"https://|http://127\.0\.0\.1|mailto:")


# the reference


@cache
def _made() -> dict[str, str]:
    return pages()


@pytest.mark.parametrize("name", ["commands.md", "keys.md", "settings.md", "json.md", "exit-codes.md"])
def test_the_reference_is_as_the_program_is(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == _made()[name], "make reference"


def test_what_json_prints_is_told_field_by_field_with_its_type() -> None:
    assert json_pages.mismatches() == []


def test_every_command_and_key_has_its_place() -> None:
    assert sorted(name for names in commands.grouped().values() for name in names) == sorted(COMMANDS)
    assert all(f"`{command.id()}`" in _made()["keys.md"] for command in KEYS)


def test_nothing_is_said_of_settings_that_are_not_there() -> None:
    text = _made()["settings.md"]
    assert all(
        f"| `{name.removeprefix('mail.').removeprefix('text.').removeprefix('backup.')}` |" in text
        for name in ALLOWED
    )


# links


def _text_of(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^\s*```.*?^\s*```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


@cache
def _anchors(page: Path) -> frozenset[str]:
    """The anchors of the headings of a page, as GitHub and the site make them."""
    found: dict[str, int] = {}
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", _text_of(page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        anchors.add(slug if slug not in found else f"{slug}-{found[slug]}")
        found[slug] = found.get(slug, 0) + 1
    return frozenset(anchors)


def _links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        yield from ((page, target) for target in LINK.findall(_text_of(page)))


def _leads_nowhere(page: Path, target: str) -> bool:
    path, _, anchor = unquote(target).partition("#")
    there = (page.parent / path).resolve() if path else page
    if not there.exists() or ROOT not in (there, *there.parents):
        return True
    return bool(anchor) and (there.suffix != ".md" or anchor not in _anchors(there))


def test_every_link_leads_somewhere() -> None:
    inside = [(page, target) for page, target in _links() if not OUTSIDE_ALLOWED.match(target)]
    assert len(inside) > 400
    assert [f"{page.relative_to(ROOT)}: {target}" for page, target in inside if _leads_nowhere(page, target)] == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    page = DOCS / "index.md"
    assert not _leads_nowhere(page, "guide/day.md#undo")
    assert _leads_nowhere(page, "guide/day.md#nothing-like-that")
    assert _leads_nowhere(page, "guide/night.md")
    assert _leads_nowhere(page, "../../elsewhere")


def test_what_is_tracked_is_linked() -> None:
    """A link to a file that only this working tree has works nowhere else."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("needs the repository")
    tracked = set(listed.stdout.decode().split("\0"))
    missing = set()
    for page, target in _links():
        path = unquote(target).partition("#")[0]
        if path and not OUTSIDE_ALLOWED.match(target):
            name = posixpath.normpath((page.parent.relative_to(ROOT) / path).as_posix())
            if name not in tracked and not any(other.startswith(f"{name}/") for other in tracked):
                missing.add(f"{page.relative_to(ROOT)}: {name}")
    assert sorted(missing) == []


# the map of the house


def _map() -> dict[str, list[str]]:
    """The packages of docs/architecture.md with the modules that are named for them."""
    rows = re.findall(
        r"^\| `([\w.]+)` \|[^|]*\| (.+) \|$", (DOCS / "architecture.md").read_text("utf-8"), re.MULTILINE
    )
    return {name: re.findall(r"`([\w]+\.py)`", modules) for name, modules in rows}


def test_the_map_has_every_package_and_no_other() -> None:
    there = {path.parent.relative_to(SOURCE).as_posix().replace("/", ".") for path in SOURCE.rglob("*.py")}
    assert {"." if name == "couchcal" else name for name in _map()} == there


def test_the_map_names_modules_that_exist() -> None:
    for name, modules in _map().items():
        folder = SOURCE if name == "couchcal" else SOURCE / name.replace(".", "/")
        assert modules, name
        assert [module for module in modules if not (folder / module).is_file()] == []


def test_every_module_that_is_named_exists() -> None:
    """`practice.door_page`, and `practice.door.book` for what is in one."""
    text = (DOCS / "architecture.md").read_text("utf-8")
    packages = {name for name in _map() if name != "couchcal"}
    wrong = []
    for dotted in set(re.findall(r"\b((?:" + "|".join(sorted(packages)) + r")\.(?!md\b)[a-z_]+)\b", text)):
        path = SOURCE / dotted.replace(".", "/")
        if not path.with_suffix(".py").is_file() and not path.is_dir():
            wrong.append(dotted)
    assert sorted(wrong) == []


def test_every_decision_is_linked_from_somewhere_or_stands_in_the_navigation() -> None:
    assert "decisions/*.md" in (ROOT / "mkdocs.yml").read_text("utf-8")


# the site


def _navigation() -> list[str]:
    return re.findall(r"^ +- ([\w./*-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)


def test_the_navigation_has_every_page() -> None:
    named = filled(list(_navigation()), DOCS)
    beside = {"CHANGELOG.md", "CONTRIBUTING.md"}
    assert sorted(set(named) - beside) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))
    assert len(named) == len(set(named))


def test_links_that_leave_the_folder_are_led_to_what_the_site_has() -> None:
    assert led("![x](../screenshots/a.svg)", "google.md") == "![x](screenshots/a.svg)"
    assert led("[x](../../screenshots/a.svg)", "guide/day.md") == "[x](../screenshots/a.svg)"
    assert led("[c](../CONTRIBUTING.md#rules)", "architecture.md") == "[c](CONTRIBUTING.md#rules)"
    assert led("[d](docs/mail.md)", "CHANGELOG.md") == "[d](mail.md)"
    assert led("[test_it](../tests/cli/test_add.py)", "requirements.md") == "test_it"
    assert led("[out](https://example.org/) [here](day.md#undo)", "guide/clients.md") == (
        "[out](https://example.org/) [here](day.md#undo)"
    )


def test_a_site_that_loads_or_leads_elsewhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#there">b</a><h1 id="top">A</h1>', "utf-8")
    (tmp_path / "b.html").write_text('<h1 id="there">B</h1><a href="a.html#top">a</a>', "utf-8")
    assert list(problems(tmp_path)) == []
    (tmp_path / "b.html").write_text(
        '<script src="https://cdn.example.org/x.js"></script><a href="a.html#gone">a</a><a href="c.html">c</a>',
        "utf-8",
    )
    (tmp_path / "c.css").write_text("@import url(//fonts.example.org/f.css);", "utf-8")
    assert list(problems(tmp_path)) == [
        "a.html leads to b.html#there",
        "b.html loads https://cdn.example.org/x.js",
        "b.html leads to a.html#gone",
        "b.html leads to c.html",
        "c.css loads something from elsewhere",
    ]
