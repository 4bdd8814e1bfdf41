"""What a study knows in advance: the public holidays of its country and the events that its file names."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from explorer.study import BadStudy, Study


def holiday_country(study: Study) -> str | None:
    """Return the country whose public holidays the study follows; None where no calendar is known for its `geo`."""
    import holidays  # most of a second to import, and few pages need it

    country = study.geo[:2].upper()
    return country if country in holidays.list_supported_countries() else None


def holiday_names(study: Study, language: str) -> dict[str, str]:
    """Return the names of the public holidays that forecasts know, in the language of the reader where the calendar has it."""
    import holidays

    country = holiday_country(study)
    spoken = holidays.list_localized_countries().get(country or "", [])
    if country is None or "en_US" not in spoken or language not in spoken:
        return {}
    # Any leap of years in which every holiday falls at least once will do; names do not change with the year.
    plain, local = (
        holidays.country_holidays(country, years=range(2020, 2030), language=s) for s in ("en_US", language)
    )
    pairs = (zip(plain[day].split("; "), local[day].split("; "), strict=False) for day in plain)
    return {english: name for pair in pairs for english, name in pair}


def holidays_between(study: Study, first: date, last: date, language: str) -> list[tuple[date, str]]:
    """Return the public holidays of the study's country from `first` to `last`, in the language where the calendar has it."""
    import holidays

    country = holiday_country(study)
    if country is None:
        return []
    spoken = holidays.list_localized_countries().get(country, [])
    chosen = language if language in spoken else "en_US" if "en_US" in spoken else None
    found = holidays.country_holidays(country, years=range(first.year, last.year + 1), language=chosen)
    return [(day, name) for day, name in sorted(found.items()) if first <= day <= last]


def own_events(study: Study) -> pd.DataFrame | None:
    """Return `event`, `ds`, `end` of the study's [[events]]; None when it names none.

    Raises
    ------
    BadStudy : an event without a name or a date; the message shows how one is written.
    """
    if not study.events:
        return None
    rows = []
    for number, entry in enumerate(study.events, 1):
        name, start, end = entry.get("name"), entry.get("start"), entry.get("end", entry.get("start"))
        if not name or not isinstance(start, date | datetime) or not isinstance(end, date | datetime):
            what = f"event {number} lacks a name or a date"
            raise BadStudy(what, study.path.name, 'write: name = "Sales", start = 2026-01-07, end = 2026-02-03')
        rows.append({"event": str(name), "ds": pd.Timestamp(start), "end": pd.Timestamp(end)})
    return pd.DataFrame(rows)
