"""Text messages through a gateway that takes a form by POST, as Twilio's does: `To`, `From`, `Body`."""

from __future__ import annotations

import base64
import http.client
import re
import ssl
from urllib.parse import urlencode, urlsplit

from couchcal.mail.config import TextConfig
from couchcal.mail.transport import Deferred, Rejected, Uncertain, Unreachable

TIMEOUT_S = 30.0
_LATER = (408, 425, 429)


def number(phone: str, tz: str) -> str:
    """A telephone number as gateways want it (E.164), empty if it is none.

    Without a country code it is one of North America where the practice is there.
    """
    digits = re.sub(r"[\s().\-/]", "", phone)
    if re.fullmatch(r"\+[1-9][0-9]{6,14}", digits):
        return digits
    if tz.startswith(("America/", "US/", "Canada/")):
        if re.fullmatch(r"[2-9][0-9]{9}", digits):
            return f"+1{digits}"
        if re.fullmatch(r"1[2-9][0-9]{9}", digits):
            return f"+{digits}"
    return ""


def send(config: TextConfig, to: str, body: str, *, timeout_s: float = TIMEOUT_S) -> None:
    """Hand over a text message.

    Raises:
        Unreachable, Deferred, Rejected: it was not sent. Uncertain: it may have been.
    """
    parts = urlsplit(config.url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_s, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    try:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"the text gateway does not answer ({type(error).__name__})") from None
        try:
            connection.request("POST", _target(parts.path, parts.query), _form(config, to, body), _headers(config))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            raise Uncertain("the connection broke while it was being sent; it may have arrived") from None
    finally:
        connection.close()
    if status in _LATER or status >= 500:
        raise Deferred(f"the text gateway asks to try again later ({status})")
    if status in (401, 403):
        raise Unreachable(f"the text gateway does not accept account and token ({status})")
    if not 200 <= status < 300:
        raise Rejected(f"the text gateway refuses the message ({status})")


def _target(path: str, query: str) -> str:
    return (path or "/") + (f"?{query}" if query else "")


def _form(config: TextConfig, to: str, body: str) -> str:
    fields = {"To": to, "Body": body}
    return urlencode(fields | ({"From": config.sender} if config.sender else {}))


def _headers(config: TextConfig) -> dict[str, str]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "couchcal"}
    if config.account:
        secret = base64.b64encode(f"{config.account}:{config.token}".encode()).decode("ascii")
        headers["Authorization"] = f"Basic {secret}"
    return headers
