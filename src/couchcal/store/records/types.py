"""Column types and the conventions every record shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as whole seconds since 1970-01-01T00:00Z.

    Integers compare, index and read faster than text and mean the same on every database; years 1
    to 9999 fit. Binding a naive datetime raises ValueError.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else epoch_seconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_epoch(value)


def epoch_seconds(value: datetime) -> int:
    """Whole seconds since the epoch of an aware datetime.

    Raises:
        ValueError: if `value` is naive.
    """
    if value.tzinfo is None:
        raise ValueError("an instant must be timezone-aware")
    return (value - EPOCH) // timedelta(seconds=1)


def from_epoch(seconds: int) -> datetime:
    """The aware UTC instant of stored seconds."""
    return EPOCH + timedelta(seconds=seconds)


def one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    """CHECK that a text column holds one of `words` (NULL passes).

    Written with OR: SQLite builds the list of an IN anew for every row, which costs more than the row.
    """
    return CheckConstraint(" OR ".join(f"{column} = '{word}'" for word in words), name=f"{column}_word")


class Record(SQLModel):
    """Columns every row has. `version` grows with each update; forms compare it before they save."""

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(default=EPOCH, sa_type=Instant)
    updated_at: datetime = Field(default=EPOCH, sa_type=Instant)
    version: int = 1
