"""`config.toml`: good values are taken, bad ones are told with their line, and writing keeps the rest."""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.errors import Invalid, Refused
from couchcal.paths import config_file, write_private
from couchcal.practice.practice_setting_values import ABOUT, LABELS
from couchcal.settings import (
    VIEWS,
    Settings,
    load,
    remember_view,
    remembered_view,
    wants_color,
    write_setting,
)
from couchcal.settings_file import place_of, write_settings
from couchcal.settings_keys import GOOGLE, KEYS, line_numbers, read
from couchcal.settings_mail import BACKUP, BOOKING, MAIL, TEXT, BackupTable, BookingTable, MailTable, TextTable
from couchcal.settings_tables import TABLE_KEYS, known, value_of
from scripts.reference.markdown import prose


def settings(text: str) -> Settings:
    write_private(config_file(), text.encode())
    return load()


def test_no_file_is_no_problem() -> None:
    assert load() == Settings()


def test_every_setting() -> None:
    found = settings(
        'theme = "couchcal-light"\nascii = true\nclock_24h = false\nweek_start = "Sunday"\nrow_minutes = 15\n'
        'first_hour = 0\nnames = "initials"\ncli_names = "first"\nsecond_time_zone = "Europe/Paris"\n'
        'date_order = "dmy"\n[keys]\nundo = "z"\nquit = "ctrl+q,q"\n[google]\nclient_secrets = "c.json"\n'
        'api_url = "https://x"\n[mail]\nhost = "y"\nport = 2525\nuser = "u"\nsecurity = "tls"\n'
        'from = "office@example.org"\nto = "me@example.org"\npublic_url = "https://book.example.org/"\n'
        'minimal = true\nagenda = "7:00"\nwait = 0\n[text]\nurl = "https://t/send"\naccount = "a"\n'
        'from = "+15550100"\nreminder = "See {link}"\n[booking]\naltcha = true\n'
    )
    assert found == Settings(
        theme="couchcal-light", ascii=True, clock_24h=False, week_start=6, row_minutes=15, first_hour=0,
        names="initials", cli_names="first", second_time_zone="Europe/Paris", date_order="dmy",
        google_client_secrets="c.json", google_api_url="https://x", keys={"undo": "z", "quit": "ctrl+q,q"},
        mail=MailTable("y", 2525, "u", "tls", "office@example.org", "me@example.org", "https://book.example.org",
                       minimal=True, agenda="7:00", wait=0),
        text=TextTable("https://t/send", "a", "+15550100", "See {link}"),
        booking=BookingTable(altcha=True),
    )  # fmt: skip


