"""Offsets of the zone names that exports print after a time. Names that stand for several zones are not guessed."""

from __future__ import annotations

import re

#: Minutes east of UTC. Left out because they name several zones: IST, CST outside America, BST outside Britain, AST.
_NAMED = {
    "": 0,
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "WEST": 60,
    "BST": 60,
    "CET": 60,
    "MEZ": 60,
    "CEST": 120,
    "MESZ": 120,
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "EST": -300,
    "EDT": -240,
    "CST": -360,
    "CDT": -300,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
    "AKST": -540,
    "AKDT": -480,
    "HST": -600,
    "BRT": -180,
    "WIB": 420,
    "HKT": 480,
    "SGT": 480,
    "JST": 540,
    "KST": 540,
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
}
_NUMERIC = re.compile(r"^(?:UTC|GMT)?([+\-−])(\d{1,2}):?(\d{2})?$")


def utc_offset(zone: str) -> int | None:
    """Return minutes east of UTC of a zone as printed after a time; None where the name is not known or not one zone.

    >>> utc_offset("EDT"), utc_offset("+0530"), utc_offset("UTC+3"), utc_offset("IST")
    (-240, 330, 180, None)
    """
    if found := _NUMERIC.match(zone):
        sign, hours, minutes = found.groups()
        total = int(hours) * 60 + int(minutes or 0)
        return None if total > 14 * 60 else total if sign == "+" else -total
    return _NAMED.get(zone.upper())
