"""What protects the visitor and the practice: headers, forms, limits, logs, and nothing that a scanner can do."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from html import unescape
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.practice import door
from couchcal.web import limits
from couchcal.web.security import FormRefused, Signer
from tests.support.database import everything
from tests.web.conftest import NOW, SLUG, Visitor

PAGES = (
    "/", f"/book/{SLUG}", f"/book/{SLUG}?for=1", f"/book/{SLUG}?for=2", f"/book/{SLUG}/done",
    f"/book/{SLUG}/details?for=2&at=2026-03-04T14:00Z", "/verify?token=x", "/robots.txt", "/nowhere",
)  # fmt: skip


def state(visitor: Visitor) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database."""
    with visitor.site.reading() as connection:
        return everything(connection)


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_headers_that_keep_it_private(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert "server" not in headers


def test_pages_have_no_script_and_no_style_in_them(visitor: Visitor) -> None:
    for path in PAGES:
        page = visitor.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", page)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)  # nothing of anybody else


def test_our_own_files_are_kept_and_checked(visitor: Visitor) -> None:
    page = visitor.get(f"/book/{SLUG}").text
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        answer = visitor.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert visitor.get("/static/../app.py").status_code == 404
    assert visitor.get("/static/%2e%2e/app.py").status_code == 404


def test_over_https_the_cookie_is_for_this_host_alone(visitor: Visitor) -> None:
    visitor.another_site(https=True)
    answer = visitor.get(f"/book/{SLUG}")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-couchcal=")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert "max-age" in answer.headers["strict-transport-security"]


def test_a_proxy_tells_of_https_and_nobody_else(visitor: Visitor) -> None:
    told = {"x-forwarded-proto": "https"}
    stranger = visitor.another(client=("203.0.113.7", 4000)).get(f"/book/{SLUG}", headers=told)
    assert "strict-transport-security" not in stranger.headers
    proxy = visitor.another(client=("127.0.0.1", 4000)).get(f"/book/{SLUG}", headers=told)
    assert "strict-transport-security" in proxy.headers
    assert proxy.headers["set-cookie"].startswith("__Host-")


def test_a_form_of_another_browser_is_refused(visitor: Visitor) -> None:
    form = visitor.form()
    stranger = visitor.another()
    answer = stranger.post(f"/book/{SLUG}/details", data=form)
    assert answer.status_code == 400
    assert 'value="Dee New"' in answer.text  # nothing typed is lost
    assert visitor.rows("booking_request") == []


def test_a_form_from_another_site_is_refused(visitor: Visitor) -> None:
    assert visitor.send(visitor.form(), **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert visitor.rows("booking_request") == []


def test_forms_are_neither_sent_at_once_nor_kept_for_long(visitor: Visitor) -> None:
    form = visitor.form()
    visitor.clock.later(seconds=-19)
    soon = visitor.send(form)
    assert soon.status_code == 400
    visitor.clock.later(hours=2, seconds=20)
    late = visitor.send(form)
    assert (late.status_code, "open for a long time" in late.text) == (400, True)
    assert visitor.rows("booking_request") == []
    visitor.clock.later(seconds=3)
    assert visitor.send({**form, **visitor.fields(late.text)}).status_code == 303


def test_a_field_that_people_do_not_see_stays_empty(visitor: Visitor) -> None:
    assert visitor.send({**visitor.form(), "website": "https://spam.example"}).status_code == 400
    assert visitor.rows("booking_request") == []


def test_after_a_new_start_of_the_server_a_form_is_sent_once_more(visitor: Visitor) -> None:
    form = visitor.form()
    visitor.another_site(signer=Signer())
    again = visitor.send(form)
    assert again.status_code == 400
    visitor.clock.later(seconds=3)
    assert visitor.send({**form, **visitor.fields(again.text)}).status_code == 303


@given(st.text(max_size=200))
def test_what_is_no_proof_proves_nothing(text: str) -> None:
    signer = Signer(b"k" * 32)
    with pytest.raises(FormRefused):
        signer.check_form("browser", text, NOW)
    assert signer.opened("sent", text) is None


@given(st.binary(min_size=1, max_size=8), st.integers(0, 7_200))
def test_a_proof_is_good_for_its_browser_and_its_time(browser: bytes, age: int) -> None:
    signer, now = Signer(), NOW + timedelta(seconds=age)
    field = signer.form(browser.hex(), NOW)
    if age >= 2:
        assert signer.check_form(browser.hex(), field, now).made_at == NOW
    else:
        with pytest.raises(FormRefused):
            signer.check_form(browser.hex(), field, now)
    with pytest.raises(FormRefused):
        signer.check_form(browser.hex() + "0", field, now)
    with pytest.raises(FormRefused):
        Signer().check_form(browser.hex(), field, now)


def test_unknown_practices_look_like_any_page_that_is_not_there(visitor: Visitor) -> None:
    nowhere = visitor.get("/nowhere")
    for path in ("/book/other", "/book/other/details", "/book/other/done", "/book/quiet", f"/book/{SLUG}/x"):
        found = visitor.get(path)
        assert (found.status_code, found.text) == (404, nowhere.text)


def test_head_and_options(visitor: Visitor) -> None:
    path = f"/book/{SLUG}"
    got, head = visitor.get(path), visitor.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))
    options = visitor.client.options(path)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert visitor.client.options(f"{path}/details").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "POST"):
        refused = visitor.client.request(method, path)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_program_that_follows_every_link_changes_nothing(visitor: Visitor) -> None:
    visitor.send(visitor.form())
    before, seen, found = state(visitor), set[str](), ["/", "/verify?token=x"]
    while found:
        path = found.pop()
        if path in seen or len(seen) > 120:
            continue
        seen.add(path)
        if len(seen) % 50 == 0:
            visitor.another_site()
        answer = visitor.get(path)
        assert answer.status_code in (200, 303, 404), path
        found += [answer.headers["location"]] if answer.status_code == 303 else []
        found += [unescape(link) for link in re.findall(r'(?:href|action|src)="(/[^"#]*)', answer.text)]
    assert len(seen) > 50
    assert state(visitor) == before


