"""The whole report of a study: gaps, who speaks, needs, forecast and alerts, the last two beside the others."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from explorer.answers import Gaps, Outlook, find_gaps, look_ahead
from explorer.early_warning import EarlyWarning, conclude, scored, to_watch
from explorer.needs import Needs, find_needs
from explorer.panel import Panel, read_panel
from explorer.study import Study
from explorer.tallies_people import PeopleTallies
from explorer.voices import TooFewVoices
from explorer.who_speaks import Speakers, find_speakers
from forecasting.errors import ForecastError
from sources.errors import SourceError

#: The parts, in the order in which they are done.
PARTS = ("panel", "gaps", "voices", "needs", "forecast", "alerts")
#: Topics below which a forecast takes no longer than a process takes to start.
FEW_TOPICS = 50
_CANNOT_TELL = (SourceError, ForecastError, TooFewVoices, BrokenProcessPool)
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Whole:
    """All answers of one study. None = it cannot be told; `refused` says why, by part."""

    panel: Panel
    gaps: Gaps | None
    outlook: Outlook | None
    speakers: Speakers | None
    needs: Needs | None
    warned: EarlyWarning | None
    refused: dict[str, str]


def work_out(
    study: Study, *, corrected: bool = True, processes: int = 2, done: Callable[[str], None] = lambda part: None
) -> Whole:
    """Work out all that a study can tell; a part that cannot be told does not keep the others from it.

    Parameters
    ----------
    corrected : False counts posts instead of people in gaps and forecast.
    processes : 1, or 2 to let a process of its own forecast studies of FEW_TOPICS topics or more, which needs no posts. It is
        started anew: a script that calls this stands under `if __name__ == "__main__"`.
    done : called with the name of each part (PARTS) that is through.

    Raises
    ------
    SourceError : neither side of the gap can be read.
    """
    refused: dict[str, str] = {}

    def told(part: str, answer: Callable[[], Answer], *, through: bool = True) -> Answer | None:
        try:
            return answer()
        except _CANNOT_TELL as error:
            refused[part] = str(error)
            return None
        finally:
            if through:
                done(part)

    with _beside(start=processes > 1 and len(study.topics) >= FEW_TOPICS) as beside:
        tallies = PeopleTallies.of(study)
        panel = read_panel(study, tallies)
        done("panel")
        # One thread: a second would only wait, for the first where matrices are small, or for a core beside another process.
        with threadpool_limits(1):
            ahead = beside(look_ahead, study, panel=panel, corrected=corrected)
            watching = told("alerts", lambda: to_watch(study, tallies), through=False)
            series = [beside(scored, one, watching.each) for one in watching.raw] if watching else []
            gaps = told("gaps", lambda: find_gaps(study, panel=panel, corrected=corrected))
            speakers = told("voices", lambda: find_speakers(study, panel=panel, tallies=tallies))
            needs = told("needs", lambda: find_needs(study, tallies=tallies))
            outlook = told("forecast", ahead.result)
            warned = None
            if watching:
                warned = told("alerts", lambda: conclude(watching, [one.result() for one in series], tallies))
            else:
                done("alerts")
    return Whole(panel, gaps, outlook, speakers, needs, warned, refused)


class _Later:
    """What `Future` is to another process: the answer when it is asked for, here."""

    def __init__(self, work: Callable[..., Any], *args: Any, **options: Any) -> None:
        self.result = partial(work, *args, **options)


@contextmanager
def _beside(*, start: bool) -> Iterator[Callable[..., Future[Any] | _Later]]:
    """Give what has a function worked out in a process of its own, or in this one where none is to start."""
    if not start:
        yield _Later
        return
    # Started anew and not forked: threads of the engines do not survive a fork.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(_ready)  # its imports pass while the posts are read here
        try:
            yield pool.submit
        finally:
            pool.shutdown(cancel_futures=True)


def _ready() -> None:
    """Set the one thread of the other process; what takes its time are the imports of this module."""
    threadpool_limits(1)