def test_the_table_of_keys_is_the_whole_of_the_settings() -> None:
    google = [f"google_{name}" for name in GOOGLE]
    assert [*KEYS, *google, "mail", "text", "booking", "backup", "keys", "problems"] == list(Settings._fields)
    assert [field for field, _ in MAIL.values()] == list(MailTable._fields)
    assert [field for field, _ in TEXT.values()] == list(TextTable._fields)
    assert [field for field, _ in BOOKING.values()] == list(BookingTable._fields)
    assert [field for field, _ in BACKUP.values()] == list(BackupTable._fields)
    tables = {"mail": MAIL, "text": TEXT, "booking": BOOKING, "backup": BACKUP}
    assert set(TABLE_KEYS) == {f"{table}.{key}" for table, keys in tables.items() for key in keys}


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('theme = "pink"', 2, "couchcal-dark"),
        ("theme = 1", 2, "couchcal-dark"),
        ('ascii = "yes"', 2, "true or false"),
        ("clock_24h = 24", 2, "true or false"),
        ('week_start = "funday"', 2, "monday"),
        ("week_start = 1", 2, "monday"),
        ("row_minutes = 20", 2, "15, 30, 60"),
        ("row_minutes = 30.0", 2, "15, 30, 60"),
        ("row_minutes = true", 2, "15, 30, 60"),
        ("first_hour = 24", 2, "23"),
        ("first_hour = true", 2, "23"),
        ('names = ["id"]', 2, "initials"),
        ('second_time_zone = "Paris"', 2, "Europe/Paris"),
        ("second_time_zone = 2", 2, "Europe/Paris"),
        ('date_order = "us"', 2, "mdy, dmy, ymd"),
        ('thme = "couchcal-light"', 2, "there is no setting 'thme'; did you mean 'theme'?"),
        ('\n# colours\n"them" = "x"', 4, "there is no setting 'them'; did you mean 'theme'?"),
        ("zzz = 1", 2, "there is no setting 'zzz'"),
        ('keys = "u"', 2, "[keys]"),
        ('[keys]\n\nundo = 3 # "undo"', 4, "keys.undo"),
        ('[mail]\nuser = """\nthem = 1\n"""\n[keys]\nundo = [\n1]', 7, "keys.undo"),
        ("keys.undo = 3", 2, "keys.undo"),
        ('[google]\napi_url = "https://x"\n\nclient_secret = "x"', 5, "did you mean 'client_secrets'?"),
        ("[google]\nclient_secrets = 3", 3, "google.client_secrets: give it as text"),
        ("mail = 3", 2, "mail is a table"),
        ('[mail]\nhos = "x"', 3, "[mail] has no 'hos'; did you mean 'host'?"),
        ('[mail]\npassword = "x"', 3, "couchcal mail password puts it into the keyring"),
        ('[mail]\nhost = "a b"', 3, "mail.host: use the name of the mail server"),
        ("[mail]\nport = true", 3, "mail.port: use a number"),
        ('[mail]\nsecurity = "ssl"', 3, "starttls, tls, none"),
        ('[mail]\nfrom = "Me <me@x.org>"', 3, "mail.from: use a plain address"),
        ('[mail]\nfrom = "me@x.org\\nBcc: y@x.org"', 3, "mail.from"),
        ('[mail]\npublic_url = "http://book.example.org"', 3, "it must begin with https://"),
        ('[mail]\npublic_url = "https://[x"', 3, "it must begin with https://"),
        ('[mail]\nminimal = "yes"', 3, "true or false"),
        ('[mail]\nagenda = "25:00"', 3, "07:00"),
        ('[text]\nurl = "ftp://x"', 3, "text.url: it must begin with https://"),
        ('[text]\nfrom = "x"', 3, "text.from: use a number"),
        ('[text]\npassword = "x"', 3, "couchcal mail password --text"),
        ("[mail]\nwait = -1", 3, "mail.wait: use a number of seconds from 0 to 600"),
        ("[mail]\nwait = true", 3, "mail.wait"),
        ('[text]\nreminder = "soon"', 3, "text.reminder: use text with {link} in it"),
        ('[text]\nreminder = "{name}, {link}"', 3, "text.reminder: use text with {link} in it"),
        ('[booking]\naltcha = "yes"', 3, "booking.altcha: use true or false"),
        ("booking = true", 2, "booking is a table"),
    ],
)
def test_a_wrong_value_is_told_with_its_line_and_the_rest_is_kept(text: str, line: int, word: str) -> None:
    found = settings(f'cli_names = "full"\n{text}\n')
    (problem,) = found.problems
    assert word in problem
    assert problem.startswith(f"config.toml line {line}: ")
    kept = found._replace(problems=(), google_api_url="", mail=MailTable(), text=TextTable())
    assert kept == Settings(cli_names="full")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"theme = ", "line 1: Invalid value at "),
        (b'# fine\ntheme = "couchcal-dark"\n\nnames == "id"\n', "line 4: Invalid value at column 8"),
        (b"a = 1\na = 2", "line 2: "),
        (b"names = 'id'\n\xff\xfe", "line 2: this is no UTF-8 text"),
        (b'theme = """\nx\n', "line 2: "),
    ],
)
def test_a_broken_file_gives_defaults_and_names_the_line(content: bytes, where: str) -> None:
    write_private(config_file(), content)
    found = load()
    assert found._replace(problems=()) == Settings()
    (problem,) = found.problems
    assert problem.startswith(f"config.toml {where}")
    assert problem.endswith("; defaults are used")


def test_a_byte_order_mark_is_no_problem() -> None:
    assert settings("\ufefftheme = 'couchcal-light'").theme == "couchcal-light"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "config.toml"
    folder.mkdir()
    assert "defaults are used" in load(folder).problems[0]
    with pytest.raises(Refused, match="cannot be read"):
        write_setting(folder, "theme", "couchcal-light")


@given(st.lists(st.sampled_from([
    "", "# [keys]", "[{k}]", "{k} = 1", "{k} = '''\n{k} = 2\n'''", "{k} = [\n1,\n2, # x\n]", "{k}.a.b = 3",
    "[[{k}]]\nz = 1", '"{k} =" = "="', "{k} = {{ x = 1 }}",
]), max_size=12))  # fmt: skip
def test_lines_are_those_of_the_keys(shapes: list[str]) -> None:
    """Each shape has a name of its own, so that its line can be found by looking for the name."""
    text = "\n".join(shape.format(k=f"k{index}") for index, shape in enumerate(shapes))
    for path, line in line_numbers(text).items():
        before = "\n".join(text.split("\n")[: line - 1])
        assert path[-1].strip(" =") in text.split("\n")[line - 1]
        assert not path[0].startswith("k") or path[0] in f"{before}\n{text.split(chr(10))[line - 1]}"


