"""`couchcal serve` and `couchcal link`: the server as a program of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest
from starlette.applications import Starlette

from couchcal.store.connection import Database
from couchcal.web.app import create_app
from couchcal.web.site import Site
from tests.cli.conftest import Cli
from tests.cli.test_process import COMMAND, couchcal, environment
from tests.support.practice import make_practice


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    database = make_practice(tmp_path / "home")
    with closing(database.connect()) as connection:
        connection.execute("UPDATE practice SET slug = 'quiet-room'")
    return database


@pytest.mark.parametrize("options", [("--no-worker",), ()], ids=["alone", "with its worker"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end(
    practice: Database, tmp_path: Path, number: signal.Signals, options: tuple[str, ...]
) -> None:
    argv = (*COMMAND, "serve", "--port", "0", *options)
    with subprocess.Popen(
        argv, env=environment(tmp_path / "home"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        assert server.stderr
        ended = threading.Timer(60, server.kill)
        ended.start()
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert address.endswith("/book/quiet-room")
        with urlopen(f"{address}?secret=canary", timeout=30) as answer:  # noqa: S310  our own server
            assert answer.status == 200
            assert "Nothing can be booked here" in answer.read().decode()
            assert "server" not in {name.lower() for name in answer.headers}
        server.send_signal(number)
        assert server.wait(30) == 0
        log = server.stderr.read()
        ended.cancel()
    assert "GET /book/{slug} 200" in log
    assert "canary" not in log
    assert "Traceback" not in log


@pytest.mark.parametrize("on", [True, False])
def test_the_settings_decide_on_mail_and_on_proof_of_work(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, on: bool
) -> None:  # REQ-09, C-14
    sites: list[Site] = []

    def keep(site: Site) -> Starlette:
        sites.append(site)
        return create_app(site)

    monkeypatch.setattr("couchcal.web.app.create_app", keep)
    monkeypatch.setattr("uvicorn.Server.run", lambda _self, sockets: None)
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE practice SET slug = 'quiet-room', mail_from = 'other@example.org'")
    if on:
        for key, value in (
            ("mail.host", "smtp.example.org"), ("mail.user", "me@example.org"),
            ("mail.public_url", "https://book.example.org"), ("booking.altcha", "true"),
        ):  # fmt: skip
            cli("settings", "set", key, value)
    said = cli("serve", "--port", "0", "--no-worker")
    (site,) = sites
    assert (site.mail, site.altcha is not None, site.https) == (on, on, on)
    assert site.contact == ("me@example.org" if on else "")
    assert ("no mail is set up" in said.err) is not on


def test_a_port_that_is_taken(practice: Database, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = couchcal(tmp_path / "home", "serve", "--port", port, code=1)
    assert b"choose another with --port" in done.stderr


def test_other_computers_only_if_it_is_said(cli: Cli) -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::"):  # noqa: S104  refused
        assert "--open-network" in cli("serve", "--host", host, code=2).err
    assert "no address of this computer" in cli("serve", "--host", "nowhere.invalid", "--open-network", code=2).err


@pytest.mark.parametrize("argv", [("--port", "x"), ("--port", "70000"), ("--proxy", "nowhere")])
def test_options_that_cannot_be(cli: Cli, argv: tuple[str, str]) -> None:
    cli("serve", *argv, code=2)


def test_without_a_slug_there_is_no_page(cli: Cli) -> None:
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE practice SET slug = ''")
    for command in ("serve", "link"):
        assert "practice.slug" in cli(command, code=1).err


def test_the_link_to_share(cli: Cli, isolated_home: Path) -> None:  # BOOK-01
    cli("settings", "set", "practice.slug", "quiet-room")
    local = cli("link")
    assert local.out == "http://127.0.0.1:8080/book/quiet-room\n"
    assert "public_url" in local.err
    isolated_home.mkdir(exist_ok=True)
    (isolated_home / "config.toml").write_text('[mail]\npublic_url = "https://book.example.org/"\n')
    assert cli("link").out == "https://book.example.org/book/quiet-room\n"


def test_other_commands_load_nothing_of_it() -> None:
    script = "import couchcal.cli.serve, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"starlette", "uvicorn", "jinja2", "limits", "anyio", "sqlalchemy", "textual"}
