"""`12/3` is read by the settings, else by the locale."""

from __future__ import annotations

import locale
from datetime import date, datetime

import pytest

from couchcal.scheduling.quickadd_days import DateOrder
from couchcal.typed_dates import _order_of, date_order, parse_day, parse_when, use_date_order

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("C", "mdy"), ("POSIX", "mdy"), ("C.UTF-8", "mdy"), ("en_US.UTF-8", "mdy"), ("es_PR", "mdy"),
        ("de_DE.UTF-8", "dmy"), ("en_GB", "dmy"), ("ca_ES@valencia", "dmy"), ("eo", "dmy"),
        ("sv_SE.UTF-8", "ymd"), ("ja_JP.eucJP", "ymd"), ("en_CA.UTF-8", "ymd"),
    ],
)  # fmt: skip
def test_the_order_of_a_locale(monkeypatch: pytest.MonkeyPatch, name: str, order: str) -> None:
    before = locale.setlocale(locale.LC_TIME)
    use_date_order(None)
    monkeypatch.setenv("LC_ALL", name)
    assert date_order() == order
    assert locale.setlocale(locale.LC_TIME) == before


def test_what_the_system_says_of_a_locale_counts_most(monkeypatch: pytest.MonkeyPatch) -> None:
    _order_of.cache_clear()
    monkeypatch.setattr("couchcal.typed_dates._format_of", lambda name: {"en_US": "%-d.%m.%Y"}[name])
    assert _order_of("en_US") == "dmy"
    _order_of.cache_clear()


@pytest.mark.parametrize(
    ("order", "day"), [("mdy", date(2026, 12, 3)), ("dmy", date(2027, 3, 12)), ("ymd", date(2026, 12, 3))]
)
def test_the_settings_come_before_the_locale(monkeypatch: pytest.MonkeyPatch, order: DateOrder, day: date) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    use_date_order(order)
    assert parse_day("12/3", TODAY) == day
    found = parse_when("12/3 3pm", now_local=datetime.combine(TODAY, datetime.min.time()))
    assert found == datetime.combine(day, datetime.min.time()).replace(hour=15)
