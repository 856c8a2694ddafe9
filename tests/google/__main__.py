"""`python -m tests.google --port 0 --seed N --config FILE`: the emulator as a process of its own.

It prints one line of JSON with its port and base URL and serves until it is ended. The file holds the body of
a control call `reset`: profile, config, clock, users, calendars, events.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path

from tests.google.emulator import Emulator
from tests.google.server import EmulatorServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.google")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--config", type=Path)
    given = parser.parse_args()
    emulator = Emulator(seed=given.seed)
    if given.config:
        emulator.control("reset", {"seed": given.seed} | json.loads(given.config.read_text()))
    server = EmulatorServer(emulator, given.port)
    sys.stdout.write(json.dumps({"port": server.server_address[1], "base": server.base}) + "\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
