"""Running the connectors a study names: the study becomes a plan, the driver of `sources` carries it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from explorer.study import BadStudy, Study
from sources.collect import Progress, Report, collect
from sources.connector import Brief, Subject, Window, plan
from sources.transport import Wire

#: How far back a study without a start is collected: what one weekly answer of Google Trends holds.
FIVE_YEARS = timedelta(days=5 * 365 + 1)


def collect_study(
    study: Study,
    *,
    only: Sequence[str] | None = None,
    patience: timedelta = timedelta(minutes=15),
    now: datetime,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    wire: Wire | None = None,
) -> Report:
    """Fetch everything the study's sources give for its topics, and store it with its coverage.

    Parameters
    ----------
    only : names of sources to run; all of the study's if left out.
    patience : how long to wait in all for services that ask to slow down.
    wire : transport and clock, for tests on recorded answers.

    Raises
    ------
    BadStudy : no topics, no source named, a name in `only` that the study does not have.
    SourceError : a source or option that does not exist; faults of services become coverage, not errors.
    """
    if not study.topics:
        raise BadStudy("the study has no topics yet", study.path.name, "write [[topics]] into it")
    settings = dict(study.sources)
    if only:
        unknown = [name for name in only if name not in settings]
        if unknown:
            raise BadStudy(
                f"the study has no source {unknown[0]!r}", study.path.name, f"add a line [sources.{unknown[0]}]"
            )
        settings = {name: settings[name] for name in only}
    if not settings:
        raise BadStudy(
            "the study names no source",
            study.path.name,
            "add a line such as [sources.wikipedia]; see undersaid sources",
        )
    window = Window(study.start or now - FIVE_YEARS, min(study.end or now, now))
    subjects = tuple(Subject(t.id, t.search, t.social) for t in study.topics)
    brief = Brief(subjects, window, study.geo, study.languages, study.grain)
    asks = plan(brief, settings, wire) if wire is not None else plan(brief, settings)
    return collect(asks, study.store, patience=patience, progress=progress, stop=stop)
