"""The arrows that must never be: who may import whom, and what no import may do."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("sources", "forecasting", "explorer")
FILES = [f for package in PACKAGES for f in sorted((ROOT / package).rglob("*.py"))] + [ROOT / "streamlit_app.py"]

NETWORK = {"httpx", "requests", "urllib3", "socket", "http", "pytrends", "smtplib", "websockets", "aiohttp"}


def imports(file: Path) -> set[str]:
    """Every module a file names in an import, at any depth, relative ones resolved."""
    found = set()
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) + "." if node.level else ""
            module = f"{base}{node.module or ''}".strip(".")
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def top(modules: set[str]) -> set[str]:
    return {m.split(".")[0] for m in modules}


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_arrows_between_packages(file: Path) -> None:
    used = imports(file)
    here = name(file)
    if here.startswith("sources/"):
        assert not top(used) & {"forecasting", "explorer"}
    if here.startswith("forecasting/"):
        assert not top(used) & {"sources", "explorer"}
    reaches_up = {m for m in used if m.startswith(("explorer.app_pages", "explorer.cli"))}
    assert not reaches_up, f"{here} imports {reaches_up}"


@pytest.mark.parametrize("file", FILES, ids=name)
def test_only_the_screen_knows_streamlit_and_only_the_seam_knows_ibis(file: Path) -> None:
    used, here = top(imports(file)), name(file)
    screen = here == "streamlit_app.py" or here.startswith(("explorer/app_pages/", "explorer/ui/"))
    assert screen or "streamlit" not in used
    assert here.startswith("explorer/tallies") or not used & {"ibis", "duckdb"}
    assert here.startswith("sources/") or not used & NETWORK


@pytest.mark.parametrize("file", sorted((ROOT / "explorer" / "app_pages").glob("*.py")), ids=name)
def test_a_page_only_wires(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 120
    assert not top(imports(file)) & {"pandas", "numpy", "forecasting", "sources"}


@pytest.mark.parametrize("file", [f for f in FILES if name(f) != "explorer/ui/facts.py"], ids=name)
def test_every_number_on_screen_goes_through_fact(file: Path) -> None:
    assert "st.metric(" not in file.read_text(encoding="utf-8")


def test_importing_the_library_opens_nothing_and_starts_nothing(tmp_path: Path) -> None:
    """Import every module in a fresh interpreter where files, sockets and threads are refused."""
    modules = sorted(
        name(f).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for f in FILES
        if not name(f).startswith(("explorer/app_pages/", "streamlit_app"))
    )
    script = """
import importlib, os, socket, sys, threading
# Third-party modules may do as they like: they are imported before the watch begins.
import altair, babel.messages.pofile, deltalake, ibis, openpyxl, pandas, pyparsing, scipy.stats, sklearn.linear_model
import statsmodels.tsa.exponential_smoothing.ets, streamlit, typer, vl_convert, xlsxwriter, rich.console, platformdirs, tomlkit
import pyarrow.parquet, charset_normalizer, ibis.backends.duckdb, sklearn.exceptions, scipy.sparse.csgraph, scipy.signal
import prophet, networkit
root = sys.argv[1]
class Refused(Exception): pass
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(root):
        if not arguments[0].endswith((".py", ".pyc")):
            raise Refused(f"import opens {arguments[0]}")
    if event in ("socket.connect", "_thread.start_new_thread", "subprocess.Popen"):
        raise Refused(f"import does {event}")
sys.addaudithook(watch)
for module in sys.argv[2:]:
    importlib.import_module(module)
print("ok")
"""
    # The interpreter keeps no bytecode meanwhile: that would be a file opened by an import, if by none of ours.
    quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", script, str(ROOT), *modules]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=quiet, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith("ok")
