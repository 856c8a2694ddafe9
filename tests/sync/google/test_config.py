"""The client file and the API's address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import NotFound, Refused
from couchcal.settings import load as load_settings
from couchcal.sync.google import browser, config

CLIENT: dict[str, Any] = {
    "client_id": "id", "client_secret": "secret", "auth_uri": "https://accounts.google.com/o/oauth2/v2/auth",
    "token_uri": "https://oauth2.googleapis.com/token", "redirect_uris": ["http://localhost"],
}  # fmt: skip


@pytest.fixture
def home(isolated_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    isolated_home.mkdir()
    for name in ("COUCHCAL_GOOGLE_CLIENT_SECRETS", "COUCHCAL_GOOGLE_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return isolated_home


def put(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_where_the_client_file_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.client_file() == home / "client_secret.json"
    here = put(Path.cwd() / "client_secret.json", "{}")
    assert config.client_file() == here
    put(home / "client_secret.json", "{}")
    assert config.client_file() == home / "client_secret.json"
    put(home / "config.toml", '[google]\nclient_secrets = "g/c.json"\napi_url = "https://proxy.example/v3/"\n')
    assert config.client_file() == home / "g" / "c.json"
    assert config.api_url() == "https://proxy.example/v3"
    monkeypatch.setenv("COUCHCAL_GOOGLE_CLIENT_SECRETS", "/etc/c.json")
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", "http://localhost:8080/calendar/v3")
    assert config.client_file() == Path("/etc/c.json")
    assert config.api_url() == "http://localhost:8080/calendar/v3"


def test_a_client_file(home: Path) -> None:
    put(home / "client_secret.json", {"installed": CLIENT})
    found = config.load()
    assert found.client == config.Client("id", "secret", CLIENT["auth_uri"], CLIENT["token_uri"])
    assert found.api_url == "https://www.googleapis.com/calendar/v3"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON"),
        ("[" * 90_000, "no JSON"),
        ([], "no Google client file"),
        ({"installed": {}}, "no Google client file"),
        ({"installed": [1]}, "no Google client file"),
        ({"installed": {**CLIENT, "client_id": ""}}, "no Google client file"),
        ({"web": CLIENT}, "client for web servers"),
        ({"type": "service_account"}, "service account"),
        ({"installed": {**CLIENT, "token_uri": "http://oauth2.googleapis.com/token"}}, "not safe"),
        ({"installed": {**CLIENT, "auth_uri": "file:///etc/passwd"}}, "not safe"),
        ({"installed": {**CLIENT, "auth_uri": "http://[x"}}, "not safe"),
    ],
)
def test_other_files_each_have_their_words(home: Path, content: object, words: str) -> None:
    path = put(home / "client_secret.json", content)
    with pytest.raises(Refused, match=words):
        config.read_client(path)


def test_no_client_file(home: Path) -> None:
    with pytest.raises(NotFound, match="couchcal guide google"):
        config.load()
    (home / "client_secret.json").mkdir()
    with pytest.raises(Refused, match="cannot be read"):
        config.load()


@pytest.mark.parametrize("url", ["http://www.googleapis.com/calendar/v3", "ftp://x", "nonsense", "https://"])
def test_addresses_that_are_not_safe(home: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("COUCHCAL_GOOGLE_API_URL", url)
    with pytest.raises(Refused, match="not safe"):
        config.api_url()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "theme = 'couchcal-dark'\n[google]\napi = 'x'\n",
            "config.toml line 3: [google] has no 'api'; did you mean",
        ),
        (
            "[google]\n\nclient_secrets = 3\n",
            "config.toml line 3: google.client_secrets: give it as text in quotes",
        ),
        ("google = 'x'\n", "config.toml line 1: google is a table: [google], then lines such as"),
    ],
)
def test_a_wrong_table_is_told_with_its_line(home: Path, text: str, problem: str) -> None:
    put(home / "config.toml", text)
    found = load_settings()
    assert len(found.problems) == 1
    assert found.problems[0].startswith(problem)
    assert found.google_client_secrets == ""
    assert config.client_file() == home / "client_secret.json"


def test_a_browser_is_opened_only_where_there_is_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    opened: list[list[str]] = []
    monkeypatch.setattr("subprocess.Popen", lambda words, **_: opened.append(words))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "gio" else None)
    assert not browser.open_browser("http://x")
    monkeypatch.setenv("DISPLAY", ":0")
    assert browser.open_browser("http://x")
    assert opened == [["/usr/bin/gio", "open", "http://x"]]
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    assert not browser.open_browser("http://x")
    monkeypatch.setattr("sys.platform", "darwin")
    assert not browser.has_screen()
    monkeypatch.delenv("SSH_CONNECTION")
    assert browser.has_screen()
