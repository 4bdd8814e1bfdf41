"""What is known in advance: public holidays of a country and the user's own events, learned from the past of each series.

An effect is learned where it has been seen, from periods up to the origin only, and taken out of the history before the
members see it; it is put back on the periods ahead on which it is known to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.errors import BadArgument, BadSeries, Note
from forecasting.frames import Grain, Panel, fill, log_offset

#: Times that an effect must have been seen in a series before it is believed.
SEEN = 2
#: Standard errors that it must lie away from nothing; a country has a dozen holidays, and at 2 chance would name some.
CLEAR = 3.0
#: Grains on which a public holiday moves within its year; on coarser ones it is part of the season.
FINE = ("hour", "day", "week")
#: Periods on either side that tell what a period would have been without its effect.
AROUND = {"hour": 84, "day": 21, "week": 4, "month": 3, "quarter": 2, "year": 2}


@dataclass(frozen=True)
class Calendar:
    """Named days that are known in advance.

    Parameters
    ----------
    days : one row per (event, day) with `event` and `day` (midnight), sorted.
    """

    days: pd.DataFrame

    def matrix(self, dates: pd.DatetimeIndex, grain: Grain) -> tuple[list[str], np.ndarray]:
        """Return the names, and (periods, names): 1 where at least one day of the event lies in the period."""
        names = list(dict.fromkeys(self.days["event"]))
        out = np.zeros((len(dates), len(names)))
        starts = dates.tz_localize(None)
        ends = pd.DatetimeIndex(starts[1:]).append(grain.future(starts[-1], 1))
        for j, name in enumerate(names):
            days = pd.DatetimeIndex(self.days.loc[self.days["event"] == name, "day"])
            first = days.searchsorted(starts.normalize() if grain.name == "hour" else starts)
            last = days.searchsorted(ends)
            out[:, j] = last > first
        return names, out


def calendar(
    country: str | None, events: pd.DataFrame | None, first: pd.Timestamp, last: pd.Timestamp, grain: Grain
) -> Calendar | None:
    """Return the days between `first` and `last` that are known in advance; None when nothing was named.

    Parameters
    ----------
    country : ISO 3166 code of a country, with the region after a dash if wanted ("FR", "FR-57"); None = no holidays.
    events : `event` (a name; what comes again keeps its name), `ds` (its first day), `end` (its last day; may be absent or
        missing = one day). Future days of an event are known only if they are rows here.

    Raises
    ------
    BadArgument : no calendar is known for the country.
    BadSeries : a column of `events` is absent, or a name or date is missing, or an event ends before it starts.
    """
    parts = []
    if country and grain.name in FINE:
        parts.append(_holidays(country, first, last))
    if events is not None and len(events):
        parts.append(_events(events))
    if not parts:
        return None
    days = pd.concat(parts, ignore_index=True).drop_duplicates()
    return Calendar(days.sort_values(["event", "day"], ignore_index=True))


def known_in_advance(data: Panel, h: int, country: str | None, events: pd.DataFrame | None) -> Calendar | None:
    """Return the calendar of a panel and the periods after it; None when nothing was named."""
    if country is None and events is None:
        return None
    first = min(data.grain.past(end, len(y))[0] for end, y in zip(data.ends, data.values, strict=True))
    last = max(data.grain.future(end, h + 1)[-1] for end in data.ends)
    return calendar(country, events, first, last, data.grain)


def told(
    data: Panel, effects: Sequence[Sequence[str]], country: str | None, known: Calendar | None
) -> tuple[Note, ...]:
    """Return what the result should say about holidays and events; `effects`: the names believed, a series each."""
    if known is None:
        text = f"public holidays move too little within a {data.grain.name}: they are left to the season"
        return (Note("holidays_in_season", "", text),) if country else ()
    notes = []
    for uid, names in zip(data.ids, effects, strict=True):
        text = f"known in advance: {', '.join(names)}" if names else "no holiday or event has shown a clear effect"
        where = " ".join(map(str, uid)) if isinstance(uid, tuple) else str(uid)
        notes.append(Note("known_effects" if names else "no_known_effect", where, text))
    return tuple(notes)


def learn(
    values: np.ndarray, here: np.ndarray, ahead: np.ndarray, grain: Grain
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the history without its effects, the effect on each period ahead, and which effects were believed.

    The effect of an event is the median, over the periods on which it fell, of the logarithm of the value relative to the
    median of like periods around it (the same hour of the week, the same day of the week); for a series with values below
    zero, the difference instead. It is believed when it was seen `SEEN` times and lies `CLEAR` standard errors from zero,
    the error being that of ordinary periods of the same series.

    Parameters
    ----------
    values : (T,) history, NaN = missing. here : (T, names) and ahead : (h, names), from `Calendar.matrix`.

    Returns
    -------
    (T,) cleaned history; (h,) factor to multiply the forecast + 1 offset with (or, below zero, amount to add): see `restore`;
    (names,) bool.
    """
    known = np.isfinite(values)
    log = bool(np.nanmin(values) >= 0)
    y = np.log(values + log_offset(values)) if log else values.astype(float)
    special = np.asarray(here.any(axis=1))
    rest = np.where(known, y - _usual(fill(y), special, grain), np.nan)
    plain = rest[known & ~special]
    spread = 1.4826 * float(np.median(np.abs(plain - np.median(plain)))) if len(plain) else np.inf
    effect, believed = np.zeros(here.shape[1]), np.zeros(here.shape[1], dtype=bool)
    for j in range(here.shape[1]):
        seen = rest[known & (here[:, j] > 0)]
        if len(seen) >= SEEN:
            middle = float(np.median(seen))
            believed[j] = abs(middle) > CLEAR * max(spread, float(np.std(seen))) / np.sqrt(len(seen))
            effect[j] = middle if believed[j] else 0.0
    inside = _strongest(here, effect)
    cleaned = y - inside
    if log:
        cleaned = np.where(inside == 0, values, np.maximum(np.exp(cleaned) - log_offset(values), 0.0))
    return cleaned, _strongest(ahead, effect), believed


