"""CMS place-of-service codes that a practice of this kind uses, in our own words (the codes are public)."""

from __future__ import annotations

PLACES_OF_SERVICE = {
    "02": "Telehealth, client not at home",
    "10": "Telehealth, client at home",
    "11": "Office",
    "12": "Client's home",
    "03": "School",
    "04": "Homeless shelter",
    "13": "Assisted living",
    "14": "Group home",
    "49": "Independent clinic",
    "50": "Federally qualified health center",
    "53": "Community mental health center",
    "57": "Non-residential substance-use facility",
    "99": "Other",
}
"""Code and label, the usual ones first. Any other two digits are a code as well."""


def pos_words(code: str) -> str:
    """What a code stands for; empty for one that is not in the list."""
    return PLACES_OF_SERVICE.get(code, "")
