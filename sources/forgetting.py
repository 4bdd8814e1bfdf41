"""Forgetting: posts leave the tables, the history of the tables and the raw answers, and a mark keeps them from coming back.

The rows are deleted and the files that held them removed at once: a table's older versions cannot be read any more. Raw answers
that held a forgotten post or name are deleted whole, since they hold it in the words of the service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sources import privacy
from sources.archive import Archive
from sources.errors import BadQuery
from sources.store import Store
from sources.tombstones import Tombstones, address


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten: `posts` distinct posts, `rows` stored (a post may have several), `answers` raw files, new `marks`."""

    posts: int
    rows: int
    answers: int
    marks: int


def forget_author(store: Store, platform: str, author: str, *, secret: bytes | None = None) -> Forgotten:
    """Forget every post of `author` on `platform`, stored or still to come.

    Parameters
    ----------
    author : handle, or the id that the service gives authors, as the posts were collected with.
    secret : key of the pseudonyms; None = the user's own.

    Raises
    ------
    BadQuery : no name, or no platform. Unavailable, BadFile : the store or the key cannot be used.
    """
    if not platform.strip() or not author.strip(" \t@＠"):
        raise BadQuery("an author is a name on a platform", "forget", "pass both --platform and --author")
    key = privacy.author_key(platform, author, secret if secret is not None else privacy.load_secret())
    posts = _stored(store)
    own = posts[posts["author_key"] == key]
    marks = Tombstones(store.root).add(authors=[key], posts=_ids(own))
    found = _forget(store, own, marks, words=[author.strip().lstrip("@＠")])
    # After the marks: what a kill leaves undone is done when somebody forgets again.
    store.unname(key)
    return found


def forget_urls(store: Store, urls: Sequence[str]) -> Forgotten:
    """Forget the posts at these addresses, stored or still to come.

    Raises
    ------
    BadQuery : no address. Unavailable, BadFile : the store cannot be used.
    """
    if not [u for u in urls if u.strip()]:
        raise BadQuery("no address to forget", "forget", "pass --url with the address of the post")
    wanted = {address(u) for u in urls}
    posts = _stored(store)
    own = posts[[isinstance(u, str) and address(u) in wanted for u in posts["url"]]]
    marks = Tombstones(store.root).add(urls=urls, posts=_ids(own))
    return _forget(store, own, marks, words=list(urls))


def forget_posts(store: Store, ids: Sequence[tuple[str, str]]) -> Forgotten:
    """Forget posts by (platform, id), stored or still to come.

    Raises
    ------
    Unavailable, BadFile : the store cannot be used.
    """
    wanted = set(ids)
    posts = _stored(store)
    own = posts[[pair in wanted for pair in _ids(posts)]]
    marks = Tombstones(store.root).add(posts=ids)
    return _forget(store, own, marks, words=[])


def _stored(store: Store) -> pd.DataFrame:
    """Return who and where of every stored row, without the texts."""
    return store.read("posts", columns=["platform", "id", "url", "author_key", "source", "batch_id"]).to_pandas()


def _ids(posts: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(posts["platform"], posts["id"], strict=True))


def _forget(store: Store, own: pd.DataFrame, marks: int, *, words: Sequence[str]) -> Forgotten:
    """Delete what the marks name. The marks are written first: a kill in between leaves rows, and forgetting again ends it."""
    distinct = own.drop_duplicates(["platform", "id"])
    rows = store.erase("posts", _ids(distinct)) if len(own) else 0
    told = [w for w in (*words, *(str(i) for i in distinct["id"])) if len(w) >= 3]
    answers = Archive(store.root).purge_with(told)
    return Forgotten(len(distinct), rows, answers, marks)
