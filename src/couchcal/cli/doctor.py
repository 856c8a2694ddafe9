"""`couchcal doctor`: what is well and what is not, each with a way to put it right. Changes nothing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from couchcal.cli import doctor_computer as computer
from couchcal.cli import doctor_files as files
from couchcal.cli import doctor_practice as practice
from couchcal.cli.arguments import add_json
from couchcal.cli.commands import Handler
from couchcal.cli.doctor_patient import Finding, Patient
from couchcal.cli.occurrence_json import write_json_list
from couchcal.cli.plain import one_line
from couchcal.errors import EXIT_REFUSED, CouchcalError, UsageProblem
from couchcal.practice.opening import locate

if TYPE_CHECKING:
    from couchcal.store.postgresql.address import Address


_P = TypeVar("_P", bound=Patient)
_Check = Callable[[Patient], Iterator[Finding]]

_OF_A_FILE: tuple[_Check, ...] = (
    files.database,
    files.encryption,
    files.key_store,
    files.leftovers,
    files.permissions,
    files.integrity,
)
_OF_A_PRACTICE: tuple[_Check, ...] = (
    practice.schema,
    files.backup,
    practice.audit,
    practice.google,
    practice.mail,
    practice.zone_data,
)
_OF_A_COMPUTER: tuple[_Check, ...] = (computer.settings_file, computer.terminal, computer.locale, computer.versions)


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("part", metavar="google", nargs="?", choices=("google",), help="only the sync")
    parser.add_argument(
        "--probe", action="store_true", help="google: try what is not documented, on a new calendar"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)


def _run(args: Namespace) -> int:
    if args.probe:
        from couchcal.cli.doctor_google import run_probe

        if args.part is None:
            raise UsageProblem("--probe is of google", "couchcal doctor google --probe")
        return run_probe(args)
    location = locate(args.db)
    if isinstance(location, Path):
        checks = (*_OF_A_FILE, *_OF_A_PRACTICE, *_OF_A_COMPUTER) if args.part is None else (practice.google,)
        findings = _findings(checks, Patient(location))
    else:
        findings = _findings_on_server(location, args.part)
    if args.json:
        write_json_list(finding._asdict() for finding in findings)
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            sys.stdout.write(f"{finding.state:<4}  {finding.check:<{width}}  {one_line(finding.detail)}\n")
            if finding.fix:
                sys.stdout.write(f"{'':{width + 8}}-> {one_line(finding.fix)}\n")
    return EXIT_REFUSED if any(finding.state == "fail" for finding in findings) else 0


def _findings_on_server(address: Address, part: str | None) -> list[Finding]:
    """What is said of a practice on a server; where it cannot be reached, that, and what is of this computer."""
    from couchcal.cli import doctor_server

    patient = doctor_server.ServerPatient(address)
    if part is not None:
        return _findings((practice.google,), patient)
    first, *others = doctor_server.CHECKS
    found = _safely(first, patient)
    if patient.reached:
        found += [finding for check in others for finding in _safely(check, patient)]
        found += _findings(_OF_A_PRACTICE, patient)
    return found + _findings(_OF_A_COMPUTER, patient)


def _findings(checks: tuple[_Check, ...], patient: Patient) -> list[Finding]:
    return [finding for check in checks for finding in _safely(check, patient)]


def _safely(check: Callable[[_P], Iterator[Finding]], patient: _P) -> list[Finding]:
    """The findings of a check; one that cannot be done is a failure, not the end of the report."""
    name = check.__name__
    try:
        return list(check(patient))
    except CouchcalError as error:
        return [Finding(name, "fail", error.message, error.hint)]
    except OSError as error:
        return [
            Finding(name, "fail", f"{error.filename or patient.path}: {error.strerror}", "check its permissions")
        ]


HANDLERS = {"doctor": Handler(_configure, _run)}
