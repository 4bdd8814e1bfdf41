"""Gathering rows without a search for reference cycles: rows of text have none, and the search takes most of the time."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
_inside = 0
_searched = False


@contextmanager
def no_cycles() -> Iterator[None]:
    """Pause Python's search for reference cycles; it goes on when the last thread that paused it is done.

    For millions of small lists that live at once and hold nothing but text: each new generation of them has the search walk
    through all of them again.
    """
    global _inside, _searched
    with _LOCK:
        if not _inside:
            _searched = gc.isenabled()
            gc.disable()
        _inside += 1
    try:
        yield
    finally:
        with _LOCK:
            _inside -= 1
            if not _inside and _searched:
                gc.enable()
