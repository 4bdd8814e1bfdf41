"""The one driver of all connectors: it paces, retries, splits windows at ceilings, resumes, and says what is covered.

A connector only turns answers into pages. Everything that could go wrong between two pages is dealt with here, once: a walk
that fails is taken up from its last state; a page is stored before its state is noted, under a batch id that the same page
has again, so that a kill at any moment costs at most one answer and doubles nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from sources import privacy
from sources.archive import Archive
from sources.clock import Clock, SystemClock
from sources.connector import Ask, NotEnoughData, Page, State, Window
from sources.coverage import coverage_frame, coverage_rows, cut, overtaken, spans, tally
from sources.errors import BadQuery, Changed, NeedsKey, NotAllowed, SourceError, Throttled, Unavailable
from sources.ledger import LATE, OPEN, SPLIT, Ledger, Step
from sources.store import Store
from sources.tables import KEYS
from sources.walk import PATIENCE, Walk

log = logging.getLogger(__name__)

REOPEN_WITHIN = timedelta(hours=24)  # an unfinished run is taken up within this, later everything is asked anew
IDLE_PAGES = 50  # pages in a row without a new row before a walk is taken to go round in circles
SETTLED = ("complete", "empty", "capped", LATE)
_AGAIN = (OPEN, "partial", "refused", "unavailable", "not_tried")


@dataclass(frozen=True)
class Progress:
    """What has just happened: question `done` of `total`, its source and name, rows so far, and a remark."""

    done: int
    total: int
    source: str
    query: str
    rows: int
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What a collection did.

    Parameters
    ----------
    coverage : the coverage rows of this call, with `source`.
    rows : rows stored in this call, by table.
    unfinished : questions that the next call takes up again.
    retry_at : when that is first useful, where a service said so.
    stopped : the caller asked to stop.
    notes : what was noticed, each once.
    """

    coverage: pd.DataFrame
    rows: dict[str, int]
    unfinished: int
    retry_at: datetime | None = None
    stopped: bool = False
    resumed: bool = False
    notes: tuple[str, ...] = ()


class _Stopped(Exception):
    """The caller asked to stop."""


def collect(
    plan: Sequence[Ask],
    store: Store,
    *,
    clock: Clock | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    patience: timedelta = PATIENCE,
    secret: bytes | None = None,
    keep_raw: bool = True,
) -> Report:
    """Put every question of `plan` to its source and store what comes back, with what is covered.

    Safe to stop and to kill: the next call with the same plan, within a day, goes on where this one ended and leaves the same
    tables as one undisturbed call. Questions that were answered whole are not asked again; those that failed are.

    Parameters
    ----------
    plan : see `sources.connector.plan`; questions may bring further ones (`Ask.further`).
    store : where rows, coverage and raw answers go; the state of the collection is kept in its folder.
    clock : tells the time and waits; tests bring their own.
    progress : called after every page and every question.
    stop : asked between pages and while waiting; True ends the run tidily.
    patience : a service that asks to wait longer than this is left for the next call.
    secret : key of author pseudonyms; None = the user's own (`sources.privacy.load_secret`), read when the first post comes.
    keep_raw : keep the answers, without tokens and cookies, in the folder `raw` of the store.

    Returns
    -------
    A `Report`. A source that fails is in it, not raised: what was fetched before is kept.

    Raises
    ------
    Unavailable : the store's folder cannot be written, or another collection of this study is running.
    """
    lock = FileLock(_folder(store) / "collect.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Unavailable(
            "a collection of this study is already running", str(store.root), "wait for it to end"
        ) from error
    try:
        return _Run(store, clock or SystemClock(), progress, stop, patience, secret, keep_raw).all(plan)
    finally:
        lock.release()


def _folder(store: Store) -> Path:
    try:
        store.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"the folder cannot be made ({error.strerror})", str(store.root)) from error
    return store.root


