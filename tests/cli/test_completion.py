"""What the completion scripts offer, asked of the shells themselves where they are here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

_ASK_BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
$(complete -p couchcal | sed 's/.*-F \\([^ ]*\\).*/\\1/') couchcal "${COMP_WORDS[COMP_CWORD]}" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""
_ASK_FISH = """
source $argv[1]
complete -C "$argv[2..]"
"""


def _script(cli: Cli, shell: str, folder: Path) -> Path:
    script = folder / f"couchcal.{shell}"
    script.write_text(cli("completion", shell).out, "utf-8")
    return script


def _asked(words: tuple[str, ...], cwd: Path) -> set[str]:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=20, check=True)
    return {line.partition("\t")[0] for line in done.stdout.splitlines()}


_QUESTIONS = [
    (("couchcal", "ser"), {"serve", "service"}),
    (("couchcal", "client", "mer"), {"merge"}),
    (("couchcal", "client", "add", "--em"), {"--email"}),
    (("couchcal", "agenda", "--names", "in"), {"initials"}),
    (("couchcal", "import", "calend"), {"calendar.ics"}),
]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_offers_commands_actions_options_values_and_files(cli: Cli, tmp_path: Path) -> None:
    script = _script(cli, "bash", tmp_path)
    (tmp_path / "calendar.ics").touch()
    offered = [_asked(("bash", "-c", _ASK_BASH, "bash", str(script), *line), tmp_path) for line, _ in _QUESTIONS]
    assert offered == [answer for _, answer in _QUESTIONS]


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
def test_fish_offers_commands_actions_options_values_and_files(cli: Cli, tmp_path: Path) -> None:
    script = _script(cli, "fish", tmp_path)
    (tmp_path / "calendar.ics").touch()
    offered = [
        _asked(("fish", "--no-config", "-c", _ASK_FISH, str(script), " ".join(line)), tmp_path)
        for line, _ in _QUESTIONS
    ]
    assert offered == [answer for _, answer in _QUESTIONS]


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_zsh_can_read_its_script(cli: Cli, tmp_path: Path) -> None:
    subprocess.run(("zsh", "-n", str(_script(cli, "zsh", tmp_path))), timeout=20, check=True)


def test_an_action_of_one_command_is_not_taken_for_another_command(cli: Cli) -> None:
    """`edit` is a command, and an action of `client`: fish may not mix their options."""
    out = cli("completion", "fish").out
    assert "-n '__couchcal_at client edit' -l names" in out
    assert "-n '__couchcal_at edit' -l scope" in out
    assert "-n '__couchcal_at client edit' -l scope" not in out


@pytest.mark.parametrize(("shell", "mark"), [("bash", "_shtab_compgen_files"), ("zsh", "_files")])
def test_paths_are_completed_as_paths(cli: Cli, shell: str, mark: str) -> None:
    assert mark in cli("completion", shell).out
