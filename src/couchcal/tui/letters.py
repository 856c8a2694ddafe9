"""What to say of a letter that was queued: whether it goes out by itself."""

from __future__ import annotations


def letter_words() -> str:
    """`by e-mail`, or what is missing for that. Reads the settings file."""
    from couchcal.mail import config

    return "by e-mail" if config.set_up() else "once mail is set up (couchcal guide mail)"
