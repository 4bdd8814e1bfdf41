"""A number that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

#: How sure a sign is, in three fixed words: the 95 % interval excludes zero, the 80 % interval does, neither does.
Certainty = Literal["clearly", "probably", "cannot tell"]


@dataclass(frozen=True)
class Fact:
    """One number with all that is needed to trust or to doubt it.

    Parameters
    ----------
    value, lo, hi : in `unit`; None where it cannot be told. `level` is the coverage of lo..hi, 0..1.
    n : what it rests on, `n_of` says what was counted ("weeks", "people").
    period : first and last period it covers.
    method : anchor on the Method page; a test holds that every anchor exists.
    warnings : codes of explorer.phrases.WARNINGS.
    corrected : True when loud voices are corrected for.
    simulated : True for the example study.
    """

    value: float | None
    unit: str
    method: str
    lo: float | None = None
    hi: float | None = None
    level: float | None = None
    n: int | None = None
    n_of: str = ""
    period: tuple[pd.Timestamp, pd.Timestamp] | None = None
    sources: tuple[str, ...] = ()
    fetched_at: pd.Timestamp | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    corrected: bool | None = None
    simulated: bool = False


def certainty(lo80: float, hi80: float, lo95: float, hi95: float) -> Certainty:
    """Return the word for how sure the sign of an estimate is."""
    if lo95 > 0 or hi95 < 0:
        return "clearly"
    return "probably" if lo80 > 0 or hi80 < 0 else "cannot tell"
