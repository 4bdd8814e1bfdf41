"""Mastodon and its kin: public hashtag timelines of the instances that a study names, walked back by `max_id`.

There is no public search of posts, so a query is turned into hashtags. An instance shows what it has received, which is never
the whole network, and may close its timelines to strangers; one that is closed or down costs none of the others, and is told.

References
----------
https://docs.joinmastodon.org/methods/timelines/#tag; https://docs.joinmastodon.org/api/rate-limits/ (300 in 5 minutes)
"""

from __future__ import annotations

import functools
import json
import os
import re
import unicodedata
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sources.breaker import Manners
from sources.connector import Caps, Health, Need, Page, Query, State, Window, check
from sources.errors import BadQuery, Changed, NotAllowed, SourceError, Throttled, Unavailable
from sources.outward import check_address
from sources.recheck import Seen
from sources.social.boundary import Tap, ask
from sources.social.clauses import any_of
from sources.social.mastodon_posts import kept_answer, status_row
from sources.social.rows import posts_frame, read_items
from sources.transport import READ_SECONDS, Answer, Wire

if TYPE_CHECKING:
    from mastodon import Mastodon as Client

PAGE = 40  # most posts a page
#: A fifth of what an instance allows.
MANNERS = Manners(spacing=1.0, jitter=0.5, strikes=3, rest=300.0)

_CLOSED = "name another instance, or leave this one out"
_REMEDIES = {401: _CLOSED, 403: _CLOSED, 404: "check the name of the instance", 422: _CLOSED}


