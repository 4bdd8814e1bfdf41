"""How the app's server is started, from a clone and from an installed package alike."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import runpy
import sys
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
    """Load what the pages are made of, then run the server: one that says it is healthy answers its first visitor at once."""
    _load()
    sys.argv = ["streamlit", "run", str(start_file()), *options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _load() -> None:
    logging.disable(logging.WARNING)  # caches that are made before the server runs say so, each of them
    importlib.import_module("explorer.ui")
    logging.disable(logging.NOTSET)
    # Charts are drawn as they are: that they are valid is proven by tests, and checking each anew takes a tenth of a second.
    importlib.import_module("altair.utils.schemapi").disable_debug_mode()


if __name__ == "__main__":
    main(sys.argv[1:])
