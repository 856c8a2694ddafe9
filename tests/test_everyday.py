"""What is left to `make test-long` is there, and has a case of its kind in `make test`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.everyday import LEAST, MORE_OF_A_KIND, _fewer

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("test", sorted({case.split("[")[0] for case in MORE_OF_A_KIND}))
def test_what_is_long_is_a_case_of_a_test(test: str) -> None:
    path, name = test.split("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    (function,) = [node for node in found if node.name == name]
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    assert any("parametrize" in decorator for decorator in decorators)
    assert not any("mark.long" in decorator for decorator in decorators)


def test_every_case_is_named_once() -> None:
    assert len(set(MORE_OF_A_KIND)) == len(MORE_OF_A_KIND)
    assert all(case.endswith("]") for case in MORE_OF_A_KIND)


def test_a_part_of_the_examples_is_never_none_and_never_more_than_all() -> None:

    for many in (1, 2, 3, 10, 100):
        fewer = _fewer(settings(max_examples=many)).max_examples
        assert min(many, LEAST) <= fewer <= many
    assert _fewer(settings(max_examples=100)).max_examples == 20
