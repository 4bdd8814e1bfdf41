"""How the app's server is started, from a clone and from an installed package alike."""

from __future__ import annotations

import importlib
import importlib.util
import runpy
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from sources.errors import Unavailable


def start_file() -> Path:
    """Return the app's start file, of the clone or of the installed package."""
    spec = importlib.util.find_spec("streamlit_app")
    if spec is None or spec.origin is None:
        raise Unavailable("the app's start file streamlit_app.py is not installed", remedy="install undersaid again")
    return Path(spec.origin)


def server_options(*, port: int, headless: bool, address: str) -> list[str]:
    """Return the options of `streamlit run`; everything else stands in .streamlit/config.toml beside the start file."""
    return [f"--server.port={port}", f"--server.address={address}", f"--server.headless={str(headless).lower()}"]


def main(options: Sequence[str]) -> None:
    """Run the server; what the pages are made of is loaded while it starts, so that the first visitor need not wait for it."""
    threading.Thread(target=_load, daemon=True).start()
    sys.argv = ["streamlit", "run", str(start_file()), *options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _load() -> None:
    """Load what the pages are made of; charts are drawn as they are, that they are valid is proven by the tests."""
    importlib.import_module("explorer.ui")
    importlib.import_module("altair.utils.schemapi").disable_debug_mode()


if __name__ == "__main__":
    main(sys.argv[1:])
