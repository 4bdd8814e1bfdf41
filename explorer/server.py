"""How the app's server is started, from a clone and from an installed package alike."""

from __future__ import annotations

import importlib.util
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
