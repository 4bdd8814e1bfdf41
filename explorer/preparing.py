"""The answers of a study worked out before anybody opens its pages, side by side: for a nightly job after collecting."""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial

from explorer.kept import keeps
from explorer.study import BadStudy, Study, read_study
from forecasting.errors import ForecastError
from sources.errors import SourceError

#: What is worked out by itself, the longest first.
PARTS = ("gaps and forecast", "needs", "alerts", "communities")


def prepare(opened: Study, processes: int = 2) -> Iterator[tuple[str, float, str]]:
    """Work out what the pages show of a study and keep it, in `processes` at once.

    Yields each part as it is done, its seconds, and why something of it cannot be told ("" where all can). What was kept before
    and is still right is read and not worked out again. A process holds the posts in memory as the app does.

    Raises
    ------
    BadStudy : no answer of this study can be kept.
    """
    if not keeps(str(opened.path)):
        raise BadStudy(
            "no answer can be kept for this study",
            str(opened.path),
            "move it out of the folder for temporary files, and let the folder for caches (XDG_CACHE_HOME) be written to",
        )
    # Started anew and not forked: threads of the engines do not survive a fork.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(_work_out, part, str(opened.path)): part for part in PARTS}
        try:
            for done in as_completed(running):
                yield running[done], *done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _work_out(part: str, path: str) -> tuple[float, str]:
    # These are the pages' own functions: Streamlit would say of each that it is called outside of a page.
    logging.disable(logging.WARNING)
    from explorer.ui import answers, needs, voices, warning

    asked: dict[str, list[Callable[[Study], object]]] = {
        "gaps and forecast": [
            answers.gaps_of, answers.path_of, answers.outlook_of, answers.movers_of, answers.trends_of,
        ],
        "needs": [partial(needs.needs_of, posts=False), needs.needs_of],
        "alerts": [warning.first_look],
        "communities": [voices.speakers_of, voices.circles_of],
    }  # fmt: skip
    begun, opened, refused = time.perf_counter(), read_study(path), []
    for answer in asked[part]:
        try:
            answer(opened)
        except (SourceError, ForecastError) as error:
            refused.append(str(error))
    return time.perf_counter() - begun, "; ".join(dict.fromkeys(refused))
