"""How the app's server is started: one place for its options, whether the app runs from a clone or from site-packages."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path

from sources.errors import Unavailable

#: Where the wheel keeps the clone's .streamlit/config.toml, which Streamlit finds by itself only beside the start file.
PACKAGED = Path(__file__).with_name("streamlit.toml")


def start_file() -> Path:
    """Return the app's start file, of the clone or of the installed package."""
    spec = importlib.util.find_spec("streamlit_app")
    if spec is None or spec.origin is None:
        raise Unavailable("the app's start file streamlit_app.py is not installed", remedy="install undersaid again")
    return Path(spec.origin)


def server_options(*, port: int, headless: bool, address: str = "127.0.0.1") -> list[str]:
    """Return the command-line options of `streamlit run`: address, port, browser, and the settings where no file is beside."""
    options = [f"--server.port={port}", f"--server.address={address}", f"--server.headless={str(headless).lower()}"]
    if (start_file().parent / ".streamlit" / "config.toml").exists():
        return options
    return options + _flags(tomllib.loads(PACKAGED.read_text(encoding="utf-8")), "")


def _flags(table: dict[str, object], prefix: str) -> list[str]:
    flags: list[str] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            flags += _flags(value, f"{name}.")
        elif isinstance(value, list):
            flags += [f"--{name}={item}" for item in value]
        else:
            flags.append(f"--{name}={str(value).lower() if isinstance(value, bool) else value}")
    return flags
