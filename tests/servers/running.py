"""Starts the real servers that tests/servers/install has put into .servers, on loopback and on free ports, and stops them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).resolve().parent
GOAL = HERE.parent.parent / ".servers"
#: Set by `make test-servers`: without it the tests of this folder are skipped.
WANTED = "UNDERSAID_SERVERS"
#: Rate limits of the network have their real numbers, in windows this much shorter: 30 logins in 15 seconds.
FASTER = 20


def postgres() -> Path | None:
    """The folder of PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    if found:
        return found[-1].parent
    plain = shutil.which("initdb")
    return Path(plain).resolve().parent if plain else None


def snac() -> str | None:
    """The program of snac."""
    own = GOAL / "snac/usr/bin/snac"
    return shutil.which("snac") or (str(own) if own.exists() else None)


def lacking() -> dict[str, str]:
    """What keeps each server from being started here; empty when all can."""
    found = {}
    if not (GOAL / "installed-lock.json").exists():
        found["bluesky"] = "the Bluesky network is not installed (tests/servers/install bluesky)"
    elif postgres() is None or not shutil.which("redis-server") or not shutil.which("node"):
        found["bluesky"] = "PostgreSQL, Redis or Node is missing (tests/servers/install bluesky)"
    if snac() is None:
        found["snac"] = "snac is not installed (tests/servers/install snac)"
    return found


def free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def folder() -> Iterator[Path]:
    """A short-lived folder that other users of this machine may enter: PostgreSQL refuses to run as root."""
    path = Path(tempfile.mkdtemp(prefix="undersaid-servers-"))
    path.chmod(0o777)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def process(command: list[str], log: Path, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is ended with the block, politely first."""
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, **more)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(8)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def until(ready: Callable[[], bool], what: str, seconds: float = 60.0, log: Path | None = None) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.1)
    said = log.read_text(errors="replace")[-2000:] if log is not None else ""
    raise AssertionError(f"{what} did not come up within {seconds:.0f} s: {said}")


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.TransportError:
        return False


@contextmanager
def databases(place: Path) -> Iterator[tuple[str, str]]:
    """PostgreSQL and Redis; yields their addresses."""
    programs = postgres()
    assert programs is not None
    database, memory = free_ports(2)
    user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    data = place / "postgres"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, cwd=place, **user,
    )  # fmt: skip
    settings = {
        "fsync": "off",
        "listen_addresses": "127.0.0.1",
        "max_connections": "200",
        "unix_socket_directories": str(place),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with ExitStack() as stack:
        start = [str(programs / "postgres"), "-D", str(data), "-p", str(database), *options]
        stack.enter_context(process(start, place / "postgres.log", cwd=place, **user))
        redis = ["redis-server", "--port", str(memory), "--bind", "127.0.0.1", "--save", "", "--dir", str(place)]
        stack.enter_context(process(redis, place / "redis.log"))
        ask = [str(programs / "psql"), "-h", "127.0.0.1", "-p", str(database), "-U", "postgres", "-c"]
        until(
            lambda: subprocess.run([*ask, "create database bsky"], capture_output=True, check=False).returncode == 0,
            "PostgreSQL", 30, place / "postgres.log",
        )  # fmt: skip
        yield f"postgresql://postgres@127.0.0.1:{database}/bsky", f"127.0.0.1:{memory}"


@contextmanager
def bluesky(cap: int) -> Iterator[tuple[str, str]]:
    """A whole network whose search stops at `cap` hits; yields the addresses of its account server and of its view."""
    with folder() as place, databases(place) as (database, memory):
        ports = free_ports(5)
        told = {
            "DB_POSTGRES_URL": database, "REDIS_HOST": memory, "PORTS": ",".join(map(str, ports)), "SEARCH_CAP": str(cap),
            "LIMITS_FASTER": str(FASTER), "LOG_ENABLED": "false", "NODE_ENV": "test",
        }  # fmt: skip
        log = place / "network.log"
        with process(["node", str(HERE / "network.cjs")], log, cwd=GOAL, env={**os.environ, **told}):
            until(lambda: "READY" in log.read_text(errors="replace"), "the Bluesky network", 90, log)
            yield f"http://localhost:{ports[1]}", f"http://localhost:{ports[2]}"


class Snac:
    """A running snac, and its command line."""

    def __init__(self, url: str, data: Path, program: str) -> None:
        self.url, self._data, self._program = url, data, program

    def note(self, user: str, text: str) -> None:
        self._run("note", str(self._data), user, text)

    def add(self, user: str) -> None:
        self._run("adduser", str(self._data), user)

    def _run(self, verb: str, *given: str) -> None:
        subprocess.run([self._program, verb, *given], check=True, capture_output=True, timeout=30)


@contextmanager
def mastodon() -> Iterator[Snac]:
    program = snac()
    assert program is not None
    with folder() as place:
        (port,) = free_ports(1)
        data = place / "snac"
        subprocess.run(
            [program, "init", str(data)], input=f"127.0.0.1\n{port}\nlocalhost:{port}\n\nadmin@example.org\n".encode(),
            check=True, capture_output=True, timeout=30,
        )  # fmt: skip
        settings = data / "server.json"
        # Requests wait for threads that deliver posts, so there are enough for both; nothing is sent twice.
        told = {"protocol": "http", "num_threads": 32, "queue_timeout": 1, "queue_timeout_2": 1, "queue_retry_max": 0}
        settings.write_text(json.dumps({**json.loads(settings.read_text()), **told}))
        with process([program, "httpd", str(data)], place / "snac.log"):
            until(lambda: answers(f"http://127.0.0.1:{port}/"), "snac", 20, place / "snac.log")
            yield Snac(f"http://127.0.0.1:{port}", data, program)
