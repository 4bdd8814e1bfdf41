"""Fixtures that every test may use."""

from __future__ import annotations

import os
import tempfile

# Before numpy is imported: small matrices on many threads are slower, and tests share their cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Services are played on this machine; what refuses to reach it is tested by taking this away.
os.environ.setdefault("UNDERSAID_PRIVATE_HOSTS", "127.0.0.1,::1,localhost")
# Tests never touch the key of the person who runs them.
os.environ["UNDERSAID_AUTHOR_KEY_FILE"] = f"{tempfile.mkdtemp(prefix='undersaid-test-')}/author.key"

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.answers import Outlook, look_ahead
from explorer.demo import example_study
from explorer.study import Study
from sources.example import Example, make
from sources.example.truth import Truth

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Callable[..., Path]:
    """Return a function from path parts to a file of the evidence folder; the test is skipped where it is absent."""
    folder = Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared"))

    def find(*parts: str) -> Path:
        path = folder.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"needs {'/'.join(parts)} of the evidence folder, which is not here (UNDERSAID_SHARED)")
        return path

    return find


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The example study, made once for all tests in a folder of its own."""
    return example_study(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="session")
def world() -> Example:
    """The tables of the example world and what was planted in it."""
    return make()


@pytest.fixture(scope="session")
def truth(world: Example) -> Truth:
    return world.truth


@pytest.fixture(scope="session")
def outlook(example: Study) -> Outlook:
    """The next eight weeks of the example, by the two quickest members."""
    return look_ahead(example, horizon=8, members=("theta_log", "damped_log"))
