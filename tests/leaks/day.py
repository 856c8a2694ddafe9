"""A day of a practice, in real programs, with words in it that nobody else may read."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from couchcal.cli.commands import COMMANDS
from couchcal.practice.opening import open_database
from couchcal.store.connection import Database
from tests.leaks.canaries import Told, files, person, process
from tests.leaks.tmux import Tmux
from tests.leaks.visitor import Visitor
from tests.mail.post import Post
from tests.support.database import everything
from tests.support.terminal import Terminal
from tests.sync.http.place import EMAIL, ZONE, Place, until
from tests.sync.http.processes import Running, Starter

PASSPHRASE = "Lanternfish quarries nine umbrellas"
SLUG = "quiet-rooms"
OFFICE = "office@practice.example"
ANNA = person("Wilhelmina", "Ashgrovenia", "+1 212 555 0143", "Umgangsrechtsfrage", "C-0001")
"""A client who is written down by a command, invited to the portal, and has sessions."""
BERT = person("Thaddeusz", "Moorlandia", "+1 212 555 0187", "Zwangsgedankenheft", "C-0003")
"""A client who is written down on the screen."""
CARL = person("Philippinas", "Quendelberg", "+1 212 555 0199", "Grossmutterbesuch")
"""Somebody who books by themselves."""
PEOPLE = (ANNA, BERT, CARL)
TITLES = ("Opernkarteneinlass", "Parkhausgeschoss", "Steuerberatermappe", "Schwimmbadbesuch", "krankgemeldetheute")
"""A title, a place and a description of a file, an event of Google, and why a session was cancelled."""
WORDS = (*(word for one in PEOPLE for word in one.words), *TITLES)
_ICS = f"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//elsewhere//EN
BEGIN:VEVENT
UID:{{uid}}@elsewhere.example
DTSTAMP:20261101T000000Z
DTSTART:{{day}}T190000Z
DTEND:{{day}}T220000Z
SUMMARY:{TITLES[0]}
LOCATION:{TITLES[1]}
DESCRIPTION:{TITLES[2]} {ANNA.first}
END:VEVENT
END:VCALENDAR
"""
_DEFAULTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "agenda": ((), ("--json",), ("--cancelled",)), "calls": ((), ("--from", "today", "--to", "+8w"), ("--json",)),
    "show": (("ENTRY",), ("ENTRY", "--json")),
    "find": (("session",), ("booked", "--json")),
    "client": (("list",), ("list", "--json"), ("show", "C-0001"), ("show", "C-0001", "--json"), ("duplicates",)),
    "request": (("list",), ("list", "--json")), "free": ((), ("--json",)), "report": ((), ("--json",), ("--csv",)),
    "waitlist": (("list",), ("list", "--json")), "time-off": (("list",),), "event-type": (("list",),),
    "availability": (("show",),),
    "mail": (("list",), ("list", "--json")), "sync": (("status",), ("review",), ("log",), ("--dry-run",)),
    "google": (("calendars",),),
    "audit": ((), ("--json",), ("verify",)), "settings": (("list",), ("list", "--json")), "service": (("list",),),
    "modifier": (("list",),), "place": (("list",),), "room": (("list",),), "doctor": ((), ("--json",)),
    "key": (("show",),),
    "guide": ((), ("google",)), "link": ((),), "undo": ((),), "redo": ((),), "export": ((),),
    "completion": (("bash",),),
}  # fmt: skip
"""What each command that only tells something is asked for; `export` writes to standard output, with ids."""
_BREAKABLE = (("agenda",), ("doctor",), ("agenda", "--json"), ("find", "x"), ("sync",), ("backup",))
_SOME = ("agenda", "calls", "show", "find", "client", "mail", "audit", "export")
ELSEWHERE = frozenset({
    "demo", "init", "add", "move", "edit", "cancel", "restore", "delete", "repeat", "mark", "import", "worker",
    "serve", "backup",
    "restore-backup", "forget", "move-db",
})  # fmt: skip
"""Commands that are used in the course of the day, or have no client of this practice to tell of."""
assert _DEFAULTS.keys() | ELSEWHERE == COMMANDS.keys(), _DEFAULTS.keys() ^ (COMMANDS.keys() - ELSEWHERE)


