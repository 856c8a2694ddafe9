"""`couchcal service`, `modifier`, `place`, `room`."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


def test_the_starter_list_of_services(bare: Cli) -> None:
    found = bare.json("service", "list")
    assert len(found) == 14
    assert found[3] == {
        "code": "90837", "label": "Individual therapy, extended", "typical_min": 60, "billable_min": 53,
        "billable_max": None, "billable": True, "group_service": False, "addon_of": [], "active": True, "fee": None,
    }  # fmt: skip
    assert bare("service", "list").out.splitlines()[3].startswith("90837 ")


def test_a_service_from_adding_to_retiring(cli: Cli) -> None:
    made = cli.json("service", "add", "h0004", "label=Counselling", "length=15", "fee=30", "billed=yes",
                    "added_to=90837,90834")  # fmt: skip
    assert (made["code"], made["fee"], made["addon_of"]) == ("H0004", 30.0, ["90837", "90834"])
    assert cli("service", "edit", "H0004", "length=20", "fee=").out == "Changed service H0004\n"
    cli("add", "wed 9am C-0001 H0004")
    assert cli("service", "retire", "h0004").out == "Retired service H0004\n"
    assert "unknown service code" in cli("add", "wed 11am C-0001 H0004", code=1).err
    assert "H0004" not in cli("service", "list").out
    assert "[retired]" in cli("service", "list", "--retired").out
    assert cli("service", "restore", "H0004").out == "H0004 is in use again\n"
    assert cli("service", "retire", "CONSULT").out == "Removed service CONSULT\n"
    assert cli.json("service", "retire", "NOSHOW") == {"removed": "NOSHOW"}


def test_places_and_rooms(cli: Cli) -> None:  # APT-10, APT-11
    assert cli.json("place", "add", "Loft", "address=1 High St", "default=yes")["is_default"] is True
    assert cli("room", "add", "Blue room", "place=Loft").out == "Added room Blue room\n"
    assert cli.json("room", "list") == [{"place": "Loft", "name": "Blue room", "active": True}]
    assert cli("place", "edit", "Loft", "name=Attic").out == "Changed place Attic\n"
    assert cli.json("place", "edit", "attic", "pos=10", "name=Roof")["name"] == "Roof"
    assert cli("room", "retire", "blue room").out == "Removed room Blue room\n"
    assert cli("room", "list").out == "No rooms yet.\n"


def test_sessions_follow_the_code_of_their_place(cli: Cli) -> None:  # MOD-01, INV-L4
    booked = cli.json("add", "wed 9am C-0001 90834")
    done = cli("place", "edit", "Office", "pos=10")
    assert done.out == "Changed place Office: 1 upcoming session with it\n"
    assert cli.json("show", booked["id"])["modifiers"] == ["95"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("service", "add", "90837", "label=x"), "is on the list"),
        (("service", "add", "H0004", "colour=red"), "no field 'colour'"),
        (("service", "add", "H0004", "label"), "FIELD=VALUE"),
        (("service", "add", "H0004", "label=x", "length=long"), "length is minutes"),
        (("service", "add", "H0004", "label=x", "fee=much"), "fee is an amount"),
        (("service", "edit", "12345", "label=x"), "there is no service called so"),
        (("modifier", "add", "XYZ", "label=x"), "two letters or digits"),
        (("place", "edit", "Office", "default=perhaps"), "default is yes or no"),
        (("place", "edit", "Office", "pos=1"), "two digits"),
        (("room", "add", "Blue", "place=Nowhere"), "there is no place called so"),
    ],
)
def test_what_is_wrong_is_refused(bare: Cli, argv: tuple[str, ...], words: str) -> None:
    assert words in bare(*argv, code=1).err
