"""The sentences behind the codes of alerts, crises and spread. English here, other languages in the catalogues."""

from __future__ import annotations

#: What a young series lacks.
READINESS = {
    "start": "Too little past to call anything unusual: alerts begin after eight hours, ten days or eight weeks.",
    "threshold": "The threshold is still partly that of a typical series.",
    "day": "The pattern of the day is not known yet: a busy hour may look unusual.",
    "week": "The pattern of the week is not known yet: a Monday may look unusual.",
    "year": "The pattern of the year is not known yet, two years are needed: a season may look unusual.",
}
