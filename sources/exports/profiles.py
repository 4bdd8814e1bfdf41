"""Tables of accounts, which the same tools write as tables of posts: recognised to be refused, because they hold people."""

from __future__ import annotations

from typing import NoReturn

from sources.errors import BadFile
from sources.exports.columns import listed
from sources.exports.mapping import Mapping
from sources.exports.rawtable import RawTable
from sources.exports.run import Run
from sources.exports.tools import header_name
from sources.exports.words import plain

SOURCE = "profiles"
_WHO = frozenset(["handle", "username", "screen name", "acct", "did", "display name"])
_FIGURES = frozenset(
    plain(name)
    for name in listed("""
        followers, follows, following, friends, lists, statuses, tweets, posts, followers count, following count, statuses
        count, tweet count, posts count, feedgens, starter packs
    """)
)
_FACE = frozenset(["avatar", "banner", "image", "profile image url", "bio", "note", "description", "pinned post uri"])
#: What a post has and an account has not.
_POST = frozenset(["text", "full text", "body", "content", "message", "title", "like count", "likes", "retweet count"])


def recognise(raw: RawTable) -> int | None:
    """Return the row with the column names of a table of accounts, None if `raw` is none."""
    for position, row in enumerate(raw.top[:5]):
        names = {header_name(c) for c in row if c and len(c) < 80}
        if names & _WHO and len(names & _FIGURES) >= 3 and names & _FACE and not names & _POST:
            return position
    return None


def read(raw: RawTable, _position: int, _mapping: Mapping, _run: Run) -> NoReturn:
    """Refuse a table of accounts.

    Raises
    ------
    BadFile : always; their dates are those on which people signed up, not those of posts.
    """
    raise BadFile(
        "this is a table of accounts, not of posts: names, biographies and pictures of people are not imported",
        raw.name,
        "export the posts instead",
    )
