"""What reading one part of a file leaves for the next part: a file of a million posts is read in parts, and judged once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sources.exports.sentiments import Notation


class SeenPosts:
    """Which posts earlier parts held, as 64-bit hashes: eight bytes a post, so that millions fit into memory."""

    def __init__(self) -> None:
        self._hashes = np.array([], dtype="uint64")
        self._rows = np.array([], dtype="int64")

    def first_rows(self, platform: pd.Series, ids: pd.Series, rows: np.ndarray) -> np.ndarray:
        """Return for each post the row of the file that held it in an earlier part (0 = none), and remember all of them."""
        keys = pd.DataFrame({"platform": platform.astype("object"), "id": ids.astype("object")})
        values = pd.util.hash_pandas_object(keys, index=False).to_numpy(dtype="uint64")
        first = np.zeros(len(values), dtype="int64")
        if len(self._hashes):
            at = np.minimum(np.searchsorted(self._hashes, values), len(self._hashes) - 1)
            known = self._hashes[at] == values
            first[known] = self._rows[at[known]]
        new = first == 0
        joined = np.concatenate([self._hashes, values[new]])
        joined_rows = np.concatenate([self._rows, rows[new]])
        order = np.argsort(joined, kind="stable")
        self._hashes, self._rows = joined[order], joined_rows[order]
        return first


@dataclass
class Run:
    """One reading of one file.

    Parameters
    ----------
    secret : key for the pseudonyms of authors; None = the user's own.
    orders : header of a column of dates -> order of day and month that was found for it.
    notation : how the file writes sentiment, once it is known.
    by_host : whether addresses tell the network of a post.
    same : posts without id, author and hour: hash of date and text -> how often it was met.
    rows : rows of data read so far, refused ones included.
    part : number of the part that is being read; `last`: whether it is the last one.
    """

    secret: bytes | None = None
    orders: dict[str, str] = field(default_factory=dict)
    notation: Notation | None = None
    by_host: bool | None = None
    same: dict[int, int] = field(default_factory=dict)
    seen: SeenPosts = field(default_factory=SeenPosts)
    rows: int = 0
    part: int = 1
    last: bool = True
