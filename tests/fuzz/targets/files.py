"""Files that others wrote: calendars, the settings, a whole practice."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from couchcal.archive.reading import import_all
from couchcal.archive.writing import export_all
from couchcal.errors import CouchcalError, NotFound
from couchcal.practice import client_changes
from couchcal.scheduling.wallclock import zone
from couchcal.settings import load
from couchcal.settings_file import write_settings
from tests.fuzz.target import PART, Run, Target
from tests.fuzz.targets.tried import Tried, shown
from tests.support.demo import at, clock, event, session
from tests.support.practice import make_practice

NEW_YORK = zone("America/New_York")


def config() -> Target:
    """`config.toml` is read, and written to."""

    def prepare(folder: Path) -> Run:
        def run(data: bytes) -> Hashable:
            path = folder / "config.toml"
            path.write_bytes(data)
            found = load(path)
            try:
                write_settings({"theme": "couchcal-light", "mail.host": "mail.example"}, path)
            except CouchcalError as error:
                assert found.problems, "what is read can be written"
                return error.code, error.message[:20]
            after = load(path)
            assert after.theme == "couchcal-light"
            assert after.mail.host == "mail.example"
            unchanged = after._replace(theme=found.theme, mail=found.mail, problems=())
            assert unchanged == found._replace(problems=())
            return tuple(problem.partition(": ")[2][:20] for problem in found.problems)

        return run

    seeds = (
        b'theme = "couchcal-dark"\nascii = true\nweek_start = "mon"\nrow_minutes = 15\nnames = "first"\n',
        b'[keys]\nundo = "u"\n"a b" = "ctrl+x"\n\n[mail]\nhost = "mail.example"\nport = 587\n',
        b'[google]\nclient_secrets = "client_secret.json"\n[backup]\nkeep = 3\n[booking]\n[text]\n',
        b'mail.host = "x"\nsecond_time_zone = "Europe/Berlin"\ndate_order = "dmy"\nlock_minutes = 0\n',
        b"mail = {host = 'x', port = 25}\nkeys = {undo = 'u'}\n# a comment\ncalendar_file = '''\nx'''\n",
    )  # fmt: skip
    words = (
        b"[[keys]]", b"[mail]", b"mail = 1", b"[keys.undo]", b"theme = []", b"= ", b'"""', b"'''",
        b"1979-05-27T07:32:00Z", b"inf",
        b"0x10", b"1e999", b"\\u0000", b"{a = {b = 1}}", b"second_time_zone = 'posixrules'", b"#",
        b"[mail.host]", b"host.x = 1",
    )  # fmt: skip
    return Target("config", prepare, seeds, words, "lines", 2_000)


def archive() -> Target:
    """A folder of `export --all`, of which some files are others, is read into a new practice and shown."""
    return Target(
        "archive",
        _archive,
        _archive_seeds(),
        (b"null", b"1e400", b'"\\ud800"', b"{}", b"[[[[", b"-1"),
        "json",
        20_000,
    )


_TRIED = (
    "schema",
    "client",
    "appointment",
    "series",
    "time_off",
    "practice",
    "location",
    "availability_block",
    "event_type",
)


def _exported(folder: Path) -> Path:
    database = make_practice(folder / "whole")
    client = client_changes.add(database, "Jane Canary", email="jane@example.org", clock=clock).id
    session(database, client, at(4, 9))
    event(database, "Supervision", at(5, 15))
    made = folder / "export"
    export_all(database, made, clock=clock)
    database.dispose()
    return made


def _archive_seeds() -> list[bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        made = _exported(Path(name))
        texts = {each: (made / "json" / f"{each}.jsonl").read_bytes() for each in _TRIED[1:]}
        texts["schema"] = (made / "schema.json").read_bytes()
    return [
        PART.join(each.encode() + b" " + text for each, text in texts.items() if each == only) for only in _TRIED
    ]


def _archive(folder: Path) -> Run:
    whole = _exported(folder)
    tried = Tried(make_practice(folder / "template"), folder)

    def place(name: str) -> Path:
        return whole / "schema.json" if name == "schema" else whole / "json" / f"{name}.jsonl"

    kept = {name: place(name).read_bytes() for name in _TRIED}

    def run(data: bytes) -> Hashable:
        changed = []
        for part in data.split(PART):
            name, _, content = part.partition(b" ")
            if (known := name.decode("utf-8", "replace")) in kept:
                place(known).write_bytes(content)
                changed.append(known)
        try:
            database = tried.afresh()
            try:
                counts = import_all(database, whole, clock=clock)
            except (NotFound, CouchcalError) as error:
                shown(database)
                return error.code, error.message[:40]
            return tuple(changed), shown(database) > 0, tuple(counts.values())
        finally:
            for known in changed:
                place(known).write_bytes(kept[known])

    return run
