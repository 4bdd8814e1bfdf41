"""Asks whether any pinned version has a known vulnerability (`make audit`). What could not be asked about is never sound.

pip-audit ends with 0 when its service knows nothing of a package or cannot be reached for it; here that is a failure.
Exit: 0 all versions were looked up and none is known to be vulnerable; 1 some are; 2 not all could be looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SERVICES = ("pypi", "osv")
SECONDS = 300


def main(program: str, pins: str) -> int:
    """Audit the versions in the file `pins` with the pip-audit at `program`: by the first service that knows them all."""
    code = 2
    for service in SERVICES:
        report, fault = ask(program, Path(pins), service)
        lines, code = told(report, service, fault)
        print("\n".join(lines))
        if code != 2:
            break
    return code


def ask(program: str, pins: Path, service: str) -> tuple[Mapping[str, Any], str]:
    """Return the report of one service, and what went wrong where there is none."""
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--timeout", "10"]
    asked = [program, "--requirement", str(pins), "--vulnerability-service", service, *options]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=SECONDS, check=False)
        return json.loads(done.stdout), ""
    except ValueError:
        return {}, (done.stderr.strip().splitlines() or ["no answer"])[-1][:300]
    except subprocess.TimeoutExpired:
        return {}, f"no answer in {SECONDS} seconds"


def told(report: Mapping[str, Any], service: str, fault: str = "") -> tuple[Sequence[str], int]:
    """Return what is said of a report, and the exit code."""
    packages = report.get("dependencies", [])
    known = [p for p in packages if "vulns" in p]
    skipped = [p["name"] for p in packages if "vulns" not in p]
    weak = [(p, v) for p in known for v in p["vulns"]]
    lines = [
        f"{p['name']} {p['version']}: {v['id']}, mended in {', '.join(v['fix_versions']) or 'no version yet'}"
        for p, v in weak
    ]
    lines.append(f"{service}: {len(known)} versions looked up, {len(weak)} vulnerabilities known.")
    if skipped or not known:
        why = fault or f"{len(skipped)} versions could not be looked up, such as {', '.join(skipped[:3])}"
        lines.append(f"NOT AUDITED: {why}. Run this where the vulnerability service can be reached.")
    return lines, 1 if weak else 2 if skipped or not known else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
