"""Which post a row is: its native id, else a hash of what tells it from others."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sources.exports.headers import Table
from sources.exports.run import Run

if TYPE_CHECKING:
    from sources.exports.post_columns import Picks

_STATUS = r"(?i)^https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/[^/]+/status(?:es)?/(\d+)"
_LOST_DIGITS = r"^\d(?:[.,]\d+)?[eE]\+?\d+$"


def post_ids(
    table: Table, get: Picks, url: pd.Series, author: pd.Series, frame: pd.DataFrame, run: Run
) -> tuple[pd.Series, pd.Series]:
    """Return native ids as text, and which of them a spreadsheet had destroyed.

    Where there is no id: the number in an X address, else a hash of the address, else of author, time and text. Ids that are
    addresses are hashed too, because on many sites the address holds the author's name.
    """
    ids = get["id"].astype("object") if "id" in get else pd.Series(None, index=frame.index, dtype="object")
    replaced = pd.Series(False, index=frame.index)
    if "id" in get:
        replaced = get["id"].str.fullmatch(_LOST_DIGITS).eq(True)
        lost = replaced.to_numpy(dtype=bool)
        if lost.any():
            sample = get["id"][lost].iloc[0]
            reason = "a spreadsheet has rounded this id; it is replaced, the row is kept"
            table.rejects.add(table.rows[lost], "id", get["id"][lost].to_numpy(), reason)
            table.notes.append(
                f"{int(lost.sum())} ids such as {sample} have lost digits in a spreadsheet; they are not used."
            )
            ids[lost] = None
        ids = hashed_addresses(ids.str.replace(r"^(\d{5,})\.0$", r"\1", regex=True))
    if ids.isna().any():
        native = url.str.extract(_STATUS, expand=False)
        ids = ids.where(ids.notna() | native.isna(), native)
    acted = (
        get["reposted_by"].notna() & (frame["kind"] == "repost")
        if "reposted_by" in get
        else pd.Series(False, index=frame.index)
    )
    open_ = (ids.isna() | acted).to_numpy(dtype=bool)
    if open_.any():
        ids[open_] = _hashes(np.flatnonzero(open_), acted, url, author, frame, table, run)
    return ids, replaced


def related_ids(cells: pd.Series, url: pd.Series, ids: pd.Series) -> pd.Series:
    """Return the ids of other posts that the cells name: as ids, or by their addresses.

    An address of X leads to the post of this file that has it, else to its number; other addresses are hashed as those of the
    posts are. A handle is no id, and not kept.
    """
    named = cells.astype("object").where(~cells.str.match(r"[@＠]").eq(True), None)
    native = cells.str.extract(_STATUS, expand=False)
    result = hashed_addresses(named.str.replace(r"^(\d{5,})\.0$", r"\1", regex=True))
    if native.notna().any():
        own = url.str.extract(_STATUS, expand=False)
        here = pd.Series(ids.to_numpy(), index=own)[own.notna().to_numpy()]
        here = here[~here.index.duplicated()]
        result = result.where(native.isna(), native.map(here).astype("object").where(native.isin(here.index), native))
    return result.where(result.notna(), None)


def hashed_addresses(ids: pd.Series) -> pd.Series:
    """Return ids with web addresses replaced by their hash."""
    address = ids.str.match(r"https?://", case=False).eq(True).to_numpy(dtype=bool)
    if address.any():
        ids = ids.copy()
        ids[address] = [_hash(f"url\0{_same_address(u)}") for u in ids[address]]
    return ids


def _hashes(
    at: np.ndarray,
    acted: pd.Series,
    url: pd.Series,
    author: pd.Series,
    frame: pd.DataFrame,
    table: Table,
    run: Run,
) -> list[str]:
    when = frame["created_at"].to_numpy(dtype="datetime64[us]").astype("int64")
    timed = (frame["time_quality"] != "date_only").to_numpy(dtype=bool)
    keys, kept = [], 0
    for i in at:
        link, who = url.iloc[i], author.iloc[i]
        if isinstance(link, str) and not acted.iloc[i]:
            keys.append(_hash(f"url\0{_same_address(link)}"))
            continue
        text = frame["text"].iloc[i] or frame["title"].iloc[i] or (link if isinstance(link, str) else "")
        key = _hash(f"post\0{frame['platform'].iloc[i]}\0{who if isinstance(who, str) else ''}\0{when[i]}\0{text}")
        if not (isinstance(who, str) and timed[i]):
            # Without author and hour, equal texts are as likely two posts as one: each is kept, numbered.
            short = int(key[1:16], 16)
            run.same[short] = count = run.same.get(short, 0) + 1
            if count > 1:
                key, kept = f"{key}-{count}", kept + 1
        keys.append(key)
    if kept:
        table.notes.append(
            f"{kept:,} posts have the date and text of another one, and no id, author or hour "
            "that would tell whether they are the same; all are kept."
        )
    return keys


def _hash(basis: str) -> str:
    return "h" + hashlib.blake2b(basis.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _same_address(url: str) -> str:
    bare = re.sub(r"^https?://(?:www\.|m\.|mobile\.)?", "", url.strip().casefold())
    return re.sub(r"[?&](?:utm_[^&#]*|s=\d+|t=[\w-]+)", "", bare).split("#", maxsplit=1)[0].rstrip("/")
