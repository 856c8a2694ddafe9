"""The address of a server's database: read from `--db`, and how it is shown. Loads no driver."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from couchcal.errors import UsageProblem
from couchcal.paths import data_directory

SCHEMES = ("postgresql", "postgresql+psycopg")
_OPTIONS = frozenset(
    {
        "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile", "connect_timeout", "application_name",
        "channel_binding", "require_auth", "keepalives", "keepalives_idle", "service", "target_session_attrs",
        "gssencmode", "krbsrvname",
    }
)  # fmt: skip
_WEAK = frozenset({"disable", "allow", "prefer"})
_MODES = _WEAK | {"require", "verify-ca", "verify-full"}
_PORT = 5432


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server's database is, and whose it is there; `host` is a name, an address or a folder of sockets."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    options: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """How it is shown to people: without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{self.user + '@' if self.user else ''}{host}:{self.port}/{self.database}"

    @property
    def local(self) -> bool:
        """Whether nothing of it goes over a network: a socket, or this machine's own address."""
        if not self.host or self.host.startswith("/") or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def place(self) -> Path:
        """Beside which this machine keeps what belongs to this database: the audit anchor, locks, logs."""
        whose = "\n".join((self.host, str(self.port), self.database, self.user))
        mark = hashlib.sha256(whose.encode()).hexdigest()[:8]
        name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in self.database)
        return data_directory() / "servers" / f"{name}-{mark}"

    def parameters(self) -> dict[str, str]:
        """What libpq is told. A password that is not here it finds in `~/.pgpass`."""
        found = {"dbname": self.database, "port": str(self.port), "connect_timeout": "10", **dict(self.options)}
        named = {"host": self.host, "user": self.user, "password": self.password}
        found |= {name: value for name, value in named.items() if value}
        if not self.local:
            found.setdefault("sslmode", "verify-full")
            if found["sslmode"].startswith("verify"):
                found.setdefault("sslrootcert", "system")
        return found


def read(text: str) -> Address:
    """The address of `postgresql://user:password@host:port/database?option=value`; `host` may be an option.

    Raises:
        UsageProblem: there is no database in it, an option is unknown, or what goes over the network would not be
            encrypted.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise UsageProblem("this is no address of a database", _FORM) from None
    database = unquote(parts.path.removeprefix("/"))
    if not database or "/" in database:
        raise UsageProblem("the address names no database", _FORM)
    host = options.pop("host", "") or unquote(parts.hostname or "")
    asked_port = options.pop("port", "")
    if asked_port and not asked_port.isdecimal():
        raise UsageProblem("the port is a number", _FORM)
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise UsageProblem(f"'{unknown[0]}' is no option of a database's address", _FORM)
    address = Address(
        host=host or "",
        port=port or int(asked_port or _PORT),
        database=database,
        user=unquote(parts.username or "") or options.pop("user", ""),
        password=unquote(parts.password or ""),
        options=tuple(sorted(options.items())),
    )
    _refuse_open(address, options.get("sslmode", ""))
    return address


_FORM = "give postgresql+psycopg://user@host/database; couchcal finds the password in ~/.pgpass"


def _refuse_open(address: Address, mode: str) -> None:
    if mode and mode not in _MODES:
        raise UsageProblem(f"'{mode}' is no sslmode", "leave it out, or give require, verify-ca or verify-full")
    if mode in _WEAK and not address.local:
        raise UsageProblem(
            f"sslmode={mode} would send clients' data over the network in the clear",
            "leave it out: the certificate is checked then; sslrootcert=FILE names your own authority",
        )
