"""Running the connectors a study names: the study becomes a plan, the driver of `sources` carries it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from explorer.kept import forget_answers
from explorer.study import BadStudy, Study
from explorer.study_edit import note_terms
from sources.archive import Archive
from sources.collect import Progress, Report, collect
from sources.connector import Brief, Subject, Window, connectors, open_source, plan
from sources.deletions import Deleted, forget_deleted
from sources.errors import SourceError
from sources.transport import Wire

#: How far back a study without a start is collected: what one weekly answer of Google Trends holds.
FIVE_YEARS = timedelta(days=5 * 365 + 1)
NO_BASIS = (
    "posts are personal data and the study names no basis for working with them; "
    'write lawful_basis = "…" under [study], see docs/privacy.md'
)


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
    allowed = {name: f"{now:%Y-%m-%d}: {kind.caps.terms}" for name, kind in connectors().items() if name in settings
               and not isinstance(kind, SourceError)}  # fmt: skip
    study = note_terms(study, allowed)
    report = collect(
        asks, study.store, patience=patience, progress=progress, stop=stop, keep_raw=study.keep_raw_days > 0
    )
    for name in settings:
        Archive(study.store.root).purge(name, now - timedelta(days=study.keep_raw_days))
    if any(a.query.table == "posts" for a in asks) and not study.lawful_basis:
        report = replace(report, notes=(*report.notes, NO_BASIS))
    return report


def recheck_study(
    study: Study,
    *,
    only: Sequence[str] | None = None,
    certain: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
    wire: Wire | None = None,
) -> list[Deleted]:
    """Look again at every stored post of the study's sources and forget those that are no longer shown.

    Parameters
    ----------
    only : names of sources; all of the study's if left out.
    certain : delete even where a source says that most of its posts are gone.
    """
    wire = wire or Wire()
    sources = [open_source(name, options, wire) for name, options in study.sources.items() if not only or name in only]
    found = forget_deleted(study.store, sources, clock=wire.clock, certain=certain, progress=progress, stop=stop)
    forget_answers(study.path)  # they may quote what has just been forgotten
    return found
