"""Real servers on loopback, started once; opt-in, because they need half a gigabyte of Node packages."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults import fenced  # noqa: F401
from tests.servers import running
from tests.servers.network import Network


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    lacking = running.lacking()
    for item in items:
        if "tests/servers/" not in item.path.as_posix():
            continue
        item.add_marker(pytest.mark.servers)
        part = "snac" if "mastodon" in item.path.name else "bluesky"
        if not os.environ.get(running.WANTED):
            item.add_marker(pytest.mark.skip(reason="talks to real servers: make test-servers"))
        elif part in lacking:
            item.add_marker(pytest.mark.skip(reason=lacking[part]))


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """A Bluesky network whose search stops at 200 hits, with 300 posts over 60 days planted in it."""
    with running.bluesky(cap=200) as (url, view):
        network = Network(url, view)
        network.plant(300, days=60)
        yield network
        network.close()


@pytest.fixture(scope="session")
def snac() -> Iterator[running.Snac]:
    with running.mastodon() as server:
        yield server
