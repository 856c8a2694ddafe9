"""A keyring that stands for the desktop's own; a process that is killed leaves what it has written."""

from __future__ import annotations

import json
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from couchcal.store import keys


class FileKeyring(keyring.backend.KeyringBackend):
    """Keeps its secrets in a file of the test."""

    priority = 1

    def __init__(self, file: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of the library
        self.file = file
        self.locked = False

    @property
    def secrets(self) -> dict[str, str]:
        """What is kept, by its name."""
        return dict(json.loads(self.file.read_text())) if self.file.exists() else {}

    @secrets.setter
    def secrets(self, secrets: dict[str, str]) -> None:
        new = self.file.with_suffix(".tmp")
        new.write_text(json.dumps(secrets))
        new.replace(self.file)

    def _open(self) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.secrets = {**self.secrets, username: password}

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.secrets.get(username)

    def delete_password(self, service: str, username: str) -> None:
        self._open()
        if username not in self.secrets:
            raise keyring.errors.PasswordDeleteError("not there")
        self.secrets = {name: secret for name, secret in self.secrets.items() if name != username}


def use_keyring(monkeypatch: pytest.MonkeyPatch, file: Path) -> FileKeyring:
    """Make it the keyring of this computer."""
    backend = FileKeyring(file)
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    name = f"{FileKeyring.__module__}.{FileKeyring.__qualname__}"
    monkeypatch.setattr(keys, "ALLOWED_BACKENDS", frozenset({name}))
    return backend
