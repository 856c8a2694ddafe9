"""`make audit`: known vulnerabilities of everything in constraints.txt, by pip-audit."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.sources import ROOT

UNREACHABLE = 3


def main() -> int:
    """Print what is known; 1 if there is something, 3 if no database answered, which proves nothing."""
    with tempfile.TemporaryDirectory(prefix="couchcal-audit-") as folder:
        for service in ("pypi", "osv"):
            found = _asked(service, Path(folder) / f"{service}.json")
            if found is not None:
                return _told(service, found)
    sys.stderr.write("audit: NOT DONE: no database of vulnerabilities could be reached\n")
    return UNREACHABLE


def _asked(service: str, out: Path) -> list[dict[str, object]] | None:
    """The packages as `service` knows them, None if it did not answer."""
    done = subprocess.run(
        (
            *(sys.executable, "-m", "pip_audit", "--vulnerability-service", service, "--disable-pip", "--no-deps"),
            *("--requirement", str(ROOT / "constraints.txt"), "--timeout", "20", "--progress-spinner", "off"),
            *("--format", "json", "--output", str(out)),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    if not out.exists() or not out.stat().st_size:
        last = done.stderr.strip().splitlines()[-1:] or ["no answer"]
        sys.stderr.write(f"audit: {service}: {last[0][:200]}\n")
        return None
    packages: list[dict[str, object]] = json.loads(out.read_text("utf-8"))["dependencies"]
    if all("skip_reason" in package for package in packages):
        sys.stderr.write(f"audit: {service}: it knows none of the packages, so this is not the database itself\n")
        return None
    return packages


def _told(service: str, packages: list[dict[str, object]]) -> int:
    skipped = [package for package in packages if "skip_reason" in package]
    for package in skipped:
        sys.stderr.write(f"audit: {package['name']} was not looked up: {package['skip_reason']}\n")
    vulnerable = [package for package in packages if package.get("vulns")]
    for package in vulnerable:
        vulns = package["vulns"]
        for each in vulns if isinstance(vulns, list) else []:
            repaired = ", ".join(each["fix_versions"]) or "nothing yet"
            sys.stdout.write(f"{package['name']} {package['version']}: {each['id']}, repaired in {repaired}\n")
    looked = len(packages) - len(skipped)
    sys.stdout.write(
        f"audit: {looked} packages looked up ({service}), {len(vulnerable)} with known vulnerabilities\n"
    )
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