class Day:
    """One day. `given` has what a person keeps or asks for; everything else is what the program leaves by itself.

    Args:
        starter: how commands are started; the calendar is always a start of its own.
        whole: with Google, every command, a worker of its own, and an error in each of them.
        thinks_s: how long visitors fill in a form.
    """

    def __init__(
        self, directory: Path, starter: Starter, env: dict[str, str], post: Post, mail_port: int, *, whole: bool,
        thinks_s: float,
    ) -> None:  # fmt: skip
        self.directory, self.post, self.whole, self._thinks_s = directory, post, whole, thinks_s
        self.given = directory / "given"
        self.temporary, self.user = directory / "tmp", directory / "user"
        for path in (self.given, self.temporary, self.user):
            path.mkdir()
        self.flag = self.given / "break"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.place = Place(
            directory, starter, env, "friendly", canaries=[word for word in WORDS if word != TITLES[3]]
        )
        self.place.env |= {
            "TMPDIR": str(self.temporary), "HOME": str(self.user), "COUCHCAL_TEST_BREAK": str(self.flag),
            "LC_ALL": "C.UTF-8",
            "COUCHCAL_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
        }  # fmt: skip
        self.secrets: list[str] = [PASSPHRASE]
        self.live: list[Running] = []
        self.kept: list[tuple[str, bytes]] = []
        self.entry = ""

    @property
    def home(self) -> Path:
        """Where the program has everything."""
        return self.place.home

    def close(self) -> None:
        """End what still runs."""
        for running in self.live:
            running.end(signal.SIGKILL)
        self.place.close()

    # the morning

    def begin(self) -> None:
        """`init` at a terminal: an encrypted practice with a passphrase and a recovery code."""
        terminal = Terminal(
            self.place.env | {"TERM": "xterm-256color"}, "init", "--name", "Quiet Rooms", "--tz", ZONE
        )
        for asked, typed in (("Choose a passphrase", PASSPHRASE), ("Once more", PASSPHRASE)):
            terminal.wait_for(asked)
            terminal.send(f"{typed}\r")
        assert terminal.finish() == 0, terminal.text
        assert PASSPHRASE.encode() not in terminal.raw
        found = re.search(r"(?:[0-9A-Z]{4}-){7}[0-9A-Z]{4}", terminal.text)
        assert found is not None, terminal.text
        self.secrets.append(found[0])
        self._give_key()
        (self.home / "config.toml").write_text(
            f'[mail]\nfrom = "{OFFICE}"\nwait = 0\npublic_url = "http://127.0.0.1:{self.port}"\n', "utf-8"
        )

    def _give_key(self) -> None:
        """The key for commands, which would ask for the passphrase: a file of the person's."""
        file = self.given / "key"
        with opened(self) as database:
            assert database.key is not None
            file.touch(0o600)
            file.write_text(database.key.hex(), "ascii")
            self.secrets.append(database.key.hex())
        self.place.env["COUCHCAL_KEY_FILE"] = str(file)

    def furnish(self) -> None:
        """Clients, hours, what can be booked, a file of another calendar, Google."""
        run = self.place.run
        run("client", "add", ANNA.name, "--email", ANNA.email, "--phone", ANNA.phone)
        run("client", "edit", "C-0001", "remind_phone=yes", f"notes_admin={ANNA.note}")
        run("settings", "set", "practice.slug", SLUG)
        run("settings", "set", "practice.confirm_public", "request")
        run("settings", "set", "practice.public_label", "Quiet Rooms")
        run("availability", "set", "mon-sun", "00:00-24:00")
        run("event-type", "add", "First talk", "--minutes", "50", "--visit", "telehealth")
        self.entry = self.place.add("+2d 15:00", "50m C-0001 90834")
        day = self.place.json("show", self.entry)["start"][:10].replace("-", "")
        (self.given / "home.ics").write_text(_ICS.format(uid=secrets.token_hex(4), day=day), "utf-8")
        run("import", str(self.given / "home.ics"), "--calendar", "Home")
        run("client", "invite", "C-0001")
        if self.whole:
            self._connect()

    def _connect(self) -> None:
        """Google, with an event of the person's own."""
        self.place.connected()
        self.place.person(
            "create", calendar=EMAIL, summary=TITLES[3], start={"dateTime": "2026-12-01T09:00:00-05:00"},
            end={"dateTime": "2026-12-01T10:00:00-05:00"},
        )  # fmt: skip
        self.place.run("google", "enable", EMAIL)

    # what goes on

    def start(self, *argv: str) -> Running:
        """A program that stays."""
        running = self.place.start(*argv)
        self.live.append(running)
        return running

    def work(self) -> None:
        """The booking page, and the worker on its own or in it."""
        if self.whole:
            self.start("worker")
        serving = self.start("serve", "--port", str(self.port), *(["--no-worker"] if self.whole else []))
        until(lambda: serving.out.read_text("utf-8").endswith("\n") or serving.poll() is not None)
        assert serving.poll() is None, serving.wait()

    def letter(self, address: str, words: str = "http://") -> str:
        """The text of the last letter to an address, once it is there."""

        def texts() -> list[str]:
            bodies = (
                message.get_body(("plain",))
                for message, to in zip(self.post.messages, self.post.recipients, strict=False)
                if to == address
            )
            return [body.get_content() for body in bodies if body is not None]

        until(lambda: any(words in text for text in texts()))
        return next(text for text in reversed(texts()) if words in text)

    def visits(self) -> None:
        """A stranger books, and confirms the address; a client looks at their sessions."""
        stranger = Visitor(self.port, "10.1.1.1", self._thinks_s)
        stranger.book(SLUG, CARL)
        self.confirm(stranger)
        client = Visitor(self.port, "10.2.2.2", self._thinks_s)
        page = client.enter(ANNA, lambda address: self.letter(address, "/portal/open"))
        assert "Your sessions" in page or "sessions" in page, page
        for path in (
            f"/book/{ANNA.first}",
            f"/portal/open?token={ANNA.phone.replace(' ', '')}",
            f"/x?name={ANNA.last}&email={ANNA.email}",
        ):
            Visitor(self.port, "10.3.3.3", 0).ask(path)

    def confirm(self, visitor: Visitor) -> None:
        """Follow the link of the letter that asks whether the address is theirs."""
        found = re.search(r"http://127\.0\.0\.1:\d+(/verify\S+)", self.letter(CARL.email, "/verify"))
        assert found is not None
        _, page = visitor.ask(found[1])
        if '<form method="post"' in page:
            visitor.send(page, found[1].partition("?")[0])

    def answer(self) -> None:
        """The practitioner answers the request, moves and cancels, all on the command line."""
        run = self.place.run
        (request,) = self.place.json("request", "list")
        run("request", "accept", request["id"])
        run("move", self.entry, "+30m")
        other = self.place.add("+3d 16:00", "50m C-0001 90834")
        run("cancel", other, "--type", "no_show", "--reason", TITLES[4])
        run("waitlist", "add", "C-0001", "--note", ANNA.note)

    def ask_everything(self) -> None:
        """Each command as it is by default."""
        for name in _DEFAULTS if self.whole else _SOME:
            for argv in _DEFAULTS[name] if self.whole else _DEFAULTS[name][:1]:
                self.place.told(self.place.start(name, *(self.entry if word == "ENTRY" else word for word in argv)))

    # the screen

    def screen(self) -> None:
        """The calendar in tmux: a client, a session, moving, cancelling, searching, locking, an error, the end."""
        folder = self.directory / "screen"
        folder.mkdir()
        env = {"PATH": os.environ["PATH"], **self.place.env}
        del env["COUCHCAL_KEY_FILE"]
        tmux = Tmux(folder, env, [sys.executable, "-m", "couchcal"])
        try:
            self._on_screen(tmux)
            self.kept += tmux.told()
        finally:
            tmux.close()
            (folder / "raw").rename(self.given / "raw")  # what the screen showed is shown to its owner

    def _on_screen(self, tmux: Tmux) -> None:
        tmux.until("Passphrase:")
        tmux.type(PASSPHRASE)
        tmux.press("Enter", seen="booked")
        self._add_client(tmux)
        tmux.press("a", seen="Quick add")
        tmux.type(f"+1d 11:00 50m {BERT.last} 90837")
        tmux.press("Enter", seen="Booked")
        tmux.press("g", seen="Go to")
        tmux.type("+1d")
        tmux.press("Enter", seen=lambda text: BERT.first[:4] in text)
        tmux.press("Tab", seen="█")
        tmux.press("m", seen="MOVING")
        tmux.run("send-keys", "J")
        tmux.press("Enter", seen="Moved")
        tmux.press("x", seen="Cancel the session")
        tmux.press("Right", seen=lambda text: "choose one" not in text)
        tmux.press("C-s", seen="Cancelled")
        tmux.press("/", seen="Search")
        tmux.type(BERT.last[:6])
        tmux.until(lambda text: BERT.number in text or BERT.last in text)
        tmux.press("Escape", seen=lambda text: "─ Search ─" not in text)
        (pid, *_) = tmux.pids
        self.kept += process(pid)
        tmux.press("C-l", seen="Passphrase")
        self.kept.append(("the locked screen", tmux.text.encode()))
        tmux.type("not this one")
        tmux.press("Enter", seen=lambda text: "wrong" in text and "again" not in text)
        self.kept.append(("the locked screen after a wrong passphrase", tmux.text.encode()))
        self._unlock(tmux)
        self.flag.write_text(ANNA.name, "utf-8")
        tmux.run("send-keys", "C")
        tmux.until("ended 1")
        self.flag.unlink()
        self.kept.append(("what is left on the terminal", tmux.history.encode()))

    def _add_client(self, tmux: Tmux) -> None:
        tmux.press("C", seen="filter: name")
        tmux.press("n", seen="Internal id")
        tmux.type(BERT.name)
        tmux.run("send-keys", "Tab", "Tab", "Tab")
        tmux.type(BERT.email)
        tmux.run("send-keys", "Tab")
        tmux.type(BERT.phone)
        tmux.press("C-s", seen=lambda text: BERT.number in text and "Internal id" not in text)
        tmux.press("Escape", seen=lambda text: "filter: name" not in text)

    def _unlock(self, tmux: Tmux) -> None:
        tmux.type(PASSPHRASE)
        tmux.press("Enter", seen=lambda text: "Passphrase" not in text and "America" in text)

    # the evening

    def break_everything(self) -> None:
        """An error in each program, with a client's words in it."""
        self.flag.write_text(f"{ANNA.name} {CARL.phone}", "utf-8")
        try:
            Visitor(self.port, "10.4.4.4", 0).ask(f"/book/{SLUG}")
            for argv in _BREAKABLE if self.whole else _BREAKABLE[:2]:
                self.place.told(self.place.start(*argv))
            if self.whole:
                worker = self.start("worker")
                until(lambda: worker.err.read_text("utf-8") or worker.poll() is not None)
        finally:
            self.flag.unlink()

    def end(self) -> None:
        """Backups, and the end of all programs; what each of them was to others until then."""
        self.place.run("backup")
        self.place.run("backup", str(self.given / "backups"))
        for running in self.live:
            if running.poll() is None:
                self.kept += process(running.pid, environ=False)
                running.end(signal.SIGTERM)
            self.place.told(running)

    # who could read it

    def everywhere(self) -> Told:
        """All files, all that was seen of processes and terminals; not what was asked for or sent."""
        asked_for = {path for each in self.directory.glob("*.out") for path in (each, each.with_suffix(".err"))}
        yield from files(self.directory, beside=(self.given, *asked_for))
        yield from self.kept

    def said(self, *commands: str) -> Told:
        """What commands printed, and what programs that stay said on the way: all of them, or these."""
        for argv, done in self.place.said:
            if not commands or argv[0] in commands:
                yield " ".join(argv), f"{done.out}\n{done.err}".encode()

    def to_google(self) -> Iterator[tuple[str, bytes]]:
        """All that Google was asked."""
        for entry in self.place.emulator.log:
            yield entry.op, f"{entry.body}\n{entry.target}".encode()

    def letters(self) -> Iterator[tuple[str, str, str]]:
        """Recipient, subject, and everything of each letter."""
        for message, to in zip(self.post.messages, self.post.recipients, strict=True):
            texts = [part.get_content() for part in message.walk() if not part.is_multipart()]
            shown = [text if isinstance(text, str) else text.decode("utf-8", "replace") for text in texts]
            yield to, str(message["Subject"]), "\n".join([str(message), *shown])


@contextmanager
def opened(day: Day) -> Iterator[Database]:
    """The practice, as who knows the passphrase opens it."""
    os.environ["COUCHCAL_PASSPHRASE"] = PASSPHRASE
    try:
        database = open_database(day.home / "couchcal.db")
    finally:
        del os.environ["COUCHCAL_PASSPHRASE"]
    yield database
    database.dispose()


def stored(day: Day, words: Iterable[str]) -> set[str]:
    """Which of the words are in the database."""
    with opened(day) as database, closing(database.connect()) as connection:
        found = str(everything(connection)).casefold()
    return {word for word in words if word.casefold() in found}
