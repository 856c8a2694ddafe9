"""`FIELD=VALUE` of the edit commands."""

from __future__ import annotations

from couchcal.errors import Invalid

_WORDS = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}


def split_pair(pair: str, fields: str) -> tuple[str, str]:
    """Name (in lower case, with underscores) and value.

    Raises:
        Invalid: there is no equals sign; `fields` says what could be written.
    """
    name, equals, value = pair.partition("=")
    if not equals:
        raise Invalid("a change is written FIELD=VALUE", f"fields are {fields}", field=name)
    return name.strip().lower().replace("-", "_"), value.strip()


def yes_or_no(field: str, value: str) -> bool:
    """The truth of `yes`, `no` and the like.

    Raises:
        Invalid: it is neither.
    """
    if value.lower() not in _WORDS:
        raise Invalid(f"{field} is yes or no", "write yes or no", field=field)
    return _WORDS[value.lower()]
