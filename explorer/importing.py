"""Bringing a file into a study: read it, remember how, store it once, say what became of every row."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from explorer.proposals import propose_topics, topics_of_terms
from explorer.study import Study, Topic, add_topics
from explorer.tallies import Tallies
from sources.errors import BadFile
from sources.exports import Mapping, Reading, propose, read_bytes
from sources.store import Receipt, batch_of

MAPPINGS = "mappings.json"
#: Row counts at which listening and search tools are known to cut an export without a word.
EXPORT_LIMITS = (1_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000, 1_000_000)


@dataclass(frozen=True)
class Imported:
    """What an import did. `capped` True when the file has exactly as many rows as an export limit."""

    name: str
    reading: Reading
    receipt: Receipt
    capped: bool
    study: Study
    proposed: tuple[Topic, ...] = field(default=())


def import_file(study: Study, path: Path | str, *, mapping: Mapping | None = None, now: datetime) -> Imported:
    """Read a file from disk and store it; see `import_bytes`."""
    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadFile(
            f"the file cannot be read ({error.strerror})", str(path), "check its name and that you may read it"
        ) from error
    return import_bytes(study, file.name, content, mapping=mapping, now=now)


def import_bytes(study: Study, name: str, content: bytes, *, mapping: Mapping | None = None, now: datetime) -> Imported:
    """Read `content` and append it to the tables of `study`.

    The same content read in the same way is stored once; a second import changes nothing. A mapping that the user gave is
    remembered for every later file with the same headers. A study without topics gets those that names of both sides
    propose. Nothing is stored when the file cannot be read.

    Raises
    ------
    SourceError : the file cannot be read; the message names row and remedy.
    """
    if mapping is None or not mapping.to_dict():
        mapping = recall(study, propose(name, content).fingerprint)
        reading = read_bytes(name, content, mapping=mapping)
    else:
        reading = read_bytes(name, content, mapping=mapping)
        remember(study, propose(name, content).fingerprint, mapping)
    batch = batch_of(content, reading.mapping.to_json())
    store = study.store
    receipt = store.append(reading.kind, reading.table, source=reading.source, batch_id=batch, now=now)
    capped = reading.kind in ("posts", "queries") and len(reading.table) + len(reading.rejected) in EXPORT_LIMITS
    span = reading.covered
    if not receipt.already and span is not None:
        row = {
            "table": reading.kind,
            "query": "",
            "start": span[0],
            "end": span[1],
            "status": "capped" if capped else "complete",
            "rows": len(reading.table),
            "rejected": reading.rejected["row"].nunique(),
            "note": name,
        }
        store.append("coverage", pd.DataFrame([row]), source=reading.source, batch_id=batch, now=now)
    study, proposed = _propose(study)
    return Imported(name, reading, receipt, capped, study, proposed)


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
    tallies = Tallies(study.store)
    terms = list(pd.unique(tallies.interest()["term"]))
    names = [*pd.unique(tallies.counts()["query"]), *tallies.post_queries()]
    topics = tuple(propose_topics(terms, names))
    if not topics and not names and tallies.n_posts():
        topics = tuple(topics_of_terms(terms))
    return (add_topics(study, topics), topics) if len(topics) >= 2 else (study, ())
