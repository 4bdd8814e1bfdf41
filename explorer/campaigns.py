"""Campaigns: what the user means to do and when, kept in `plan.toml` beside the study; comments of that file are kept too."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from explorer.study import BadStudy

#: Beside the study file and not in it: answers are kept by the text of the study file, and no campaign changes one.
FILE_NAME = "plan.toml"
_KEYS = {"id", "name", "start", "end", "topics", "channel", "note"}
_FORM = (
    'write [[campaigns]] with id = "spring", name = "Spring", start = 2026-03-02, end = 2026-03-29, topics = ["noise"]'
)


@dataclass(frozen=True)
class Campaign:
    """What is planned: `start` to `end`, both days included, on `topics` (ids of the study)."""

    id: str
    name: str
    start: date
    end: date
    topics: tuple[str, ...]
    channel: str = ""
    note: str = ""


def read_campaigns(folder: Path) -> list[Campaign]:
    """Return the campaigns kept in `folder`, earliest first; none where there is no such file.

    Raises
    ------
    BadStudy : the file is not TOML, a campaign lacks its id, its name or a date, ends before it starts, or an id comes twice.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return []
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadStudy(f"not a TOML file ({error})", str(path), "correct that line") from error
    return _campaigns(data, path)


def keep_campaign(folder: Path, campaign: Campaign) -> None:
    """Write a campaign; one of the same id is changed in its place.

    Raises
    ------
    BadStudy : it has no name or topic, ends before it starts, or the file is bad or cannot be written.
    """
    if not campaign.topics:
        raise BadStudy("the campaign has no topic", remedy="choose at least one")

    def change(tables: Any) -> None:
        for table in tables:
            if table["id"] == campaign.id:
                for key, value in _table(campaign).items():
                    if table.get(key) != value:
                        table[key] = value
                return
        tables.append(_table(campaign))

    _changed(folder, change)


def drop_campaign(folder: Path, campaign_id: str) -> None:
    """Take a campaign out of the plan; one that is not there is no error."""

    def change(tables: Any) -> None:
        for at, table in enumerate(tables):
            if table["id"] == campaign_id:
                del tables[at]
                return

    _changed(folder, change)


def _campaigns(data: Mapping[str, Any], path: Path) -> list[Campaign]:
    found: dict[str, Campaign] = {}
    entries = data.get("campaigns", [])
    if set(data) - {"campaigns"} or not isinstance(entries, list):
        raise BadStudy("something else than campaigns stands here", str(path), _FORM)
    for number, entry in enumerate(entries, 1):
        where = f"{path}, campaign {number}"
        unknown = sorted(set(entry) - _KEYS)
        if unknown:
            raise BadStudy(f"unknown key {unknown[0]!r}", where, f"known are {', '.join(sorted(_KEYS))}")
        campaign = _campaign(entry, where)
        if campaign.id in found:
            raise BadStudy(f"the campaign id {campaign.id!r} comes twice", where, "give each campaign its own id")
        found[campaign.id] = campaign
    return sorted(found.values(), key=lambda c: (c.start, c.end, c.id))


def _campaign(entry: Mapping[str, Any], where: str) -> Campaign:
    name, topics = entry.get("name"), entry.get("topics", [])
    start, end = _day(entry.get("start")), _day(entry.get("end", entry.get("start")))
    if not entry.get("id") or not isinstance(name, str) or not name.strip():
        raise BadStudy("a campaign has no id or no name", where, _FORM)
    if start is None or end is None:
        raise BadStudy(f"{name!r} has no date", where, _FORM)
    if end < start:
        raise BadStudy(f"{name!r} ends before it starts", where, "swap start and end")
    if not isinstance(topics, list) or not all(isinstance(t, str) for t in topics):
        raise BadStudy(f"topics is {topics!r}", where, 'write topics = ["id", ...]')
    told = {key: str(entry.get(key, "")) for key in ("channel", "note")}
    return Campaign(str(entry["id"]), name.strip(), start, end, tuple(topics), **told)


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def _table(campaign: Campaign) -> Table:
    table = tomlkit.table()
    table.update({"id": campaign.id, "name": campaign.name, "start": campaign.start, "end": campaign.end})
    table["topics"] = list(campaign.topics)
    table.update({"channel": campaign.channel, "note": campaign.note})
    return table


def _changed(folder: Path, change: Callable[[Any], None]) -> None:
    path = folder / FILE_NAME
    try:
        read_campaigns(folder)  # a file that cannot be read is never written over
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        tables = document["campaigns"] if "campaigns" in document else tomlkit.aot()
        change(tables)
        document["campaigns"] = tables
        text = tomlkit.dumps(document)
        _campaigns(tomllib.loads(text), path)  # refused before it is written
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".toml.part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise BadStudy(f"the plan cannot be written ({error.strerror})", str(path)) from error
