"""A mail as bytes: headers, a text part always, HTML that says the same, and an invitation where there is one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from string import Template
from textwrap import wrap
from typing import NamedTuple

from couchcal.mail.addresses import header, one_line
from couchcal.mail.itip import Invitation, calendar

_COLUMNS = 76
_URL = re.compile(r"https?://\S+")


class Page(NamedTuple):
    """What a mail says. `subject` is one of the catalogue's; `facts` are lines such as ("When", "Tuesday …");
    `quoted` is what a person wrote; `button` is a label and an address."""

    subject: str
    lead: str
    facts: tuple[tuple[str, str], ...] = ()
    quoted: str = ""
    button: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()


class Envelope(NamedTuple):
    """From whom to whom, and the headers of one mail; addresses are as `addresses.on_the_wire` gives them."""

    sender: str
    sender_name: str
    recipient: str
    message_id: str
    at: datetime
    headers: Mapping[str, str] = {}


def build(page: Page, envelope: Envelope, invitation: Invitation | None = None) -> EmailMessage:
    """`multipart/mixed(multipart/alternative(text, html[, calendar]), attachment)` with an invitation, else
    `multipart/alternative(text, html)`."""
    page = _inert(page)
    message = EmailMessage(policy=SMTP)
    message["From"] = header(envelope.sender_name, envelope.sender)
    message["To"] = header("", envelope.recipient)
    message["Subject"] = page.subject
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    for name, value in envelope.headers.items():
        message[name] = value
    message.set_content(plain(page, envelope.sender_name), cte="quoted-printable")
    message.add_alternative(html(page, envelope.sender_name), subtype="html", cte="quoted-printable")
    if invitation is not None:
        content = calendar(invitation, envelope.at)
        message.add_alternative(
            content, subtype="calendar", params={"method": invitation.method}, charset="utf-8", cte="base64"
        )
        message.add_attachment(
            content.encode(), maintype="application", subtype="ics",
            filename="cancelled.ics" if invitation.method == "CANCEL" else "invite.ics",
        )  # fmt: skip
    return message


def _inert(page: Page) -> Page:
    """The page without what acts on a terminal, turns the direction of text, or is no character."""
    facts = tuple((label, one_line(text)) for label, text in page.facts)
    quoted = "\n".join(one_line(line) for line in page.quoted.splitlines())
    return page._replace(facts=facts, quoted=quoted.strip("\n"))


def plain(page: Page, signature: str) -> str:
    """The mail as text; nothing in it is folded that must stay in one piece, such as an address of the web."""
    blocks = [_wrapped(page.lead)]
    if page.facts:
        width = max(len(label) for label, _ in page.facts) + 2
        blocks.append("\n".join(_wrapped(text, f"{label + ':':<{width}}", width) for label, text in page.facts))
    if page.quoted:
        blocks.append("\n".join(_wrapped(line, "> ", 0, "> ") for line in page.quoted.splitlines()))
    if page.button is not None:
        blocks.append(f"{page.button[0]}:\n{page.button[1]}")
    blocks += [_wrapped(note) for note in page.notes]
    if signature:
        blocks.append(f"-- \n{signature}")
    return "\n\n".join(blocks) + "\n"


def _wrapped(text: str, first: str = "", indent: int = 0, prefix: str = "") -> str:
    return "\n".join(
        wrap(
            text, _COLUMNS, initial_indent=first, subsequent_indent=prefix or " " * indent,
            break_long_words=False, break_on_hyphens=False,
        )
        or [first.rstrip()]
    )  # fmt: skip


_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>$subject</title>
</head>
<body style="margin:0;padding:24px;background:#f6f5f2;color:#25302c;\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div style="max-width:34em;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px">
<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">$subject</h1>
<p style="margin:0 0 16px">$lead</p>
$body</div>
<p style="max-width:34em;margin:16px auto 0;padding:0 24px;color:#5b6762;font-size:14px">$signature</p>
</body>
</html>
""")


def html(page: Page, signature: str) -> str:
    """The mail as HTML: no pictures, no scripts, nothing from elsewhere; whatever a person typed is inert."""
    parts = []
    if page.facts:
        rows = "".join(
            '<tr><th scope="row" style="text-align:left;vertical-align:top;padding:4px 16px 4px 0;color:#5b6762;'
            f'font-weight:normal">{escape(label)}</th><td style="padding:4px 0">{_linked(text)}</td></tr>\n'
            for label, text in page.facts
        )
        parts.append(f'<table style="margin:0 0 16px;border-collapse:collapse">\n{rows}</table>')
    if page.quoted:
        quoted = escape(page.quoted).replace("\n", "<br>\n")
        parts.append(
            f'<blockquote style="margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #c9d1cc">{quoted}'
            "</blockquote>"
        )
    if page.button is not None:
        label, url = page.button
        parts.append(
            f'<p style="margin:0 0 16px"><a href="{escape(url)}" style="display:inline-block;padding:10px 18px;'
            f'background:#2f6f5e;color:#ffffff;text-decoration:none;border-radius:6px">{escape(label)}</a></p>'
        )
    parts += [f'<p style="margin:0 0 8px;color:#5b6762;font-size:14px">{_linked(note)}</p>' for note in page.notes]
    body = "".join(f"{part}\n" for part in parts)
    return _PAGE.substitute(
        subject=escape(page.subject), lead=escape(page.lead), body=body, signature=escape(signature)
    )


def _linked(text: str) -> str:
    """Escaped text in which addresses of the web are links."""
    pieces, at = [], 0
    for found in _URL.finditer(text):
        url = escape(found[0])
        pieces += [escape(text[at : found.start()]), f'<a href="{url}" style="color:#2f6f5e">{url}</a>']
        at = found.end()
    return "".join([*pieces, escape(text[at:])])
