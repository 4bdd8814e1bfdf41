"""What can go wrong with a source: every error says what happened, where, and what the user can do about it."""

from __future__ import annotations

from datetime import datetime


class SourceError(Exception):
    """Base of all errors a source may raise.

    Parameters
    ----------
    what : the fault in plain words, without a full stop.
    where : the file, row, column, address or argument it was met at; may be empty.
    remedy : what the user can do now; may be empty.
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return one sentence: where, what, remedy."""
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}; {self.remedy}." if self.remedy else f"{sentence}."


class NeedsKey(SourceError):
    """The service answers only to a key or a login that is not configured."""


class NotAllowed(SourceError):
    """The service refused: policy, closed feed, consent page, blocked client."""


class Throttled(SourceError):
    """The service asked to slow down. `retry_at` (UTC) is the earliest useful next try."""

    def __init__(self, what: str, where: str = "", remedy: str = "", *, retry_at: datetime | None = None) -> None:
        self.retry_at = retry_at
        super().__init__(what, where, remedy)


class Unavailable(SourceError):
    """Offline, timeout, server fault: the same question may be answered later."""


class Changed(SourceError):
    """The answer no longer has the shape this code reads. `sample` holds a cleaned piece of it for a report."""

    def __init__(self, what: str, where: str = "", remedy: str = "", *, sample: bytes = b"") -> None:
        self.sample = sample
        super().__init__(what, where, remedy)


class BadQuery(SourceError):
    """The question itself cannot be asked: too many terms, unknown place, dates in the wrong order."""


class BadFile(SourceError):
    """A file that cannot be read as data: empty, wrong format, no table, no usable row."""
