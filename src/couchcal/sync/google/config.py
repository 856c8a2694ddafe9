"""Where Google is, and as which program couchcal signs in there: the client file and the API's address."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from couchcal.errors import NotFound, Refused
from couchcal.paths import config_file
from couchcal.settings import load as load_settings

API_URL = "https://www.googleapis.com/calendar/v3"
CLIENT_FILE = "client_secret.json"
GUIDE = "couchcal guide google tells step by step how to get one"
_MOST_BYTES = 100_000


class Client(NamedTuple):
    """The OAuth client of a client-secrets file. For a desktop program the secret is none: whoever has the program
    has it; PKCE protects the sign-in."""

    client_id: str
    client_secret: str
    auth_uri: str
    token_uri: str


class GoogleConfig(NamedTuple):
    """What a sign-in needs."""

    client: Client
    api_url: str


def load() -> GoogleConfig:
    """The configuration of this computer.

    Raises:
        NotFound: there is no client file. Refused: it is not one for a desktop program, or an address is not safe.
    """
    return GoogleConfig(read_client(client_file()), api_url())


def client_file() -> Path:
    """Where the client file is: `COUCHCAL_GOOGLE_CLIENT_SECRETS`, else `[google] client_secrets`, else
    client_secret.json. A relative path is beside config.toml, or else in the current directory."""
    named = os.environ.get("COUCHCAL_GOOGLE_CLIENT_SECRETS") or load_settings().google_client_secrets or CLIENT_FILE
    path = Path(named).expanduser()
    if path.is_absolute():
        return path
    beside = config_file().parent / path
    return path.absolute() if path.exists() and not beside.exists() else beside


def api_url() -> str:
    """The address of the API: `COUCHCAL_GOOGLE_API_URL`, else `[google] api_url`, else Google's.

    Raises:
        Refused: it is no https address (nor this computer).
    """
    url = os.environ.get("COUCHCAL_GOOGLE_API_URL") or load_settings().google_api_url or API_URL
    _refuse_unsafe(url, "the address of Google's API")
    return url.rstrip("/")


def read_client(path: Path) -> Client:
    """The client of a file as Google's console gives it.

    Raises:
        NotFound: there is no such file. Refused: it is something else.
    """
    import json

    try:
        with path.open("rb") as handle:
            content = handle.read(_MOST_BYTES)
    except FileNotFoundError:
        raise NotFound(f"there is no Google client file at {path}", GUIDE, code="no_client_file") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}", "check its permissions") from None
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise Refused(f"{path} is no JSON", "download it from Google's console again") from None
    if isinstance(found, dict) and found.get("type") == "service_account":
        raise Refused(f"{path} is the key of a service account", f"make a client of the type Desktop app; {GUIDE}")
    if isinstance(found, dict) and "web" in found and "installed" not in found:
        raise Refused(f"{path} is a client for web servers", f"make a client of the type Desktop app; {GUIDE}")
    return _client(found.get("installed") if isinstance(found, dict) else None, path)


def _client(found: Any, path: Path) -> Client:
    given = found if isinstance(found, dict) else {}
    values = [value for name in Client._fields if isinstance(value := given.get(name), str) and value]
    if len(values) < len(Client._fields):
        raise Refused(f"{path} is no Google client file", "download it from Google's console again")
    client = Client(*values)
    for url in (client.auth_uri, client.token_uri):
        _refuse_unsafe(url, f"an address in {path}")
    return client


def is_local(host: str) -> bool:
    """Whether a host is this computer, or a name that no network has (RFC 6761)."""
    if host in ("localhost", "::1") or host.endswith((".localhost", ".test")):
        return True
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdecimal() for part in parts)


def _refuse_unsafe(url: str, what: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_local(host))):
        raise Refused(f"{what} is not safe: it must begin with https://", "check the settings of [google]")
