"""Bringing a file into a study: read it, remember how, store it once, say what became of every row."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from explorer.proposals import propose_topics, topics_of_terms
from explorer.study import Study, Topic
from explorer.study_edit import add_topics
from explorer.tallies import Tallies
from sources.exports import Mapping, Reading, propose_file, read_in_parts
from sources.store import Receipt, batch_of

MAPPINGS = "mappings.json"
PART_ROWS = 25_000  # rows that are held in memory at a time
_SHOWN = 1_000  # refused cells and rows that are kept to be shown


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Parameters
    ----------
    reading : how the file was read, with all notes; of a large file the rows of its first part, and the first refused rows.
    receipt : of the table that the file mainly fills; `also` those of the other tables in it.
    capped : the file has exactly as many rows as an export limit, so there are probably more.
    refused : rows of which a cell, or all, was refused.
    """

    name: str
    reading: Reading
    receipt: Receipt
    capped: bool
    study: Study
    proposed: tuple[Topic, ...] = field(default=())
    also: tuple[Receipt, ...] = field(default=())
    refused: int = 0


def import_bytes(study: Study, name: str, content: bytes, *, mapping: Mapping | None = None, now: datetime) -> Imported:
    """Store the content of an uploaded file; see `import_file`."""
    with tempfile.TemporaryDirectory(prefix="undersaid-") as folder:
        plain = re.sub(r"[\x00-\x1f]", " ", Path(name).name)[-200:]
        file = Path(folder) / (plain if plain.strip(". ") else "upload")
        file.write_bytes(content)
        return import_file(study, file, mapping=mapping, now=now)


def import_file(
    study: Study,
    path: Path | str,
    *,
    mapping: Mapping | None = None,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Read a file and append it to the tables of `study`, part by part where it is large.

    The same content read in the same way is stored once; a second import changes nothing. A mapping that the user gave is
    remembered for every later file with the same headers. A study without topics gets those that names of both sides
    propose. Nothing is stored when the file cannot be read to its end.

    Parameters
    ----------
    progress : called with the bytes read so far and those of the file.

    Raises
    ------
    SourceError : the file cannot be read; the message names row and remedy.
    """
    file = Path(path)
    given = mapping if mapping is not None and mapping.to_dict() else None
    seen = propose_file(file, given)
    how = given or recall(study, seen.fingerprint)
    parts = read_in_parts(file, how, PART_ROWS, progress=progress)
    first = next(parts)
    batch, gathered = batch_of(first.digest, first.mapping.to_json()), _Gathered(first)
    stamp: dict[str, Any] = {"source": first.source, "batch_id": batch, "now": now}
    receipt = study.store.append_parts(first.kind, gathered.tables(chain([first], parts)), **stamp)
    also = tuple(study.store.append(r.kind, r.table, **stamp) for r in first.also)
    if not receipt.already:
        rows = [gathered.coverage(file.name), *(_Gathered(r, [r]).coverage(file.name) for r in first.also)]
        covered = [row for row in rows if row is not None]
        if covered:
            study.store.append("coverage", pd.DataFrame(covered), **stamp)
    if given is not None:
        remember(study, seen.fingerprint, given)
    study, proposed = _propose(study)
    return Imported(
        file.name, gathered.whole(), receipt, gathered.capped, study, proposed, also=also, refused=gathered.refused
    )


class _Gathered:
    """What the parts of a file add up to, without their rows."""

    def __init__(self, first: Reading, parts: Sequence[Reading] = ()) -> None:
        self._first, self._last = first, first
        self.notes, self._rejected = list(first.notes), [first.rejected.head(_SHOWN)]
        self._spans: list[tuple[pd.Timestamp, pd.Timestamp]] = []
        self.rows = self.refused = 0
        for part in parts:
            self._add(part)

    @property
    def capped(self) -> bool:
        return self._last.capped

    def tables(self, parts: Iterable[Reading]) -> Iterator[pd.DataFrame]:
        """Yield the rows of each part, noting what else it tells."""
        for part in parts:
            self._add(part)
            yield part.table

    def whole(self) -> Reading:
        """Return the first part with what was noticed in all of them."""
        rejected = pd.concat(self._rejected, ignore_index=True).head(_SHOWN)
        return replace(self._first, notes=self.notes, rejected=rejected, capped=self.capped)

    def coverage(self, name: str) -> dict[str, Any] | None:
        """Return the coverage row of the file; None for tables without time."""
        if not self._spans:
            return None
        first, last = min(s[0] for s in self._spans), max(s[1] for s in self._spans)
        if self._last.window is not None and not self.capped:
            first, last = self._last.window
        return {
            "table": self._first.kind,
            "query": "",
            "start": first,
            "end": last,
            "status": "capped" if self.capped else "complete",
            "rows": self.rows,
            "rejected": self.refused,
            "note": name,
        }

    def _add(self, part: Reading) -> None:
        self._last = part
        self.rows += len(part.table)
        self.refused += part.rejected["row"].nunique()
        if part.covered is not None:
            self._spans.append(part.covered)
        if part is not self._first:
            self.notes += part.notes
            if len(part.rejected) and sum(map(len, self._rejected)) < _SHOWN:
                self._rejected.append(part.rejected.head(_SHOWN))


def remember(study: Study, fingerprint: str, mapping: Mapping) -> None:
    """Keep a corrected mapping beside the study, under the fingerprint of the headers it belongs to."""
    file = study.path.with_name(MAPPINGS)
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known[fingerprint] = mapping.to_dict()
    partial = file.with_suffix(".json.part")
    partial.write_text(json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    partial.replace(file)


def recall(study: Study, fingerprint: str) -> Mapping | None:
    """Return the mapping the user once corrected for files with these headers."""
    file = study.path.with_name(MAPPINGS)
    if not fingerprint or not file.exists():
        return None
    known = json.loads(file.read_text(encoding="utf-8"))
    return Mapping.of(known[fingerprint]) if fingerprint in known else None


def _propose(study: Study) -> tuple[Study, tuple[Topic, ...]]:
    if study.topics:
        return study, ()
    tallies = Tallies.of(study)
    terms = list(pd.unique(tallies.interest()["term"]))
    names = [*pd.unique(tallies.counts()["query"]), *tallies.post_queries()]
    topics = tuple(propose_topics(terms, names))
    if not topics and not names and tallies.n_posts():
        topics = tuple(topics_of_terms(terms))
    return (add_topics(study, topics), topics) if len(topics) >= 2 else (study, ())