def restore(forecast: np.ndarray, effect: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return forecasts (..., h) of the cleaned history with the effects (h,) of `learn` put back."""
    if np.nanmin(values) >= 0:
        offset = log_offset(values)
        return np.where(effect == 0, forecast, np.exp(effect) * (forecast + offset) - offset)
    return forecast + effect


def _strongest(days: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """Return per period the effect that is largest in size: two holidays on one day are one day off."""
    each = days * effect
    return each[np.arange(len(each)), np.abs(each).argmax(axis=1)] if each.shape[1] else np.zeros(len(each))


def _usual(y: np.ndarray, special: np.ndarray, grain: Grain) -> np.ndarray:
    """Return for each period the median of like periods around it that are not special themselves."""
    cycle = {"hour": 168, "day": 7}.get(grain.name, 1)
    if len(y) < 4 * cycle:
        cycle = 1
    reach = max(AROUND[grain.name] // cycle, 3)
    shifts = [k * cycle for k in range(-reach, reach + 1) if k]
    ordinary = np.where(special, np.nan, y)
    padded = np.pad(ordinary, reach * cycle, constant_values=np.nan)
    at = np.arange(len(y)) + reach * cycle
    around = np.stack([padded[at + s] for s in shifts])
    count = np.isfinite(around).sum(axis=0)
    out = y.copy()  # where nothing around is ordinary, nothing is learned
    out[count > 0] = np.nanmedian(around[:, count > 0], axis=0)
    return out


def _holidays(country: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    import holidays  # a quarter second to import, and few calls need it

    place, _, region = country.upper().partition("-")
    # In English where the calendar has it: without a word the names follow the language of the machine.
    language = "en_US" if "en_US" in holidays.list_localized_countries().get(place, []) else None
    years = range(first.year, last.year + 1)
    try:
        found = holidays.country_holidays(place, subdiv=region or None, years=years, language=language)
    except NotImplementedError as error:
        remedy = "pass an ISO 3166 code such as 'FR' or 'DE-BY', or None"
        raise BadArgument(f"no calendar of holidays is known for {country!r}", "country", remedy) from error
    rows = [(name, pd.Timestamp(day)) for day, names in found.items() for name in names.split("; ")]
    return pd.DataFrame(rows, columns=["event", "day"])


def _events(events: pd.DataFrame) -> pd.DataFrame:
    absent = [c for c in ("event", "ds") if c not in events]
    if absent:
        raise BadSeries(f"no column {', '.join(map(repr, absent))}", "events", "name the columns event, ds and end")
    rows = []
    for row in events.to_dict("records"):
        start, end = pd.Timestamp(row["ds"]), pd.Timestamp(row.get("end"))
        if pd.isna(start) or pd.isna(row["event"]):
            raise BadSeries("an event has no name or no date", "events", "give every event a name and a first day")
        end = start if pd.isna(end) else end
        if end < start:
            raise BadSeries(f"{row['event']!r} ends before it starts", "events", "swap ds and end")
        span = pd.date_range(_day(start), _day(end), freq="D")
        rows += [(str(row["event"]), day) for day in span]
    return pd.DataFrame(rows, columns=["event", "day"])


def _day(moment: pd.Timestamp) -> pd.Timestamp:
    return moment.tz_localize(None).normalize()
