"""What `couchcal doctor` says of the practice in a database, in a file or on a server."""

from __future__ import annotations

from collections.abc import Iterator

from couchcal.cli.doctor_computer import version_of
from couchcal.cli.doctor_patient import Finding, Patient
from couchcal.clock import local_zone_name, system_clock
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store.connection import SCHEMA_HEAD, schema_revision


def audit(patient: Patient) -> Iterator[Finding]:
    """Whether the audit trail is whole."""
    if not patient.exists:
        return
    with patient.connected() as connection:
        if schema_revision(connection) != SCHEMA_HEAD:
            return
        from couchcal.store import audit_anchor, audit_check

        verdict = audit_check.verify(connection, audit_anchor.read(patient.path))
    if verdict.intact:
        yield Finding("audit", "ok", f"{verdict.entries:,} entries, whole")
    else:
        yield Finding(
            "audit", "fail", verdict.reason, "couchcal audit verify; couchcal guide security says what to do"
        )


def schema(patient: Patient) -> Iterator[Finding]:
    """Whether the tables are those that this program knows."""
    if not patient.exists:
        return
    with patient.connected() as connection:
        revision = schema_revision(connection)
    if revision is None:
        yield Finding("schema", "fail", "this is no couchcal database", "choose another with --db")
    elif revision > SCHEMA_HEAD:
        yield Finding("schema", "fail", f"{revision} is newer than this couchcal", "upgrade couchcal")
    elif revision < SCHEMA_HEAD:
        yield Finding("schema", "warn", f"{revision} is older than {SCHEMA_HEAD}", "any other command upgrades it")
    else:
        yield Finding("schema", "ok", revision)


def google(patient: Patient) -> Iterator[Finding]:
    """How the sync is."""
    if not patient.exists:
        yield Finding("google", "ok", "not connected")
        return
    with patient.connected() as connection:
        if schema_revision(connection) != SCHEMA_HEAD:
            return
        from couchcal.cli.doctor_google import findings

        yield from findings(connection, encrypted=patient.encrypted)


def mail(patient: Patient) -> Iterator[Finding]:
    """How mail is set up, and whether it goes out."""
    if not patient.exists:
        return
    with patient.connected() as connection:
        if schema_revision(connection) != SCHEMA_HEAD:
            return
        from couchcal.cli.doctor_mail import findings

        yield from findings(connection)


def zone_data(patient: Patient) -> Iterator[Finding]:
    """Whether every zone is known, and whether series still are at their hour (TZ)."""
    names, drifted = {local_zone_name()}, dict[str, int]()
    if patient.exists:
        from couchcal.practice import zone_drift

        with patient.connected() as connection:
            names |= {row[0] for row in connection.execute("SELECT tz FROM practice")}
            if schema_revision(connection) == SCHEMA_HEAD:
                drifted = zone_drift.drifted(connection, system_clock())
    unknown = []
    for name in sorted(names):
        try:
            zone(name)
        except UnknownZone:
            unknown.append(name)
    if unknown:
        yield Finding("zone_data", "fail", f"{', '.join(unknown)} is not known", "install the tzdata package")
    else:
        yield Finding("zone_data", "ok", f"{', '.join(sorted(names))}; tzdata {version_of('tzdata')}")
    for name, count in sorted(drifted.items()):
        detail = f"{count} entries of series are not at their hour: the rules of {name} have changed"
        yield Finding("zone_data", "warn", detail, "couchcal move ID WHEN --scope future, once for each series")
