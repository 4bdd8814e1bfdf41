"""Wikipedia page views: how often an article was read, by language edition and day. Reading is not searching.

Views of redirects are counted apart by the service and are added here. Days without a view are left out by the service and are
put back as zeros, but only between the article's first view and the last day that the service has loaded.

References
----------
https://doc.wikimedia.org/generated-data-platform/aqs/analytics-api/concepts/page-views.html (data CC0);
https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import metadata
from typing import Any
from urllib.parse import quote

import pandas as pd

from sources.breaker import Manners
from sources.connector import Ask, Brief, Caps, Health, Need, NotEnoughData, Page, Query, State, Window, check
from sources.errors import BadQuery, Changed, NeedsKey
from sources.transport import Answer, Wire

REST = "https://wikimedia.org/api/rest_v1/metrics/pageviews"
WIKI = "https://{language}.wikipedia.org/w/api.php"
FIRST = date(2015, 7, 1)
CONTACT = "UNDERSAID_CONTACT"

#: One request at a time, as the policy asks; a 429 names its own time.
MANNERS = Manners(spacing=0.2, jitter=0.1, strikes=4, rest=1800.0)

#: A day on which this share of an article's views comes from desktops, or from the mobile web, is not one of human readers.
DESKTOP_BURST, MOBILE_BURST = 0.90, 0.95
#: Shares of fewer views than this say nothing.
_ENOUGH = 100
#: Days at the end of a window that may not be loaded yet.
_LAG = 10
_REDIRECTS = 50

CONTACT_NEED = Need(
    "setting",
    "contact",
    "Wikimedia asks every program for an address at which its user can be reached (an e-mail or a web page)",
    CONTACT,
)


@dataclass(frozen=True)
class Article:
    """An article as the service knows it: its `title`, the titles that lead to it, and what was noticed."""

    title: str
    redirects: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Wikipedia:
    """Page views of the articles that the search terms name. Neither import nor construction asks anybody."""

    name = "wikipedia"
    caps = Caps(
        title="Wikipedia page views",
        gives="daily views of articles by language edition since July 2015, redirects included",
        tables=("interest",),
        needs=(CONTACT_NEED,),
        limits="one request at a time; the last one or two days are not loaded yet; languages are not countries",
        terms="data CC0; the contact is sent with every request; programs that hide who they are get blocked",
        links=("https://pageviews.wmcloud.org", "https://wikitech.wikimedia.org/wiki/Data_Platform/AQS/Pageviews"),
        manners=MANNERS,
        finest=timedelta(days=1),
        options={
            "contact": f"an e-mail address or web page, sent to Wikimedia (or the environment variable {CONTACT})",
            "articles": "table of search term = title, where the article has another name",
            "languages": "list of language editions; the study's languages if left out",
        },
    )

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        wire: Wire | None = None,
        *,
        rest: str = REST,
        wiki: str = WIKI,
        manners: Manners = MANNERS,
    ) -> None:
        self._options, self._wire, self._rest, self._wiki = dict(options or {}), wire or Wire(), rest, wiki
        self._transport, self._manners = self._wire.opened()[0], manners
        self._raw: list[bytes] = []

    def check(self) -> Health:
        """Return whether a contact is set; asks nobody."""
        return check(self.caps, self._options)

    def article(self, title: str, *, language: str) -> Article:
        """Return the article that `title` names, through spelling and redirects.

        Raises
        ------
        NotEnoughData : there is no such article. BadQuery : not a title at all. NeedsKey : no contact is set.
        """
        notes: list[str] = []
        found, redirects, more = title, list[str](), dict[str, str]()
        while True:
            params = {
                "action": "query",
                "format": "json",
                "formatversion": "2",
                "redirects": "1",
                "titles": title,
                "prop": "redirects|pageprops",
                "rdlimit": "max",
                "rdnamespace": "0",
                "ppprop": "disambiguation",
                **more,
            }
            answer = self._get(self._wiki.format(language=language), params).json(dict)
            page = _page(answer, title, language)
            found = str(page["title"])
            redirects += [str(r["title"]) for r in page.get("redirects", [])]
            if "disambiguation" in page.get("pageprops", {}):
                notes.append(f"{found!r} is a list of meanings: name the one that is meant in `articles`")
            if "continue" not in answer:
                break
            more = {str(k): str(v) for k, v in answer["continue"].items()}
        if found != title:
            notes.append(f"{title!r} is the article {found!r}")
        if len(redirects) > _REDIRECTS:
            notes.append(f"{len(redirects) - _REDIRECTS} of {len(redirects)} redirects of {found!r} were not counted")
        return Article(found, tuple(sorted(redirects)[:_REDIRECTS]), tuple(dict.fromkeys(notes)))

    def page_views(self, title: str, *, language: str, window: Window) -> pd.DataFrame:
        """Return the views of an article and its redirects, a row a day.

        Parameters
        ----------
        title : title or search term, in any spelling that the service resolves.
        window : whole days, from 2015-07-01 on.

        Returns
        -------
        `period`, `views` (a day without a view is 0; a day not loaded yet is no row), `automated` (True when almost all
        views come from one kind of device, as those of robots do), `article`.

        Raises
        ------
        BadQuery : dates or title; NeedsKey : no contact is set; NotEnoughData : no such article, or no view of it.
        Throttled, NotAllowed, Unavailable, Changed : see sources.errors.
        """
        start, end = self._days(window)
        article = self.article(title, language=language)
        project = f"{language}.wikipedia"
        loaded = self._loaded(project, start, end)
        total = pd.Series(0, index=pd.DatetimeIndex([], tz="UTC"), dtype="int64")
        own = self._views(project, article.title, "all-access", start, end)
        for views in [own, *(self._views(project, r, "all-access", start, end) for r in article.redirects)]:
            total = total.add(views, fill_value=0)
        total = total[total.index < loaded]
        if total.empty:
            raise NotEnoughData(
                f"no views of {article.title!r} in {project} from {start} to {end}",
                "Wikipedia",
                "check title and language",
            )
        # Before its first view the article may not have existed: those days are unknown, not 0.
        days = pd.date_range(total.index.min(), loaded - pd.Timedelta(days=1), freq="D", tz="UTC")
        frame = pd.DataFrame({"views": total.reindex(days, fill_value=0).astype("int64")})
        frame["automated"] = self._automated(project, article.title, own, start, end).reindex(days, fill_value=False)
        frame = frame.rename_axis("period").reset_index().assign(article=article.title)
        frame.attrs = {"notes": article.notes, "loaded": loaded}
        return frame

    def asks(self, brief: Brief) -> list[Ask]:
        """Return one question per search term and language edition, from 2015-07-01 on."""
        languages = tuple(self._options.get("languages", brief.languages)) or ("en",)
        start = max(brief.window.start, datetime.combine(FIRST, datetime.min.time(), UTC))
        today = self._wire.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        window = Window(start, min(brief.window.end, today))
        if window.length <= timedelta(0):
            return []
        return [
            Ask(self, Query("interest", terms=(term,), language=language, grain="day"), window)
            for language in languages
            for term in brief.terms
        ]

    def search(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        """Yield the one page that answers `query`."""
        self._raw = []
        term = query.terms[0]
        articles = self._options.get("articles", {})
        views = self.page_views(str(articles.get(term, term)), language=query.language, window=window)
        rows = pd.DataFrame(
            {
                "scale": f"{query.language}.wikipedia",
                "term": term,
                "geo": "",  # an edition is read everywhere
                "period": views["period"],
                "grain": "day",
                "value": views["views"].astype(float),
                "kind": ["zero" if v == 0 else "measured" for v in views["views"]],
                "partial": pd.array([False] * len(views), dtype="boolean"),
                "unit": "views",
            }
        )
        notes = list(views.attrs["notes"])
        robots = views.loc[views["automated"], "period"]
        if len(robots):
            shown = ", ".join(f"{d:%Y-%m-%d}" for d in robots[:5]) + (" …" if len(robots) > 5 else "")
            notes.append(f"{len(robots)} days of {term!r} look like robots ({shown})")
        covered = Window(window.start, views.attrs["loaded"].to_pydatetime())
        yield Page({"interest": rows}, complete=True, raw=tuple(self._raw), notes=tuple(notes), covered=covered)

    def _days(self, window: Window) -> tuple[date, date]:
        start, end = (
            window.start.astimezone(UTC).date(),
            (window.end.astimezone(UTC) - timedelta(microseconds=1)).date(),
        )
        today = self._wire.clock.now().date()
        if start > end:
            raise BadQuery("the start comes after the end", "window", "exchange them")
        if start < FIRST:
            raise BadQuery(f"{start} is before {FIRST}", "window", f"page views begin on {FIRST}")
        if start >= today:
            raise BadQuery(f"{start} is in the future", "window", f"begin before {today}")
        return start, min(end, today)

    def _loaded(self, project: str, start: date, end: date) -> pd.Timestamp:
        """Return the first instant that the service has not loaded, by the views of the whole project."""
        whole = pd.Timestamp(end, tz="UTC") + pd.Timedelta(days=1)
        if (self._wire.clock.now().date() - end).days > _LAG:
            return whole
        first = max(start, end - timedelta(days=_LAG))
        url = f"{self._rest}/aggregate/{project}/all-access/user/daily/{first:%Y%m%d}/{end:%Y%m%d}"
        days = self._series(url).index
        return days.max() + pd.Timedelta(days=1) if len(days) else pd.Timestamp(first, tz="UTC")

    def _automated(self, project: str, title: str, own: pd.Series, start: date, end: date) -> pd.Series:
        shares = {
            access: self._views(project, title, access, start, end).reindex(own.index, fill_value=0)
            / own.where(own >= _ENOUGH)
            for access in ("desktop", "mobile-web")
        }
        return (shares["desktop"] > DESKTOP_BURST) | (shares["mobile-web"] > MOBILE_BURST)

    def _views(self, project: str, title: str, access: str, start: date, end: date) -> pd.Series:
        name = quote(title.replace(" ", "_"), safe="")
        return self._series(
            f"{self._rest}/per-article/{project}/{access}/user/{name}/daily/{start:%Y%m%d}/{end:%Y%m%d}"
        )

    def _series(self, url: str) -> pd.Series:
        answer = self._get(url, {}, allow=frozenset({404}))
        found = answer.json(dict)
        if answer.status == 404:
            # The title is known to exist: there is no view in these days, or they are not loaded; `_loaded` tells which.
            if "title" not in found and "detail" not in found:
                raise Changed("an unknown kind of 404", answer.host, "report it", sample=answer.content[:500])
            return pd.Series([], index=pd.DatetimeIndex([], tz="UTC"), dtype="int64")
        try:
            days = [pd.Timestamp(str(i["timestamp"])[:8], tz="UTC") for i in found["items"]]
            views = [int(i["views"]) for i in found["items"]]
        except (KeyError, TypeError, ValueError) as error:
            raise Changed(
                "the views are not where they were", answer.host, "report it", sample=answer.content[:500]
            ) from error
        return pd.Series(views, index=pd.DatetimeIndex(days, tz="UTC"), dtype="int64").groupby(level=0).sum()

    def _get(self, url: str, params: Mapping[str, str], *, allow: frozenset[int] = frozenset()) -> Answer:
        answer = self._transport.get(
            url,
            params=params,
            headers={"User-Agent": user_agent(self._options)},
            manners=self._manners,
            allow=allow,
            remedies={401: _WHO, 403: _WHO},
        )
        self._raw.append(answer.content)
        return answer


_WHO = f"set a contact that Wikimedia can reach, in {CONTACT} or as contact in the study file"


def user_agent(options: Mapping[str, Any]) -> str:
    """Return the User-Agent that Wikimedia's policy asks for: program, version, contact, library.

    Raises
    ------
    NeedsKey : no contact is set, or it is neither an e-mail address nor a web page.
    """
    contact = str(options.get("contact", "")).strip() or os.environ.get(CONTACT, "").strip()
    if not ("@" in contact or contact.startswith(("http://", "https://"))) or not contact.isprintable():
        raise NeedsKey(f"{CONTACT_NEED.why}, and none is set", "Wikipedia", _WHO)
    return f"undersaid/{metadata.version('undersaid')} ({contact}) httpx/{metadata.version('httpx')}"


def _page(answer: Mapping[str, Any], title: str, language: str) -> Mapping[str, Any]:
    if "error" in answer:
        raise BadQuery(f"the title {title!r} cannot be asked ({answer['error'].get('info', '')})", "Wikipedia")
    try:
        pages = answer["query"]["pages"]
        page = next(iter(pages.values() if isinstance(pages, dict) else pages))
        title_found = page["title"]
    except (KeyError, TypeError, StopIteration, AttributeError) as error:
        raise Changed(
            "the article is not where it was", "Wikipedia", "report it", sample=str(answer)[:500].encode()
        ) from error
    if page.get("invalid"):
        raise BadQuery(f"{title!r} cannot be a title", "Wikipedia", "remove characters such as < > [ ] { } |")
    if "missing" in page and page["missing"] is not False:
        raise NotEnoughData(
            f"{language}.wikipedia has no article {title_found!r}",
            "Wikipedia",
            "name the article that is meant in `articles`",
        )
    found: Mapping[str, Any] = page
    return found
