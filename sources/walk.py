"""One window of one question, page by page: tried again after a fault, from the last state."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from sources.clock import Clock
from sources.connector import Ask, Page, State, Window
from sources.errors import BadQuery, Changed, SourceError, Throttled, Unavailable

TRIES = 3  # of one page
BACKOFF = 2.0  # seconds before the second try after a fault; doubles
PATIENCE = timedelta(minutes=15)  # longest wait that a service may ask for within a run


class Walk:
    """Pages of one window; after a fault the next step begins again from the last state.

    Parameters
    ----------
    state : where to begin; the caller moves it on when a page is safe.
    sleep : waits; may raise to end the walk.
    failed : told after a failed try that will be repeated.
    """

    def __init__(
        self,
        ask: Ask,
        window: Window,
        state: State | None,
        *,
        clock: Clock,
        patience: timedelta = PATIENCE,
        sleep: Callable[[float], None],
        failed: Callable[[str], None],
    ) -> None:
        self.ask, self.window, self.state = ask, window, state
        self._clock, self._patience, self._sleep, self._failed = clock, patience, sleep, failed
        self._pages: Iterator[Page] | None = None
        self._resumed = state is not None
        self.anew = False  # the walk has begun again from the start of its window

    def next(self) -> Page | None:
        """Return the next page; None when the walk has ended.

        Only what asking again can mend is tried again: a refusal that names a time within the patience, a fault of the
        service or of the line.

        Raises
        ------
        SourceError : the last error, when the tries are used up or trying again is useless.
        """
        retrying = Retrying(
            retry=retry_if_exception(self._again),
            wait=self._wait,
            stop=stop_after_attempt(TRIES),
            sleep=self._sleep,
            before_sleep=lambda state: self._failed(f"try {state.attempt_number} failed: {_error(state)}"),
            reraise=True,
        )
        page: Page | None = retrying(self._step)
        return page

    def close(self) -> None:
        """Let go of what the connector holds open between two pages (a stream)."""
        close = getattr(self._pages, "close", None)
        if close is not None:
            close()

    def _again(self, error: BaseException) -> bool:
        if isinstance(error, Throttled):
            return error.retry_at is None or error.retry_at - self._clock.now() <= self._patience
        return isinstance(error, Unavailable)

    def _wait(self, state: RetryCallState) -> float:
        error = _error(state)
        drawn = _jitter(state.attempt_number, self.ask.key) * BACKOFF * 2 ** (state.attempt_number - 1)
        if isinstance(error, Throttled) and error.retry_at is not None:
            return max((error.retry_at - self._clock.now()).total_seconds(), 0.0) + drawn / 10
        return drawn

    def _step(self) -> Page | None:
        try:
            if self._pages is None:
                self._pages = self.ask.pages(self.window, self.state)
            page = next(self._pages, None)
        except BadQuery:
            self._pages = None
            if not self._resumed:
                raise
            # A cursor of an earlier run may have expired: the window is walked anew, known rows are not stored twice.
            self.state, self._resumed, self.anew = None, False, True
            return self._step()
        except SourceError:
            self._pages = None
            raise
        except Exception as error:  # other people's code, one boundary: whatever fails in it is that connector's fault
            self._pages = None
            raise Changed(
                f"the connector failed ({type(error).__name__}: {error})",
                self.ask.source.name,
                "report it to its author",
            ) from error
        self._resumed = False
        return page


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _jitter(attempt: int, key: str) -> float:
    """Return a number between 0.5 and 1 that differs between questions, so that faults are not met again in step."""
    return 0.5 + int(hashlib.sha256(f"{attempt} {key}".encode()).hexdigest()[:8], 16) / 2**33