KEPT = """# mine, and I care for it
theme   = "couchcal-dark"   # at night

names = 'first'

[keys]   # as in vi
undo = "z"
"""


def test_writing_keeps_comments_order_and_everything_else() -> None:
    settings(KEPT)
    write_settings({"theme": "couchcal-light", "row_minutes": 15, "names": None})
    written = config_file().read_text("utf-8")
    assert '# mine, and I care for it\ntheme   = "couchcal-light"   # at night\n' in written
    assert '[keys]   # as in vi\nundo = "z"\n' in written
    assert written.index("row_minutes = 15") < written.index("[keys]")
    assert "names" not in written
    assert load() == Settings(theme="couchcal-light", row_minutes=15, keys={"undo": "z"})
    assert stat.S_IMODE(config_file().stat().st_mode) == 0o600


def test_what_the_hand_wrote_meanwhile_is_kept() -> None:
    settings(KEPT)
    config_file().write_text(KEPT.replace("'first'", "'id'") + 'redo = "Z"\n')
    write_setting(None, "theme", "couchcal-light")
    assert load() == Settings(theme="couchcal-light", names="id", keys={"undo": "z", "redo": "Z"})


def test_a_first_setting_makes_the_file_and_windows_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    write_setting(path, "week_start", "monday")
    assert tomllib.loads(path.read_text()) == {"week_start": "monday"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.write_bytes(b"# a\r\ntheme = 'couchcal-dark'\r\n")
    write_setting(path, "theme", "couchcal-light")
    assert path.read_bytes() == b'# a\r\ntheme = "couchcal-light"\r\n'


def test_a_key_of_a_table_is_set_alone_and_the_rest_of_the_table_stays() -> None:
    settings('# mine\n[mail]  # at home\nuser = "me"  # that is me\n[keys]\nundo = "z"\n')
    write_settings({"mail.host": "smtp.example.org", "mail.port": 2525, "mail.user": None, "booking.altcha": True})
    written = config_file().read_text("utf-8")
    assert "# mine\n[mail]  # at home\n" in written
    assert "user" not in written
    found = load()
    assert found.mail == MailTable(host="smtp.example.org", port=2525)
    assert (found.booking.altcha, found.keys) == (True, {"undo": "z"})
    before = written
    write_settings({"text.url": None, "mail.agenda": None})
    assert config_file().read_text("utf-8") == before
    for key, value in (("mail.hos", "x"), ("mail.port", 0), ("mail.password", "x"), ("keys.undo", "u")):
        with pytest.raises(Invalid) as refused:
            write_settings({key: value})
        assert refused.value.field == key
    settings("mail = 3\n")
    with pytest.raises(Refused, match=r"mail is no table"):
        write_settings({"mail.host": "x"})


def test_every_key_of_a_table_can_be_typed_and_read_back() -> None:
    typed = {
        "mail.host": "smtp.example.org", "mail.port": "2525", "mail.security": "TLS", "mail.user": "me",
        "mail.from": "me@example.org", "mail.to": "home@example.org", "mail.public_url": "https://b.example.org",
        "mail.minimal": "yes", "mail.agenda": "7:00", "mail.wait": "60", "text.url": "https://t.example.org",
        "text.account": "a", "text.from": "+15550100", "text.reminder": "Hi {link}", "booking.altcha": "on",
        "backup.copy_to": "~/Sync",
    }  # fmt: skip
    assert list(typed) == list(TABLE_KEYS)
    write_settings({name: TABLE_KEYS[name].from_text(text) for name, text in typed.items()})
    found = load()
    assert found.problems == ()
    for name, text in typed.items():
        shown = TABLE_KEYS[name].to_text(value_of(found, name))
        assert shown == {"TLS": "tls", "yes": "true", "on": "true"}.get(text, text)
    assert value_of(Settings(), "theme") == "couchcal-dark"
    assert list(known()) == [*KEYS, *TABLE_KEYS]


def test_a_link_to_dotfiles_stays_a_link(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("names = 'id'\n")
    link = tmp_path / "config.toml"
    link.symlink_to(kept)
    write_setting(link, "ascii", True)
    assert link.is_symlink()
    assert load(kept) == Settings(names="id", ascii=True)


def test_nothing_is_written_where_nothing_changes() -> None:
    settings(KEPT)
    before = config_file().stat()
    write_settings({"theme": "couchcal-dark", "row_minutes": None})
    after = config_file().stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(("key", "value", "word"), [("them", "x", "did you mean 'theme'"), ("theme", "x", "theme")])
def test_a_wrong_setting_is_never_written(key: str, value: Any, word: str) -> None:
    settings(KEPT)
    with pytest.raises(Invalid, match=word) as refused:
        write_setting(None, key, value)
    assert refused.value.field == key
    assert config_file().read_text("utf-8") == KEPT


def test_a_broken_file_is_not_written_over() -> None:
    settings("theme = \n# much work\n")
    with pytest.raises(Refused, match="line 1"):
        write_setting(None, "theme", "couchcal-light")
    assert config_file().read_text("utf-8") == "theme = \n# much work\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_to_is_told() -> None:
    settings(KEPT)
    config_file().parent.chmod(0o500)
    try:
        with pytest.raises(Refused, match="cannot be written"):
            write_setting(None, "ascii", True)
    finally:
        config_file().parent.chmod(0o700)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("theme", " Couchcal-Light ", "couchcal-light"), ("ascii", "yes", True), ("clock_24h", "off", False),
        ("week_start", "Sunday", "sunday"), ("row_minutes", "15", 15), ("first_hour", "0", 0),
        ("second_time_zone", "Asia/Tokyo", "Asia/Tokyo"), ("date_order", "YMD", "ymd"),
    ],
)  # fmt: skip
def test_values_typed_by_people(key: str, text: str, value: Any) -> None:
    assert KEYS[key].from_text(text) == value
    found, problems = read(f"{key} = {str(value).lower() if value in (True, False) else repr(value)}".encode(), "x")
    assert problems == ()
    assert KEYS[key].from_text(KEYS[key].to_text(found[key])) == value


