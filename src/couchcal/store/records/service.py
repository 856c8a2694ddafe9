"""What is billed and where it takes place."""

from __future__ import annotations

from sqlalchemy import true
from sqlmodel import Field

from couchcal.store.records.types import Record


class ServiceCode(Record, table=True):
    """A service: a bare code with our own words (CPT descriptors are not ours to ship)."""

    __tablename__ = "service_code"

    code: str = Field(unique=True)
    label: str = ""
    typical_min: int = 50
    billable_min: int | None = None
    billable_max: int | None = None
    billable: bool = True
    group_service: bool = False
    addon_of: str = ""
    fee_cents: int | None = None
    active: bool = True


class Modifier(Record, table=True):
    """A billing modifier of the CPT or HCPCS set."""

    __tablename__ = "modifier"

    code: str = Field(unique=True)
    label: str = ""
    code_set: str = "HCPCS"
    active: bool = Field(default=True, sa_column_kwargs={"server_default": true()})


class Location(Record, table=True):
    """A place with its CMS place-of-service code; 02 and 10 are telehealth (MOD-01)."""

    __tablename__ = "location"

    name: str = Field(unique=True)
    pos: str = "11"
    address: str = ""
    is_default: bool = False
    active: bool = Field(default=True, sa_column_kwargs={"server_default": true()})


class Room(Record, table=True):
    """A room of a location, where the practice uses rooms (APT-11)."""

    __tablename__ = "room"

    location_id: int = Field(foreign_key="location.id")
    name: str = ""
    active: bool = True
