"""Changing a study file, comments and order kept: a change that would spoil it is refused before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tomlkit
from tomlkit.items import Table

from explorer.study import BadStudy, Study, Topic, parse_study, read_study


def add_topics(study: Study, topics: Iterable[Topic]) -> Study:
    """Append topics to the study file and return the study as it now reads."""

    def change(document: tomlkit.TOMLDocument) -> None:
        tables = document.get("topics") or tomlkit.aot()
        for topic in topics:
            tables.append(_table_of(topic))
        document["topics"] = tables

    return _changed(study, change)


def set_topics(study: Study, topics: Iterable[Topic]) -> Study:
    """Make `topics` the topics of the study file; the tables of those that stay keep what else is written in them."""

    def change(document: tomlkit.TOMLDocument) -> None:
        before = {str(t["id"]): t for t in document.get("topics", [])}
        tables = tomlkit.aot()
        for topic in topics:
            table = before.get(topic.id)
            if table is None:
                tables.append(_table_of(topic))
                continue
            for key, value in _table_of(topic).items():
                if table.get(key, [] if key == "search" else "") != value:
                    table[key] = value
            tables.append(table)
        document["topics"] = tables

    return _changed(study, change)


def set_source(study: Study, name: str, options: Mapping[str, Any] | None) -> Study:
    """Write the table of one source into the study file; None takes the source out of it."""

    def change(document: tomlkit.TOMLDocument) -> None:
        if "sources" not in document:
            document["sources"] = tomlkit.table(is_super_table=True)
        if options is None:
            document["sources"].pop(name, None)
        else:
            document["sources"][name] = dict(options)

    return _changed(study, change)


def set_head(study: Study, **values: Any) -> Study:
    """Write keys of [study], such as `name` or `lawful_basis`."""

    def change(document: tomlkit.TOMLDocument) -> None:
        for key, value in values.items():
            document["study"][key] = value

    return _changed(study, change)


def note_terms(study: Study, terms: Mapping[str, str]) -> Study:
    """Write into the study file what each source allows, for sources that do not stand there yet; return the study.

    What was written once stays: the terms that held when the data were taken are what matters later.
    """
    new = {name: text for name, text in terms.items() if name not in study.terms}
    if not new:
        return study

    def change(document: tomlkit.TOMLDocument) -> None:
        if "terms" not in document:
            document["terms"] = tomlkit.table()
        for name, text in new.items():
            document["terms"][name] = text

    return _changed(study, change)


def _table_of(topic: Topic) -> Table:
    table = tomlkit.table()
    table.update({"id": topic.id, "label": topic.label, "search": list(topic.search), "social": topic.social})
    return table


def _changed(study: Study, change: Callable[[tomlkit.TOMLDocument], None]) -> Study:
    document = tomlkit.parse(study.path.read_text(encoding="utf-8"))
    change(document)
    text = tomlkit.dumps(document)
    parse_study(text, study.path)  # refuse before writing, so that a bad change never spoils the file
    partial = study.path.with_suffix(".toml.part")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(study.path)
    except OSError as error:
        raise BadStudy(f"the study file cannot be written ({error.strerror})", str(study.path)) from error
    return read_study(study.path)
