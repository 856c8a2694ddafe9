"""One server for the tests of the emulator over HTTP; each test begins with a new world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.google.driving import EMAIL
from tests.google.emulator import Emulator
from tests.google.http_driving import HttpCaller
from tests.google.server import EmulatorServer


@pytest.fixture(scope="session")
def running() -> Iterator[EmulatorServer]:
    server = EmulatorServer(Emulator())
    server.start()
    yield server
    server.close()


@pytest.fixture
def server(running: EmulatorServer) -> EmulatorServer:
    """A server whose world holds one user in Berlin, under the friendly profile."""
    user = {"email": EMAIL, "timezone": "Europe/Berlin"}
    running.emulator.control("reset", {"seed": 1, "profile": "friendly", "users": [user]})
    return running


@pytest.fixture
def emulator(server: EmulatorServer) -> Emulator:
    return server.emulator


@pytest.fixture
def ada(server: EmulatorServer) -> HttpCaller:
    return HttpCaller(server)
