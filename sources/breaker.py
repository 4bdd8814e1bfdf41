"""One polite caller per host, whatever the number of processes: a turn at a time, spacing, a budget, and a breaker on disk.

What is known of a host lives in one small file, so that a page that is drawn again, a second window or a restart does not
start to hammer a service that has just refused. A file that cannot be read or written costs the memory, never the run.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from sources.clock import Clock, SystemClock
from sources.errors import Throttled
from sources.outward import outward

log = logging.getLogger(__name__)

#: Overrides the folder where turns, breakers and answers that may be used again are kept.
STATE_VARIABLE = "UNDERSAID_STATE_DIR"

#: A stored instant further ahead than this comes from a clock that was wrong, not from a service.
_ABSURD = timedelta(days=7)


@dataclass(frozen=True)
class Manners:
    """How one host is to be treated. Seconds throughout.

    Parameters
    ----------
    spacing : least time between two requests; `jitter` adds up to that much more, at random.
    budget : most requests within `budget_window`; None = no budget of our own.
    strikes : refusals in a row that open the breaker, which then stays open for `rest` at least.
    patience : longest wait that a request makes by itself; beyond it the caller is told when to come back.
    backoff : first wait after a refusal that names no time; doubles with every further one, drawn at random below that.
    """

    spacing: float = 1.0
    jitter: float = 0.5
    budget: int | None = None
    budget_window: float = 3600.0
    strikes: int = 3
    rest: float = 1800.0
    patience: float = 60.0
    backoff: float = 10.0


#: How a host is treated of which nothing is known.
POLITE = Manners()


@dataclass
class _Host:
    """What is remembered of a host; instants are seconds since 1970."""

    next_at: float = 0.0
    open_until: float = 0.0
    refused_at: float = 0.0
    strikes: int = 0
    recent: list[float] = field(default_factory=list)


def state_folder() -> Path:
    """Return the folder for what outlives a run and belongs to no study: the environment's choice, else the user's."""
    chosen = os.environ.get(STATE_VARIABLE, "").strip()
    return Path(chosen).expanduser() if chosen else platformdirs.user_state_path("undersaid", appauthor=False)


class Gate:
    """Hands out turns to speak to a host.

    Nothing is created before the first turn.
    """

    def __init__(
        self, folder: Path | str | None = None, *, clock: Clock | None = None, seed: int | None = None
    ) -> None:
        self._folder = Path(folder) if folder is not None else state_folder() / "hosts"
        self._clock = clock or SystemClock()
        self._random = random.Random(seed)  # noqa: S311  (spreads requests, protects nothing)
        self._locks: dict[str, FileLock] = {}
        self._memory: dict[str, _Host] = {}

    @contextmanager
    def alone(self, host: str, manners: Manners) -> Iterator[None]:
        """Hold `host` for several requests that belong together; other processes and threads wait for the end.

        Raises
        ------
        Throttled : someone else has held it for longer than `manners.patience`.
        """
        lock = self._lock(host)
        if lock is None:
            yield
            return
        try:
            lock.acquire(timeout=manners.patience)
        except Timeout as error:
            raise Throttled(
                "another window or process is asking it just now",
                host,
                "wait for it to end",
                retry_at=self._clock.now() + timedelta(seconds=manners.patience),
            ) from error
        except OSError as error:
            log.warning("no lock for %s (%s); going on without one", host, error)
            yield
            return
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def turn(self, host: str, manners: Manners) -> Iterator[None]:
        """Wait for the turn to send one request to `host`, and hold it while the request is under way.

        Raises
        ------
        Throttled : the breaker is open, the budget is spent, or the wait would be longer than `manners.patience`.
        NotAllowed : the request leads into a private network; see `sources.outward`.
        """
        with self.alone(host, manners):
            known = self._read(host)
            now = self._stamp()
            if known.open_until > now:
                raise self._come_back(host, known.open_until, "it has refused several times and is left in peace")
            recent = [t for t in known.recent if now - manners.budget_window < t <= now]
            if manners.budget is not None and len(recent) >= manners.budget:
                free = recent[-manners.budget] + manners.budget_window
                raise self._come_back(host, free, f"the budget of {manners.budget} requests is spent")
            wait = known.next_at - now
            if wait > manners.patience:
                raise self._come_back(host, known.next_at, "it asked to wait")
            if wait > 0:
                self._clock.sleep(wait)
            sent = self._stamp()
            # Written before the request leaves, so that a process that is killed meanwhile has still had its turn.
            known.next_at = sent + manners.spacing + self._random.uniform(0, manners.jitter)
            known.recent = [*recent, sent][-1000:] if manners.budget is not None else []
            self._write(host, known)
            with outward(host):
                yield

    def served(self, host: str) -> None:
        """Note that the host has answered: refusals in a row start again from none."""
        known = self._read(host)
        if known.strikes:
            known.strikes = 0
            self._write(host, known)

    def refused(
        self, host: str, manners: Manners, retry_at: datetime | None = None, *, final: bool = False
    ) -> datetime:
        """Note a refusal and return the earliest useful next try; opens the breaker after `manners.strikes` in a row.

        Parameters
        ----------
        retry_at : what the service said; None = it did not say.
        final : open the breaker at once, because asking again would make it worse (a page for humans instead of data).
        """
        known, now = self._read(host), self._stamp()
        if now - known.refused_at > manners.rest:
            known.strikes = 0
        known.strikes, known.refused_at = known.strikes + 1, now
        drawn = self._random.uniform(0.5, 1.0) * manners.backoff * 2 ** (known.strikes - 1)
        again = retry_at.timestamp() if retry_at is not None else now + drawn
        again = max(again, now)
        if final or known.strikes >= manners.strikes:
            known.open_until = again = max(again, now + manners.rest)
        known.next_at = max(known.next_at, again)
        self._write(host, known)
        return datetime.fromtimestamp(again, UTC)

    def hold(self, host: str, until: datetime) -> None:
        """Send nothing to `host` before `until`."""
        known = self._read(host)
        if until.timestamp() > known.next_at:
            known.next_at = until.timestamp()
            self._write(host, known)

    def open_until(self, host: str) -> datetime | None:
        """Return until when the breaker of `host` is open; None when it is closed."""
        until = self._read(host).open_until
        return datetime.fromtimestamp(until, UTC) if until > self._stamp() else None

    def _stamp(self) -> float:
        return self._clock.now().timestamp()

    def _come_back(self, host: str, at: float, what: str) -> Throttled:
        retry_at = datetime.fromtimestamp(at, UTC)
        return Throttled(what, host, f"try again after {retry_at:%Y-%m-%d %H:%M} UTC", retry_at=retry_at)

    def _lock(self, host: str) -> FileLock | None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            log.warning("the folder %s cannot be made (%s); turns are kept in memory only", self._folder, error)
            return None
        return self._locks.setdefault(host, FileLock(self._file(host, ".lock")))

    def _file(self, host: str, suffix: str) -> Path:
        return self._folder / (re.sub(r"[^\w.\-]", "_", host) + suffix)

    def _read(self, host: str) -> _Host:
        try:
            raw = json.loads(self._file(host, ".json").read_text(encoding="utf-8"))
            known = _Host(
                float(raw["next_at"]),
                float(raw["open_until"]),
                float(raw["refused_at"]),
                int(raw["strikes"]),
                [float(t) for t in raw["recent"]],
            )
        except FileNotFoundError:
            known = self._memory.get(host, _Host())
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("what was known of %s cannot be read (%s); starting anew", host, error)
            known = self._memory.get(host, _Host())
        horizon = self._stamp() + _ABSURD.total_seconds()
        if max(known.next_at, known.open_until) > horizon:
            known.next_at, known.open_until = 0.0, 0.0
        return known

    def _write(self, host: str, known: _Host) -> None:
        self._memory[host] = known
        file = self._file(host, ".json")
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(asdict(known)), encoding="utf-8")
            draft.replace(file)
        except OSError as error:
            log.warning("what is known of %s cannot be kept (%s)", host, error)
            with contextlib.suppress(OSError):
                draft.unlink()