class Mastodon:
    """Public posts under hashtags. Neither import nor construction asks anybody."""

    name = platform = "mastodon"
    caps = Caps(
        title="Mastodon",
        gives="public posts under a hashtag, as the named instances have received them",
        tables=("posts",),
        needs=(
            Need("package", "mastodon", "the client of the network", "undersaid[social]"),
            Need("setting", "instances", "names of instances, such as mastodon.social", "UNDERSAID_MASTODON_INSTANCES"),
        ),
        limits="300 requests in 5 minutes an instance; an instance holds a part of the network; some are closed to strangers",
        terms="public posts; each instance has rules of its own; a deleted post must be deleted here too: run the re-check",
        links=("https://docs.joinmastodon.org/methods/timelines/#tag",),
        manners=MANNERS,
        options={
            "instances": "list of instances that are asked",
            "tags": "table of social query = list of hashtags, where those made from its words are not the ones people use",
        },
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        manners: Manners = MANNERS,
        seconds: float = READ_SECONDS,
    ) -> None:
        self._options, self._wire, self._manners, self._seconds = dict(options or {}), wire or Wire(), manners, seconds
        self._gate = self._wire.opened()[1]
        self._tap = Tap(self._wire.clock)
        self._clients: dict[str, Client] = {}
        self._access: dict[str, dict[str, str]] = {}

    def check(self) -> Health:
        """Return whether an instance is named; asks nobody."""
        return check(self.caps, self._options)

    def tags(self, query: str) -> tuple[str, ...]:
        """Return the hashtags that stand for a social query: those of the options, else one for each of its alternatives.

        >>> Mastodon({}).tags('"pompe à chaleur" AND (bruit OR bruyante) OR #chauffage')
        ('pompeachaleur', 'chauffage')
        """
        chosen = dict(self._options.get("tags", {})).get(query)
        if chosen:
            return tuple(dict.fromkeys(_tag(str(tag)) for tag in chosen))
        # Of words that must stand together the longest phrase is asked for, and the others are looked for in the text.
        longest = (max(clause.wanted, key=lambda term: len(_tag(term))) for clause in any_of(query, service="Mastodon"))
        return tuple(dict.fromkeys(filter(None, map(_tag, longest))))

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield pages of posts, instance by instance and tag by tag, newest first, from `state` on.

        An instance that fails is left for this call; when only such are left, their error is raised.
        """
        walks = [dict(w) for w in (state or {}).get("walks", self._walks(query))]
        failed: dict[str, SourceError] = {}
        while walks:
            at = next((i for i, walk in enumerate(walks) if walk["instance"] not in failed), None)
            if at is None:
                raise _worst(list(failed.values()))
            try:
                page, more = self._page(query, window, walks[at])
            except SourceError as error:
                failed[walks[at]["instance"]] = error
                continue
            walks = [*walks[:at], *([more] if more else []), *walks[at + 1 :]]
            yield Page(page.rows, not walks, {"walks": walks}, page.raw, page.rejected, page.notes)

    def look_again(self, raw: bytes) -> Seen:
        """Return what became of the posts of a kept answer, as the instance that gave it shows them."""
        kept = json.loads(raw)
        here: list[Mapping[str, Any]] = []
        gone: list[str] = []
        for status in kept["statuses"]:
            read = functools.partial(self._client(kept["instance"]).status, status["id"])
            answer, _ = self._ask(kept["instance"], read, dict, allow=frozenset({404, 410}))
            if answer.status in (404, 410):
                gone.append(str(status["post"]))
            else:
                here.append(status)
        left = json.dumps({**kept, "statuses": here}, ensure_ascii=False).encode()
        return Seen(tuple(str(s["post"]) for s in here), tuple(gone), left)

    def _walks(self, query: Query) -> list[dict[str, Any]]:
        named = self._options.get("instances") or os.environ.get("UNDERSAID_MASTODON_INSTANCES", "").split(",")
        instances = [named] if isinstance(named, str) else list(named)
        found = [_base(str(instance)) for instance in instances if str(instance).strip()]
        tags = self.tags(query.text)
        if not tags:
            raise BadQuery("no hashtag can be made of the query", f"query {query.text!r}", "name some in `tags`")
        # All tags of the first round before the next, so that an instance that is down holds up nobody.
        return [{"instance": i, "tag": tag, "max_id": None} for tag in tags for i in dict.fromkeys(found)]

    def _page(self, query: Query, window: Window, walk: Mapping[str, Any]) -> tuple[Page, dict[str, Any] | None]:
        """Return one page and where its walk goes on; None where it has come to the end of the window."""
        base, client = walk["instance"], self._client(walk["instance"])
        notes = self._shown(base)
        answer, found = self._ask(
            base, lambda: client.timeline_hashtag(walk["tag"], max_id=walk["max_id"], limit=PAGE), list
        )
        kept = kept_answer(found, base)
        host = urlsplit(base).netloc
        rows, rejects = read_items(
            found, lambda s: status_row(s, query.text, host, answer.fetched_at), where=answer.host, raw=kept
        )
        page = Page({"posts": posts_frame(rows)}, False, raw=(kept,), rejected=rejects, notes=notes)
        if not found:
            return page, None
        ids = [str(s["id"]) for s in found if isinstance(s, Mapping) and s.get("id")]
        if not ids or ids[-1] == walk["max_id"]:
            raise Changed(
                "the timeline does not go on", answer.host, "report it with the kept answer", sample=kept[:2000]
            )
        # Newest first by arrival, so a single old post tells nothing: the walk ends with a page that is older throughout.
        if rows and all(row["created_at"] < window.start for row in rows):
            return page, None
        return page, {**walk, "max_id": ids[-1]}

    def _ask(
        self, base: str, call: Callable[[], object], shape: type, allow: frozenset[int] = frozenset()
    ) -> tuple[Answer, Any]:
        return ask(
            call,
            self._tap,
            host=urlsplit(base).netloc,
            shape=shape,
            gate=self._gate,
            manners=self._manners,
            clock=self._wire.clock,
            allow=allow,
            remedies=_REMEDIES,
            judged=_judged,
        )

    def _shown(self, base: str) -> tuple[str, ...]:
        """Return what an instance says of its hashtag timelines, once: a note where strangers see its own posts only.

        Raises
        ------
        NotAllowed : it shows them to nobody without a login.
        Throttled : it asked to slow down.
        """
        if base not in self._access:
            access: Mapping[str, Any] = {}
            try:
                _, found = self._ask(base, self._client(base).instance_v2, dict)
                access = found["configuration"]["timelines_access"]["hashtag_feeds"]
                self._access[base] = {side: str(access[side]) for side in ("local", "remote")}
            except Throttled:
                raise
            except (SourceError, KeyError, TypeError):
                self._access[base] = {}  # older servers, and other programs, do not tell
        access = self._access[base]
        closed = [side for side, who in access.items() if who != "public"]
        if len(closed) == 2:
            raise NotAllowed("it shows its timelines to its own people only", urlsplit(base).netloc, _CLOSED)
        whose = {"local": "from other servers", "remote": "of its own people"}
        return tuple(f"{urlsplit(base).netloc} shows strangers only posts {whose[side]}" for side in closed)

    def _client(self, base: str) -> Client:
        if base not in self._clients:
            import requests
            from mastodon import Mastodon as Library

            class Quiet(Library):
                """Asks for a page with one request: the library would ask the instance before each whether it may."""

                def timeline_is_available(self, *_: object, **__: object) -> bool:
                    return True

            session = requests.Session()
            session.hooks["response"] = [self._tap.requests]
            session.max_redirects = 5
            weakref.finalize(self, session.close)
            self._clients[base] = Quiet(
                api_base_url=base,
                session=session,
                version_check_mode="none",
                ratelimit_method="throw",  # waiting is the driver's
                request_timeout=self._seconds,
                user_agent="undersaid",
            )
        return self._clients[base]


def _judged(answer: Answer) -> None:
    if answer.status in (401, 422) and "timelines" in answer.url:
        raise NotAllowed(f"it shows its timelines to its own people only (HTTP {answer.status})", answer.host, _CLOSED)


def _worst(errors: list[SourceError]) -> SourceError:
    """Return the error by which a walk fails: one that time may mend before one that it cannot; all are named."""
    passing = [e for e in errors if isinstance(e, Throttled | Unavailable)]
    first = (passing or errors)[0]
    others = "; ".join(
        dict.fromkeys(f"{e.where}: {e.what}" for e in errors if e is not first and e.where != first.where)
    )
    if others:
        first.what = f"{first.what}; {others}"
        first.args = (str(first),)
    return first


def _tag(term: str) -> str:
    """Return a phrase as a hashtag: joined, without marks, as servers fold them."""
    flat = unicodedata.normalize("NFKD", term.replace("œ", "oe").replace("æ", "ae"))
    return re.sub(r"[\W_]", "", "".join(c for c in flat if not unicodedata.combining(c))).casefold()


def _base(instance: str) -> str:
    text = instance.strip().rstrip("/")
    return check_address(text if "://" in text else f"https://{text}")
