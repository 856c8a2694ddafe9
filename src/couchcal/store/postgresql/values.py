"""Values as SQLite takes and gives them: truth is 1 and 0, dates and times are text, sums are whole numbers."""

from __future__ import annotations

from typing import Any

from psycopg import adapters
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.numeric import Int8


def bound(value: Any) -> Any:
    """A value for the server. What is 0 or 1 takes its type from where it stands: number or truth."""
    kind = type(value)
    if kind is bool or (kind is int and value in (0, 1)):
        return "1" if value else "0"
    if kind is int:
        return Int8(value)
    if kind is str and "\x00" in value:
        return value.replace("\x00", "")  # texts of PostgreSQL cannot have it
    return value


class _Truth(Loader):
    def load(self, data: Any) -> int:
        return int(bytes(data) == b"t")


class _Number(Loader):
    def load(self, data: Any) -> int | float:
        text = bytes(data).decode()
        return float(text) if "." in text else int(text)


class _Text(Loader):
    def load(self, data: Any) -> str:
        return bytes(data).decode()


class _Clock(Loader):
    """A time or a wall-clock moment, with the six digits of the fraction that SQLAlchemy writes to SQLite."""

    def load(self, data: Any) -> str:
        text = bytes(data).decode()
        whole, _, fraction = text.partition(".")
        return f"{whole}.{fraction:0<6}"


AS_SQLITE = AdaptersMap(adapters)
for _name, _loader in (
    ("bool", _Truth), ("numeric", _Number), ("date", _Text), ("time", _Clock), ("timestamp", _Clock),
):  # fmt: skip
    AS_SQLITE.register_loader(_name, _loader)
