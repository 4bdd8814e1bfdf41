"""What counts as the same content: the post passed on, the address it points to, or its words."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit

import pandas as pd

#: Words below which a text is no content of its own: "merci !" written twice is not a copy.
WORDS = 8
#: Parts of an address that tell where a reader came from, not what is read.
_TRACKING = re.compile(r"^(utm_.*|fbclid|gclid|mc_[ce]id|igshid|ref|ref_src|cmpid|xtor|at_.*)$", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+")
_PREFIXES = ("www.", "m.", "mobile.", "amp.")


def content_keys(posts: pd.DataFrame) -> pd.Series:
    """Return what each post carries: "post:<id>", "link:<address>" or "text:<hash>".

    A repost carries what the post it passes on carries. Else the first link, without what only tells where a reader came from;
    else the words, if they are at least WORDS; else the post itself.

    Parameters
    ----------
    posts : `id`, `repost_of`, `text`, and `links` (JSON list) if known.
    """
    links = posts["links"] if "links" in posts else pd.Series(None, index=posts.index, dtype=object)
    own = pd.Series(
        [_key(i, text, link) for i, text, link in zip(posts["id"], posts["text"], links, strict=True)],
        index=posts.index,
        dtype=object,
    )
    by_id = dict(zip(posts["id"], own, strict=True))
    upward = dict(zip(posts["id"], posts["repost_of"], strict=True))
    for at, passed_on in posts["repost_of"].dropna().items():
        first, seen = passed_on, {posts.at[at, "id"]}
        while isinstance(upward.get(first), str) and first not in seen:
            seen.add(first)
            first = upward[first]
        own[at] = by_id.get(first, f"post:{first}")
    return own


def canonical(address: str) -> str:
    """Return an address as it is compared: without scheme, www, fragment and what only tells where a reader came from."""
    parts = urlsplit(address.strip())
    host = (parts.hostname or "").casefold()
    for prefix in _PREFIXES:
        host = host.removeprefix(prefix)
    kept = sorted((k, v) for k, v in parse_qsl(parts.query) if not _TRACKING.match(k))
    return host + parts.path.rstrip("/") + (f"?{urlencode(kept)}" if kept else "")


def _key(post: object, text: object, links: object) -> str:
    addresses = json.loads(links) if isinstance(links, str) and links else []
    words = str(text) if isinstance(text, str) else ""
    addresses = addresses or _ADDRESS.findall(words)
    if addresses:
        return f"link:{canonical(str(addresses[0]))}"
    plain = unicodedata.normalize("NFKC", words).casefold()
    found = re.findall(r"\w+", re.sub(r"[@#]\w+", " ", plain))
    if len(found) < WORDS:
        return f"post:{post}"
    return "text:" + hashlib.sha1(" ".join(found).encode(), usedforsecurity=False).hexdigest()[:16]
