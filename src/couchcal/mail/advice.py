"""What to do about mail that does not go out, in words for the person who set it up."""

from __future__ import annotations

from couchcal.mail.config import GUIDE, MailConfig
from couchcal.mail.transport import Deferred, Trouble, Uncertain


def advice(trouble: Trouble, config: MailConfig) -> str:
    """The next thing to try, as one sentence."""
    if isinstance(trouble, Uncertain):
        return "look whether it arrived, then send another test"
    if isinstance(trouble, Deferred):
        return "wait some minutes and try again; letters do so by themselves"
    other = "security tls with port 465" if config.security == "starttls" else "security starttls with port 587"
    return {
        "user": "check user and password; many providers want a password made for one program (an app password)",
        "no_sign_in": "take out the user, or ask your provider which port is for signing in",
        "no_starttls": f"use {other}",
        "no_tls": f"use {other}",
        "certificate": "check the name of the server: the certificate has to be made out to it",
        "unknown_host": "check the name of the server, and that this computer is online",
        "no_answer": "check server and port, and that this computer is online",
        "slow": f"the port may be blocked where you are: use {other}",
        "answer": "try again later, or ask your provider what this answer means",
        "sender": "set from to an address that this account may send as",
        "recipient": "check the address, and whether this account may send to others",
        "message": "ask your provider what this answer means",
        "letters": "use an address of plain letters",
    }.get(trouble.why, f"check [mail] of config.toml; {GUIDE}")
