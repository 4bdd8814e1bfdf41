"""What people who speak are compared with: a census, customers or searches by group, as the study file gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from explorer.study import BadStudy, Study

#: Traits by which a reference may be given. Traits of persons are shown in one protected table only, elsewhere.
BY = ("lang", "country", "region")
_KEYS = {"name", "by", "values", "file"}


@dataclass(frozen=True)
class Reference:
    """`name` as the user calls it; `by` one of BY; `values` : group -> number in any unit, all above zero."""

    name: str
    by: str
    values: pd.Series


def read_references(study: Study) -> list[Reference]:
    """Return the references of a study: [[reference]] with name, by, and values = {fr = 60, en = 40} or file = "census.csv".

    The file holds the columns group and value and lies in the folder of the study.

    Raises
    ------
    BadStudy : an unknown key or trait, a file that is not there or elsewhere, a value that is no number above zero.
    """
    return [_reference(data, f"{study.path.name}, reference {i}", study) for i, data in enumerate(study.reference, 1)]


def _reference(data: Mapping[str, Any], where: str, study: Study) -> Reference:
    if unknown := sorted(set(data) - _KEYS):
        raise BadStudy(f"unknown key {unknown[0]!r}", where, f"known are {', '.join(sorted(_KEYS))}")
    if data.get("by") not in BY:
        raise BadStudy(f"by is {data.get('by')!r}", where, f"choose one of {', '.join(BY)}")
    if ("values" in data) == ("file" in data):
        raise BadStudy(
            "a reference needs values or a file", where, 'add values = {fr = 60, en = 40} or file = "census.csv"'
        )
    values = (
        pd.Series(data["values"], dtype=object) if "values" in data else _from_file(str(data["file"]), where, study)
    )
    numbers = pd.to_numeric(values, errors="coerce")
    if wrong := [str(g) for g, n in numbers.items() if not n > 0]:
        raise BadStudy(f"the group {wrong[0]!r} has no number above zero", where, "correct it or leave the group out")
    if numbers.empty or not numbers.index.is_unique:
        raise BadStudy("a group comes twice, or there is none", where, "give each group one number")
    return Reference(str(data.get("name", data["by"])), str(data["by"]), numbers.astype(float))


def _from_file(name: str, where: str, study: Study) -> pd.Series:
    folder = study.path.parent.resolve()
    file = (folder / name).resolve()
    # A study may come from somebody else: it must not make this machine read its other files.
    if not file.is_relative_to(folder) or not file.is_file():
        raise BadStudy(
            f"there is no file {name!r} in the folder of the study", where, "put it there, or correct its name"
        )
    try:
        # keep_default_na: NA is Namibia.
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadStudy(f"{name!r} is not a CSV file ({error})", where, "save it as CSV in UTF-8") from error
    if missing := [c for c in ("group", "value") if c not in frame]:
        raise BadStudy(f"{name!r} has no column {missing[0]!r}", where, "name its columns group and value")
    return frame.set_index("group")["value"]
