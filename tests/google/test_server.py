"""The server: keep-alive, several clients at once, gzip, ending at once, and as a process that can be killed."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.google.driving import EMAIL, timed
from tests.google.emulator import Emulator
from tests.google.http_driving import HttpCaller
from tests.google.server import EmulatorServer

ROOT = Path(__file__).parents[2]


def event() -> dict[str, object]:
    return timed("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z", summary="x")


def test_a_connection_is_kept(ada: HttpCaller) -> None:
    ada("GET", "colors")
    socket = ada.connection.sock
    for status in (200, 204, 410, 404):
        if status == 200:
            id_ = ada.insert("primary", event()).body["id"]
        elif status == 404:
            assert ada("GET", "nothing").status == 404
        else:
            assert ada.delete("primary", id_).status == status
    assert ada.connection.sock is socket


def test_several_clients_at_once(server: EmulatorServer) -> None:
    callers = [HttpCaller(server) for _ in range(8)]

    def work(caller: HttpCaller) -> list[int]:
        return [caller.insert("primary", event()).status for _ in range(20)]

    with ThreadPoolExecutor(len(callers)) as pool:
        statuses = [status for each in pool.map(work, callers) for status in each]
    assert statuses == [200] * 160
    rows = server.emulator.world.calendars[EMAIL].events.values()
    assert len({row.updated_us for row in rows}) == 160


def test_gzip_when_the_client_wants_it(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"gzip": True})
    headers = {"Authorization": f"Bearer {ada.token}", "Accept-Encoding": "gzip"}
    ada.connection.request("GET", "/calendar/v3/colors", headers=headers)
    answer = ada.connection.getresponse()
    assert answer.getheader("Content-Encoding") == "gzip"
    assert json.loads(gzip.decompress(answer.read()))["kind"] == "calendar#colors"
    assert "Content-Encoding" not in ada("GET", "colors").headers


def test_chunked_bodies_are_read(ada: HttpCaller) -> None:
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "application/json"}
    body = json.dumps(event()).encode()
    target = "/calendar/v3/calendars/primary/events"
    ada.connection.request("POST", target, iter([body[:9], body[9:]]), headers, encode_chunked=True)
    assert ada.connection.getresponse().status == 200


def test_the_date_is_the_virtual_one(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.control("clock", {"set": "2026-05-01T12:00:00Z"})
    assert ada("GET", "colors").headers["Date"] == "Fri, 01 May 2026 12:00:00 GMT"


def test_a_batch(ada: HttpCaller, emulator: Emulator) -> None:
    made = ada.insert("primary", event()).body["id"]
    parts = [
        f"GET /calendar/v3/calendars/primary/events/{made} HTTP/1.1\r\n\r\n",
        "GET /calendar/v3/calendars/primary/events/nothing HTTP/1.1\r\n\r\n",
        "POST /calendar/v3/calendars/primary/events HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        + json.dumps(event()),
    ]
    body = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\n{part}\r\n"
        for number, part in enumerate(parts)
    )
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "multipart/mixed; boundary=b"}

    def send() -> tuple[int, str]:
        ada.connection.request("POST", "/batch/calendar/v3", f"{body}--b--\r\n", headers)
        answer = ada.connection.getresponse()
        return answer.status, answer.read().decode()

    assert send()[0] == 404
    emulator.config.change({"batch": True})
    status, text = send()
    assert status == 200
    assert sorted(line.split()[1] for line in text.split("\r\n") if line.startswith("HTTP/")) == [
        "200",
        "200",
        "404",
    ]
    assert text.count("Content-ID: <response-") == 3
    assert len(emulator.world.calendars[EMAIL].events) == 2


def test_the_server_ends_while_a_client_hangs() -> None:
    emulator = Emulator("friendly")
    emulator.control("faults", {"action": {"type": "hang"}})
    server = EmulatorServer(emulator)
    serving = server.start()
    gone = threading.Event()

    def wait() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
        connection.request("GET", "/tokeninfo")
        try:
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            gone.set()

    threading.Thread(target=wait, daemon=True).start()
    while not emulator.log:
        serving.join(0.01)
    server.close()
    serving.join(5)
    assert not serving.is_alive()
    assert gone.wait(5)


def test_the_process_says_its_port_and_can_be_killed(tmp_path: Path) -> None:
    config = tmp_path / "emulator.json"
    users = [{"email": EMAIL, "timezone": "Europe/Berlin"}]
    calendar = {"owner": EMAIL, "id": "c1@group.calendar.google.com", "summary": "C"}
    row = {"calendar": calendar["id"], "id": "_6p33cd1m6oq3", **event()}
    reset = {"profile": "friendly", "config": {"scan_page_size": 3}, "users": users, "calendars": [calendar]}
    config.write_text(json.dumps(reset | {"events": [row]}))
    command = (sys.executable, "-m", "tests.google", "--port", "0", "--seed", "7", "--config", str(config))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ.copy()) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["base"] == f"http://127.0.0.1:{said['port']}"
        connection = http.client.HTTPConnection("127.0.0.1", said["port"], timeout=10)
        connection.request("POST", "/__control__/grant", json.dumps({"email": EMAIL, "scopes": ["calendar"]}))
        token = json.loads(connection.getresponse().read())["access_token"]
        target = "/calendar/v3/calendars/c1%40group.calendar.google.com/events"
        connection.request("GET", target, headers={"Authorization": f"Bearer {token}"})
        items = json.loads(connection.getresponse().read())["items"]
        assert [item["id"] for item in items] == ["_6p33cd1m6oq3"]
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