def test_looking_often_is_too_much(visitor: Visitor) -> None:
    answers = [visitor.get("/verify").status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]
    refused = visitor.get("/verify")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    elsewhere = visitor.another(client=("203.0.113.7", 4000))
    assert elsewhere.get("/verify").status_code == 200


def test_five_bookings_in_ten_minutes_from_one_network(visitor: Visitor) -> None:
    codes = []
    for n in range(6):
        visitor.clock.later(minutes=1)
        form = {**visitor.form(f"2026-03-{4 + n % 3:02}T{14 + n}:00Z"), "email": f"dee{n}@example.org"}
        codes.append((answer := visitor.send(form)).status_code)
    assert codes == [303] * 5 + [429]
    assert 'value="dee5@example.org"' in answer.text  # nothing typed is lost


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_who_is_counted_together(address: str, network: str) -> None:
    assert limits.network(address) == network


def test_forwarded_addresses_count_from_a_proxy_alone() -> None:
    proxies = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1"))
    told = ["6.6.6.6, 203.0.113.9", "10.1.1.1"]
    assert limits.sender("127.0.0.1", told, proxies) == "203.0.113.9"  # not what the visitor made up before it
    assert limits.sender("198.51.100.1", told, proxies) == "198.51.100.1"
    assert limits.sender("127.0.0.1", [], proxies) == "127.0.0.1"
    assert limits.sender(None, told, proxies) == ""
    assert limits.network(limits.sender("10.0.0.1", ["rubbish"], proxies)) == "unknown"


def test_bodies_and_addresses_have_a_limit(visitor: Visitor) -> None:
    form = visitor.form()
    assert visitor.send({**form, "note": "x" * 20_000}).status_code == 413
    assert visitor.client.post(f"/book/{SLUG}/details", files={"name": b"x"}).status_code == 415
    assert visitor.client.post(f"/book/{SLUG}/details", json=form).status_code == 415
    assert visitor.get(f"/book/{SLUG}?x={'y' * 3000}").status_code == 414
    many = "&".join(f"f{n}=1" for n in range(60))
    assert visitor.get(f"/book/{SLUG}?{many}").status_code == 400


def test_logs_have_no_word_of_the_visitor(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "couchcal.web")
    logging.getLogger("couchcal.web").propagate = True
    form = {**visitor.form(), "name": "Canary Bird", "email": "canary@example.org", "note": "canary"}
    visitor.send(form)
    visitor.get("/verify?token=canary")
    visitor.get("/canary")
    visitor.send({**form, "name": ""})
    lines = [record.getMessage() for record in caplog.records if record.name == "couchcal.web"]
    assert len(lines) == 5
    assert not [line for line in lines if re.search("canary|2026|=", line, re.IGNORECASE)]


def test_of_an_error_inside_only_its_kind_is_told(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Canary Bird")

    logging.getLogger("couchcal.web").propagate = True
    form = visitor.form()
    monkeypatch.setattr(door, "book", broken)
    answer = visitor.send(form)
    assert answer.status_code == 500
    assert "Canary" not in answer.text + caplog.text
    assert "RuntimeError at test_security.py" in caplog.text
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_database_that_is_gone_is_said_in_plain_words(visitor: Visitor) -> None:
    visitor.write("ALTER TABLE practice RENAME TO elsewhere")
    answer = visitor.get(f"/book/{SLUG}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Nothing was changed" in answer.text


FIELDS = ("for", "how", "zone", "at", "form", "name", "email", "phone", "note", "website", "day", "month", "token")
WORDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["1", "2", "-1", "99999999999999999999", "telehealth", "in_person", "Asia/Tokyo", "../etc/passwd",
         "localtime", "VTIMEZONE:x", "2026-03-04T14:00Z", "2099-12-31T23:59Z", "2026-13-45T99:99Z", "0001-01-01",
         "2026-02-30", "2026-03", "9999-12", "\x00", "'; DROP TABLE client; --", "<script>", "{{ 7 * 7 }}", "%s%n",
         "\ud83d", "a@b.cd"]
    ),
)  # fmt: skip


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    given=st.dictionaries(st.sampled_from(FIELDS), WORDS),
    proven=st.booleans(),
    path=st.sampled_from(["", "/details"]),
)
def test_whatever_is_sent_is_answered_without_an_error(
    visitor: Visitor, given: dict[str, str], proven: bool, path: str
) -> None:
    visitor.another_site()
    fields = {name: value.encode("utf-8", "replace").decode() for name, value in given.items()}
    form = {**visitor.form(), **fields} if proven else fields
    for answer in (
        visitor.client.get(f"/book/{SLUG}{path}", params=fields),
        visitor.client.post(f"/book/{SLUG}/details", data=form),
        visitor.client.post("/verify", data=form),
    ):
        assert answer.status_code < 500
        assert "49" not in answer.headers.get("location", "")
