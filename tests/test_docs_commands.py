"""What the documentation says to type: every command line is one the parsers take, and what only looks is run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from couchcal.cli.arguments import parse_command
from couchcal.cli.commands import COMMANDS
from couchcal.cli.main import run
from couchcal.errors import CouchcalError
from couchcal.practice.search_query import parse_query
from couchcal.scheduling import quickadd
from couchcal.scheduling.finder import parse_wish
from couchcal.scheduling.quickadd import ClientName, ServiceHint
from scripts.reference.json_pages import copy_demo

pytestmark = pytest.mark.xdist_group("docs")
ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOW = "2026-03-03T15:42:00+00:00"
TUESDAY = datetime(2026, 3, 3, 10, 42)  # noqa: DTZ001  the wall clock of the practice
NOT_TYPED = (
    "toml", "ini", "xml", "nginx", "json", "python", "text", "html", "css", "quick-add", "wish", "search",
)  # fmt: skip
"""Languages of blocks that hold no command lines; `text` is a synopsis or a picture."""
LOOKS = (
    "agenda", "show", "find", "free", "report", "doctor", "settings", "settings list", "settings get",
    "client list", "client show", "client duplicates", "availability show", "event-type list", "time-off list",
    "request list", "waitlist list", "service list", "modifier list", "place list", "room list", "mail list",
    "mail preview", "audit", "audit verify", "key show", "backup --list", "link", "completion",
)  # fmt: skip
"""Commands that only look: as they stand in the documentation, they have to work on the demo practice."""
PLACEHOLDERS = {"KIND": "reminder", "ZONE": "Europe/Paris", "COMMAND": "agenda"}
"""Words of the documentation that stand for something the parser checks."""


class Typed(NamedTuple):
    """A command line, and the page and line it is on."""

    where: str
    words: tuple[str, ...]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Command lines in blocks and between backticks, with their line numbers."""
    language: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r"\s*```([\w-]*)", line)
        if fence:
            language = None if language is not None else fence[1]
        elif language is None:
            yield from ((number, found) for found in re.findall(r"`(couchcal [^`]+)`", line))
        elif language not in NOT_TYPED:
            typed = re.sub(r"^\s*(\$ |\w+=\S+ )*", "", line)
            if typed.startswith("couchcal "):
                yield number, typed


def _words(line: str) -> tuple[str, ...]:
    """The words after `couchcal`, without what is explained beside them and where the output goes."""
    typed = re.split(r"\s{2,}|\s#|\s[>|]\s", line.removeprefix("couchcal "))[0]
    return tuple(PLACEHOLDERS.get(word, word) for word in shlex.split(typed.replace("…", "X")))


def _typed() -> Iterator[Typed]:
    for page in PAGES:
        if page.name == "CHANGELOG.md":
            continue
        name = page.relative_to(ROOT).as_posix()
        for number, line in _lines(page.read_text("utf-8")):
            yield Typed(f"{name}:{number}", _words(line))


TYPED = list(_typed())


def _complaint(words: tuple[str, ...]) -> str:
    """Why the program would not take the words; empty if it would."""
    db = None
    if words[:1] == ("--db",):
        db, words = words[1], words[2:]
    if not words or words[0] in ("--help", "--version"):
        return ""
    if words[0] not in COMMANDS:
        return f"there is no command {words[0]}"
    try:
        parse_command(words[0], words[1:], db)
    except CouchcalError as error:
        return str(error)
    except SystemExit:
        return ""
    return ""


def _named_only(words: tuple[str, ...], complaint: str) -> bool:
    """Whether a command is spoken of by its name alone, without the arguments it needs."""
    return len(words) <= 2 and ("required" in complaint or "expected one argument" in complaint)


def test_every_command_line_is_one_the_program_takes() -> None:
    assert len(TYPED) > 250
    wrong = []
    for typed in TYPED:
        complaint = _complaint(typed.words)
        if complaint and not _named_only(typed.words, complaint):
            wrong.append(f"{typed.where} couchcal {shlex.join(typed.words)}: {complaint}")
    assert wrong == []


def _only_looks(words: tuple[str, ...]) -> bool:
    called = " ".join(words[:2])
    return (words[0] in LOOKS and (len(words) == 1 or words[0] in ("agenda", "find", "free", "report"))) or (
        called in LOOKS
    )


LOOKING = sorted({typed.words for typed in TYPED if typed.words and _only_looks(typed.words)})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo practice of one day."""
    folder = tmp_path_factory.mktemp("home")
    copy_demo(folder / "couchcal.db")
    return folder


def test_what_only_looks_works_on_the_demo_practice(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(LOOKING) > 30
    for name, value in (("COUCHCAL_HOME", str(home)), ("COUCHCAL_NOW", NOW), ("TZ", "America/New_York")):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    failed = [words for words in LOOKING if run(list(words))]
    assert failed == [], capsys.readouterr().err


def _said(language: str) -> list[str]:
    """Every line of the blocks of a language of our own: what is typed into a screen."""
    texts = [page.read_text("utf-8") for page in PAGES]
    blocks = [block for text in texts for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)]
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines, language
    return lines


def test_every_line_of_quick_add_is_understood() -> None:
    people = [ClientName(1, "Jane", "Doe", "C-0001"), ClientName(2, "Bob", "Reed", "C-0002")]
    people.append(ClientName(3, "Omar", "Khan", "C-0003"))
    services = {"90834": ServiceHint(45), "90837": ServiceHint(60)}
    for line in _said("quick-add"):
        draft = quickadd.parse(line, now_local=TUESDAY, clients=people, services=services)
        assert draft.problems == (), line
        assert draft.start_local is not None, line


def test_every_wish_is_understood() -> None:
    for line in _said("wish"):
        assert parse_wish(line, TUESDAY.date()).ready, line


def test_every_search_is_understood() -> None:
    for line in _said("search"):
        assert not parse_query(line, TUESDAY.date()).empty, line