@pytest.mark.parametrize(
    ("key", "text"), [("ascii", "perhaps"), ("row_minutes", "³"), ("first_hour", "99999999"), ("names", "")]
)
def test_wrong_values_typed_by_people(key: str, text: str) -> None:
    with pytest.raises(ValueError, match="use"):
        KEYS[key].from_text(text)


def test_where_a_key_is() -> None:
    settings('theme = "couchcal-dark"\n[keys]\nundo = "z"\n')
    assert place_of("keys", "undo") == "config.toml line 3"
    assert place_of("keys", "redo") == "keys"


def test_reading_loads_no_writer() -> None:
    settings(KEPT)
    sys.modules.pop("tomlkit", None)
    load()
    assert "tomlkit" not in sys.modules


@pytest.mark.parametrize("view", VIEWS)
def test_the_view_is_remembered(isolated_home: Path, view: str) -> None:  # CAL-01
    assert remembered_view() == "week"
    remember_view(view)
    assert remembered_view() == view
    assert (isolated_home / "view").stat().st_mode & 0o077 == 0


def test_a_damaged_memory_is_no_problem(isolated_home: Path) -> None:
    write_private(isolated_home / "view", b"\xff")
    assert remembered_view() == "week"
    write_private(isolated_home / "view", b"year")
    assert remembered_view() == "week"


def test_remembering_never_stops_anybody(isolated_home: Path) -> None:
    isolated_home.parent.mkdir(exist_ok=True)
    isolated_home.write_bytes(b"a file in the way")
    remember_view("day")
    assert isolated_home.read_bytes() == b"a file in the way"


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wants_color()
    monkeypatch.setenv("NO_COLOR", "1")
    assert os.environ["NO_COLOR"]
    assert not wants_color()


def test_the_documentation_has_every_key() -> None:
    text = (Path(__file__).parents[1] / "docs" / "reference" / "settings.md").read_text("utf-8")
    for key in KEYS.values():
        assert f"| `{key.name}` | {prose(key.about)} |" in text
    for name, key in TABLE_KEYS.items():
        assert f"| `{name.partition('.')[2]}` | {prose(key.about)} |" in text
    for name, label in LABELS.items():
        about = f"{label}: {ABOUT[name]}" if ABOUT[name] else label
        assert f"| `practice.{name}` | {prose(about)} |" in text


@pytest.mark.parametrize(
    "last", ['mail.user = "me"', '[mail]\nuser = "me"', 'theme = "couchcal-dark"  # as ever', "mail.a.b = 1"]
)
def test_a_last_line_without_an_end_stays_a_line_of_its_own(tmp_path: Path, last: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(last, "utf-8")
    write_settings({"mail.host": "mail.example", "names": "first"}, file)
    assert last.splitlines()[-1] in file.read_text("utf-8").splitlines()
    found = load(file)
    assert (found.mail.host, found.names) == ("mail.example", "first")


def test_a_file_that_cannot_be_written_as_meant_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    content = f'theme = "couchcal-light"\n{".".join(["deep"] * 120)} = 1\n'
    file.write_text(content, "utf-8")
    assert load(file).theme == "couchcal-light"
    with pytest.raises(Refused, match="cannot be changed here"):
        write_settings({"theme": "couchcal-dark"}, file)
    assert file.read_text("utf-8") == content
