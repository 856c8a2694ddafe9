from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from couchcal.tui.forms.appointment_merge import UNITS, compare, merged

SINGLE = ("service", "diagnoses", "instructions", "busy", "group_key")
NAMES = (*SINGLE, *(name for _, names in UNITS for name in names))
VALUES = st.fixed_dictionaries({name: st.integers(0, 2) for name in NAMES})
TOGETHER = [{name} for name in SINGLE] + [set(names) for _, names in UNITS]


@given(base=VALUES, mine=VALUES, theirs=VALUES, sides=st.lists(st.booleans(), min_size=len(TOGETHER)))
def test_edits_that_do_not_overlap_merge_to_both(
    base: dict[str, int], mine: dict[str, int], theirs: dict[str, int], sides: list[bool]
) -> None:
    for is_mine, names in zip(sides, TOGETHER, strict=False):
        for name in names:
            (theirs if is_mine else mine)[name] = base[name]
    merge = compare(base, mine, theirs)
    assert not merge.both
    found = merged(merge, mine, theirs)
    for is_mine, names in zip(sides, TOGETHER, strict=False):
        assert {name: found[name] for name in names} == {
            name: (mine if is_mine else theirs)[name] for name in names
        }


@given(base=VALUES, mine=VALUES, theirs=VALUES)
def test_each_unit_of_a_merge_is_whole(base: dict[str, int], mine: dict[str, int], theirs: dict[str, int]) -> None:
    merge = compare(base, mine, theirs)
    all_theirs = merged(merge, mine, theirs, [unit.label for unit in merge.both])
    for found in (merged(merge, mine, theirs), all_theirs):
        for names in TOGETHER:
            part = {name: found[name] for name in names}
            assert part in ({name: mine[name] for name in names}, {name: theirs[name] for name in names})
    assert compare(base, theirs, theirs) == ((), (), ())
    assert merged(compare(base, base, theirs), base, theirs) == theirs
    assert merged(compare(base, mine, base), mine, base) == mine
