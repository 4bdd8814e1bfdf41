"""What can be wrong with a series or a question about it: every error says what, where and the remedy."""

from __future__ import annotations

from dataclasses import dataclass


class ForecastError(Exception):
    """Base of all errors of `forecasting`.

    Parameters
    ----------
    what : the fault in plain words, without a full stop.
    where : the series, column, date or argument it was met at; may be empty.
    remedy : what the user can do now; may be empty.
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return one sentence: where, what, remedy."""
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}; {self.remedy}." if self.remedy else f"{sentence}."


class TooLittleData(ForecastError):
    """The data are sound, but too few to answer: the message says how many there are and how many are needed."""


class BadSeries(ForecastError):
    """The frame is not a set of regular series: a column is absent, a date comes twice, a value is infinite."""


class BadArgument(ForecastError):
    """An argument cannot mean anything here: an unknown grain or member, a horizon below 1, a level outside 0..100."""


@dataclass(frozen=True)
class Note:
    """Something the result should say about itself.

    Parameters
    ----------
    code : stable name for programs, e.g. "horizon_capped".
    where : the series or side it concerns; "" = the whole result.
    text : one sentence for people.
    """

    code: str
    where: str
    text: str

    def __str__(self) -> str:
        """Return the sentence, with the place in front."""
        return f"{self.where}: {self.text}" if self.where else self.text