@dataclass
class _Run:
    store: Store
    clock: Clock
    progress: Callable[[Progress], None] | None
    stop: Callable[[], bool] | None
    patience: timedelta
    secret: bytes | None
    keep_raw: bool
    rows: Counter[str] = field(default_factory=Counter)
    coverage: list[pd.DataFrame] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    retry_at: datetime | None = None
    done: int = 0
    total: int = 0
    failures: dict[str, list[SourceError]] = field(default_factory=dict)

    def all(self, plan: Sequence[Ask]) -> Report:
        asks = list({ask.key: ask for ask in plan}.values())
        self.total, self.archive = len(asks), Archive(self.store.root)
        self.ledger = Ledger(self.store.root, now=self.clock.now(), reopen_within=REOPEN_WITHIN)
        stopped, unfinished = False, 0
        try:
            try:
                while self.done < len(asks):
                    ask = asks[self.done]
                    settled = self._ask(ask)
                    unfinished += not settled
                    self.done += 1
                    self._say(ask, 0)
                    if self.done == len(asks):
                        asks += self._further(asks)
                        self.total = len(asks)
            except _Stopped:
                stopped = True
                for ask in asks[self.done :]:
                    self.ledger.begin(ask.key, ask.window)
                    unfinished += not self._cover(ask, "stopped before it was asked")
            if not unfinished:
                self.ledger.finish(self.clock.now())
            coverage = pd.concat(self.coverage, ignore_index=True) if self.coverage else coverage_frame([])
            resumed = self.ledger.resumed
        finally:
            self.ledger.close()
        return Report(coverage, dict(self.rows), unfinished, self.retry_at, stopped, resumed, tuple(self.notes))

    def _further(self, asks: Sequence[Ask]) -> list[Ask]:
        """Questions that follow from the answers so far; none from a source that has not answered all it was asked."""
        found: dict[str, Ask] = {}
        for further in dict.fromkeys(ask.further for ask in asks if ask.further is not None):
            mine = [ask for ask in asks if ask.further is further]
            ended = {step.status for ask in mine for step in self.ledger.steps(ask.key)}
            if ended <= {*SETTLED, "refused"} and not self._given_up(mine[0].source.name):
                found |= {ask.key: ask for ask in further([(ask, self._answer(ask)) for ask in mine])}
        known = {ask.key for ask in asks}
        return [ask for key, ask in found.items() if key not in known]

    def _answer(self, ask: Ask) -> pd.DataFrame:
        """Stored rows of a question that one page answers."""
        rows = self.store.read(ask.query.table).to_pandas()
        return rows[rows["batch_id"] == self._batch(ask, Step(ask.window))].reset_index(drop=True)

    def _batch(self, ask: Ask, step: Step) -> str:
        """Id of the next page of a window: the same when it is taken again after a kill."""
        at = step.window
        return _digest(self.ledger.started, ask.key, at.start, at.end, step.steps, _json(step.state))

    def _ask(self, ask: Ask) -> bool:
        """Walk all windows of a question; return whether it is settled."""
        self.ledger.begin(ask.key, ask.window)
        self.ledger.reopen(ask.key, _AGAIN)
        note = ""
        if any(step.status == OPEN for step in self.ledger.steps(ask.key)):
            health = ask.source.check()
            if not health.works:
                note = health.why
                self.notes[f"{ask.source.name}: {note}"] = None
            elif self._given_up(ask.source.name):
                note = f"{ask.source.name} was left in peace after: {self.failures[ask.source.name][-1]}"
            else:
                self._windows(ask)
        return self._cover(ask, note)

    def _windows(self, ask: Ask) -> None:
        while True:
            # The newest window first: when a run is cut short, what is missing is what is oldest.
            step = next((s for s in reversed(self.ledger.steps(ask.key)) if s.status == OPEN), None)
            if step is None:
                self.failures.pop(ask.source.name, None)
                return
            try:
                self._walk(ask, step)
            except NotEnoughData as answer:
                self.ledger.write(ask.key, replace(step, status="complete" if step.rows else "empty", note=answer.what))
            except SourceError as error:
                self._failed(ask, step, error)
                return

    def _walk(self, ask: Ask, step: Step) -> None:
        """Take pages until the window is complete, meets a ceiling, or fails."""
        walk = Walk(
            ask,
            step.window,
            step.state,
            clock=self.clock,
            patience=self.patience,
            sleep=self._sleep,
            failed=lambda what: self._say(ask, step.rows, what),
        )
        with closing(walk):
            self._pages(ask, step, walk)

    def _pages(self, ask: Ask, step: Step, walk: Walk) -> None:
        idle, states = 0, {_json(step.state)}
        reached: datetime | None = None
        while True:
            self._check_stop()
            page = walk.next()
            if page is None:
                self._ceiling(ask, step, reached)
                return
            reached = page.covered.start if page.covered is not None else None
            try:
                counted = self._keep(ask, step, page)
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise Changed(
                    f"the connector gave rows that do not fit ({error})", ask.source.name, "report it to its author"
                ) from error
            if page.complete:
                return
            if walk.anew:
                states, walk.anew = {_json(None)}, False
            if page.not_before is not None:
                self._wait_until(page.not_before)
            idle = 0 if counted or ask.source.caps.sparse else idle + 1
            if idle >= IDLE_PAGES or (page.state is not None and _json(page.state) in states):
                raise Changed(
                    "it gives the same pages again and again", ask.source.name, "try again later; report it if it stays"
                )
            states.add(_json(page.state))
            walk.state = page.state
            self._say(ask, step.rows)

    def _keep(self, ask: Ask, step: Step, page: Page) -> int:
        """Store one page, then note it; return how many of its rows this window had not had yet."""
        now = self.clock.now()
        batch = self._batch(ask, step)
        files = [self.archive.keep(ask.source.name, answer, now=now) for answer in page.raw] if self.keep_raw else []
        keys: list[str] = []
        kept = 0
        tallies = dict(step.tallies)
        outside = 0
        for table, frame in page.rows.items():
            whole = frame.reset_index(drop=True)
            if table == "posts":
                inside = (whole["created_at"] >= step.window.start) & (whole["created_at"] < step.window.end)
                outside += int((~inside).sum())
                whole = self._without_names(whole[inside].reset_index(drop=True))
            found = [f"{table}\0{key}" for key in _keys(whole, table)]
            fresh, counted = self.ledger.met(ask.key, step.window, found)
            new = whole[fresh].reset_index(drop=True)
            if len(new):
                receipt = self.store.append(table, new, source=ask.source.name, batch_id=batch, now=now)
                self.rows[table] += receipt.rows
            keys += found
            kept += sum(counted)
            for name, (rows, measured) in tally(ask, table, whole[counted].reset_index(drop=True)).items():
                before = tallies.get(name, (0, 0))
                tallies[name] = (before[0] + rows, before[1] + measured)
        notes = list(page.notes) + ([f"{outside} posts outside the window were left out"] if outside else [])
        step.tallies, step.rejected = tallies, step.rejected + len(page.rejected)
        step.note = "; ".join(dict.fromkeys([*filter(None, step.note.split("; ")), *notes]))
        step.state, step.steps = page.state, step.steps + 1
        window, rest = step.window, list[Step]()
        if page.complete:
            step.status = "complete" if any(measured for _, measured in tallies.values()) else "empty"
            if page.covered is not None:
                rest = cut(step, page.covered)
        with self.ledger.at_once():
            self.ledger.see(ask.key, window, keys)
            self.ledger.answers(batch, files)
            self.ledger.write(ask.key, step, *rest)
        self.notes.update(dict.fromkeys(notes))
        return kept

    def _ceiling(self, ask: Ask, step: Step, reached: datetime | None) -> None:
        """The walk ended before the window did: ask for halves, or say that the window is capped.

        Where the walk came from new to old down to `reached`, only what is older is capped.
        """
        if step.window.length >= 2 * ask.source.caps.finest:
            halves = [Step(half) for half in step.window.halves()]
            with self.ledger.at_once():
                self.ledger.write(ask.key, replace(step, status=SPLIT), *halves)
            return
        ceiling = f" of {ask.source.caps.ceiling:,}" if ask.source.caps.ceiling else ""
        note = f"the service stops at its ceiling{ceiling}; there is more than was given"
        if reached is not None and step.window.start < reached < step.window.end:
            older = Step(Window(step.window.start, reached), status="capped", note=note)
            newer = replace(step, window=Window(reached, step.window.end), status="complete")
            with self.ledger.at_once():
                self.ledger.write(ask.key, replace(step, status=SPLIT), older, newer)
            return
        self.ledger.write(ask.key, replace(step, status="capped", note=note))

    def _failed(self, ask: Ask, step: Step, error: SourceError) -> None:
        self.failures.setdefault(ask.source.name, []).append(error)
        self.notes[str(error)] = None
        if isinstance(error, Throttled) and error.retry_at is not None:
            self.retry_at = max(self.retry_at or error.retry_at, error.retry_at)
        if isinstance(error, Changed) and error.sample and self.keep_raw:
            self.archive.keep(ask.source.name, error.sample, now=self.clock.now())
        status = "refused" if isinstance(error, NeedsKey | NotAllowed | BadQuery) else "unavailable"
        self.ledger.write(ask.key, replace(step, status="partial" if step.rows else status, note=str(error)))

    def _given_up(self, source: str) -> bool:
        """Return whether a source is not worth asking again now: it asked for peace, or failed on two questions in a row."""
        failed = [e for e in self.failures.get(source, []) if not isinstance(e, BadQuery)]
        return len(failed) >= 2 or any(isinstance(e, Throttled | NeedsKey) for e in failed)

    def _cover(self, ask: Ask, note: str) -> bool:
        """Write the coverage of a question as it stands; return whether it is settled."""
        steps, source, table = self.ledger.steps(ask.key), ask.source.name, ask.query.table
        rows: list[dict[str, Any]] = []
        with self.ledger.at_once():
            for name in ask.query.names:
                now = spans(steps, name, len(ask.query.names) > 1, note)
                told = self.ledger.told_within(source, table, name, ask.window)
                news = [
                    span
                    for span in [*now, *overtaken(told, now)]
                    if self.ledger.tell(source, table, name, span.window, span.status)
                ]
                rows += coverage_rows(table, name, news)
            if rows:
                frame = coverage_frame(rows)
                said = [(r["query"], r["start"], r["end"], r["status"]) for r in rows]
                batch = _digest(self.ledger.started, ask.key, "coverage", said)
                self.store.append("coverage", frame, source=source, batch_id=batch, now=self.clock.now())
                self.coverage.append(frame.assign(source=source))
        return all(s.status in SETTLED for s in steps)

    def _without_names(self, posts: pd.DataFrame) -> pd.DataFrame:
        """Replace authors by pseudonyms and mask names in texts and addresses: no name is ever stored."""
        posts = posts.copy()
        if "author" in posts:
            if self.secret is None:
                self.secret = privacy.load_secret()
            authors = posts.pop("author")
            if "named" in posts:
                posts["mentions"] = privacy.mention_keys(posts["platform"], posts.pop("named"), self.secret)
            posts["author_key"] = privacy.author_keys(posts["platform"], authors, self.secret)
            if "url" in posts:
                posts["url"] = [
                    privacy.mask_address(u, a if isinstance(a, str) else None) if isinstance(u, str) else None
                    for u, a in zip(posts["url"], authors, strict=True)
                ]
        for column in ("text", "title"):
            if column in posts:
                posts[column] = [privacy.mask_handles(t) if isinstance(t, str) else None for t in posts[column]]
        return posts

    def _say(self, ask: Ask, rows: int, note: str = "") -> None:
        if self.progress is not None:
            query = ask.query.name or ask.query.text or ", ".join(ask.query.terms)
            self.progress(Progress(self.done, self.total, ask.source.name, query, rows, note))

    def _check_stop(self) -> None:
        if self.stop is not None and self.stop():
            raise _Stopped

    def _sleep(self, seconds: float) -> None:
        # In slices, so that somebody who wants to stop does not wait along.
        while seconds > 0:
            self._check_stop()
            self.clock.sleep(min(seconds, 1.0))
            seconds -= 1.0

    def _wait_until(self, instant: datetime) -> None:
        wait = (instant - self.clock.now()).total_seconds()
        if wait > self.patience.total_seconds():
            raise Throttled("it asked for a long pause", retry_at=instant)
        self._sleep(wait)


def _keys(rows: pd.DataFrame, table: str) -> list[str]:
    # A column that is not given is null in the store: the same for all rows.
    parts = [rows[c].astype("str") for c in KEYS[table] if c in rows]
    return ["\0".join(values) for values in zip(*parts, strict=True)]


def _json(state: State | None) -> str:
    return json.dumps(state, sort_keys=True, default=str)


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]
