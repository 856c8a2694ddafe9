"""A server of the emulator as a process of its own, and a plain HTTP caller for it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[3]
EMAIL = "ada@example.com"
PATIENCE_S = 20.0
WORLD = {
    "config": {"write_burst_n": 100_000, "quota_user_per_min": 100_000, "quota_project_per_min": 100_000},
    "users": [{"email": EMAIL, "timezone": "Europe/Berlin"}, {"email": "bea@example.com"}],
}


class Served:
    """The emulator at `base`; leaving the context ends its process."""

    def __init__(self, python: str, **config: object) -> None:
        world = {**WORLD, "config": {**WORLD["config"], **config}}  # type: ignore[dict-item]
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(world, file)
        self._config = Path(file.name)
        command = [python, "-m", "tests.google", "--port", "0", "--config", file.name]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.base: str = json.loads(self._process.stdout.readline())["base"]
        self.token: str = self.control("grant", {"email": EMAIL, "scopes": ["calendar"]})["access_token"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._config.unlink()

    def control(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        """A control call that has to succeed."""
        status, answer = self._send(method, f"{self.base}/__control__/{path}", body)
        assert status == 200, (path, status, answer)
        return answer

    def ui(self, op: str, **body: Any) -> Any:
        """What the user does in the web page."""
        return self.control(f"ui/{quote(EMAIL)}/{op}", body)

    def call(
        self, method: str, segments: list[str], body: dict[str, Any] | None = None, **query: object
    ) -> tuple[int, Any]:
        """Status and JSON body of an API call."""
        path = "/".join(quote(segment, safe="") for segment in segments)
        target = f"{self.base}/calendar/v3/{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        return self._send(method, target, body)

    def _send(self, method: str, url: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if "/__control__/" not in url:
            headers["Authorization"] = f"Bearer {self.token}"
        request = Request(url, data, headers, method=method)  # noqa: S310 our own server
        try:
            with urlopen(request, timeout=PATIENCE_S) as response:  # noqa: S310
                content = response.read()
                return response.status, json.loads(content) if content else None
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")
