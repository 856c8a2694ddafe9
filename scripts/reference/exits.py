"""docs/reference/exit-codes.md: exit codes, and every code of an error with the words that go with it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from couchcal import errors
from couchcal.errors import EXIT_REFUSED, CouchcalError
from couchcal.practice import locks
from scripts.manpage_words import EXITS
from scripts.reference.markdown import code, document, prose, table

_SOURCE = Path(__file__).parents[2] / "src" / "couchcal"
_NOT_A_CALENDAR = "_refusal"
"""The function of `ics.importer` that makes an error of a code, a message and a hint."""
_INTRO = """
A command that fails prints one line on standard error: `couchcal: error: ` and what is wrong, a semicolon, what
to do. With `--json` it prints `{"error": {"code": …, "message": …, "hint": …}}` on standard output, too. Scripts
go by the exit code, and by `code` where they want to know more; messages may get better words. No message has a
client's name in it.
"""
_CODES = """
Where a script may want to tell one case from another, the code is one of these instead. … stands for what differs
from case to case.
"""
_LOCKS = """
## Locks

A change that a lock forbids ends with exit code 1 and the code `locked_` and the name that `agenda --json` lists
under `locked`.
"""


_CODE = re.compile(r"\bcode ?= ?[\"f]|_refusal\(")
"""What a module has in which an error gets a code; all others need not be read."""


class _Kind(NamedTuple):
    """A class of errors: the code and the exit code it has unless it is said otherwise."""

    code: str
    exit_code: int


class _Said(NamedTuple):
    """One place in the sources that raises an error."""

    code: str
    exit_code: int
    message: str
    hint: str


def page() -> str:
    """The whole page."""
    exits = table(
        ("exit code", "meaning"), ((f"`{code_}`", prose(words)) for code_, words in sorted(EXITS.items()))
    )
    general = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CouchcalError)]
    known = {kind.code for kind in general}
    particular = sorted({said for said in _all_said() if said.code not in known})
    held = [lock for lock in vars(locks).values() if isinstance(lock, locks.Lock)]
    return document(
        "Exit codes and errors",
        _INTRO,
        f"## Exit codes\n\n{exits}",
        "## Codes of errors\n",
        table(
            ("code", "exit code", "meaning"),
            ((code(kind.code), str(kind.exit_code), " ".join((kind.__doc__ or "").split())) for kind in general),
        ),
        _CODES,
        table(
            ("code", "exit code", "what is wrong", "what to do"),
            ((code(said.code), str(said.exit_code), prose(said.message), prose(said.hint)) for said in particular),
        ),
        _LOCKS,
        table(("name", "why", "what to do"), ((code(lock.name), lock.reason, lock.way_out) for lock in held)),
    )


def _all_said() -> Iterator[_Said]:
    """What the sources say; what the booking page says to visitors (`practice/door*`) no command prints."""
    paths = [path for path in sorted(_SOURCE.rglob("*.py")) if not path.name.startswith("door")]
    texts = [path.read_text("utf-8") for path in paths]
    trees = [ast.parse(text) for text in texts if _CODE.search(text)]
    kinds = {"CouchcalError": _Kind("error", EXIT_REFUSED)}
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while new := {node.name: _kind(node, kinds) for node in classes if _is_new(node, kinds)}:
        kinds |= new
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == _NOT_A_CALENDAR:
                name, message, hint = (_words(argument) or "" for argument in node.args)
                yield _Said(name, kinds["Invalid"].exit_code, message, hint)
            elif node.func.id in kinds:
                said = _said(node, kinds[node.func.id])
                if said is not None:
                    yield said


def _is_new(node: ast.ClassDef, kinds: dict[str, _Kind]) -> bool:
    return node.name not in kinds and any(isinstance(base, ast.Name) and base.id in kinds for base in node.bases)


def _kind(node: ast.ClassDef, kinds: dict[str, _Kind]) -> _Kind:
    kind = next(kinds[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in kinds)
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            name, value = line.targets[0].id, line.value
            if name == "code" and isinstance(value, ast.Constant):
                kind = kind._replace(code=str(value.value))
            elif name == "exit_code" and isinstance(value, ast.Name):
                kind = kind._replace(exit_code=getattr(errors, value.id))
    return kind


def _said(node: ast.Call, kind: _Kind) -> _Said | None:
    """What a call says, None where its words are made elsewhere."""
    given = next((word.value for word in node.keywords if word.arg == "code"), None)
    if given is not None and not isinstance(given, ast.Constant):
        return None
    texts = [_words(argument) for argument in node.args[:2]]
    if not texts or texts[0] is None:
        return None
    name = str(given.value) if isinstance(given, ast.Constant) else kind.code
    return _Said(name, kind.exit_code, texts[0], (texts[1] if len(texts) > 1 else "") or "")


def _words(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        return re.sub("…+", "…", text)
    return None
