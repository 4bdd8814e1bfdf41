"""What the brand answers already: the pages of the store, and those of the files that the study names under [[content]].

Read from this machine alone: a table of questions and answers or of pages (CSV, TSV, XLSX, JSON ... as `undersaid import` reads
them), a sitemap, or a saved page or text. A sitemap gives addresses, so of each page only what its address says is known.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from explorer.study import BadStudy, Study
from explorer.tallies import Tallies
from sources import read_export
from sources.errors import BadFile
from sources.exports import Mapping

COLUMNS = ["id", "title", "text", "lang"]
#: Larger files are no page or sitemap (the protocol allows 50 MB uncompressed).
MAX_BYTES = 52_428_800
_TABLES = (".csv", ".tsv", ".xlsx", ".json", ".ndjson", ".jsonl", ".parquet")
_PAGES = (".html", ".htm", ".md", ".txt")
_BLANK = re.compile(r"\s+")


def pages_of(study: Study, tallies: Tallies) -> pd.DataFrame:
    """Return the pages of the store and of the study's [[content]], each once: `id`, `title`, `text`, `lang`.

    Raises
    ------
    BadStudy : a path that is not there or cannot be read; the message names it.
    """
    stored = tallies.small("content")[COLUMNS]
    named = [read_path(study, entry, number) for number, entry in enumerate(study.content, 1)]
    every = pd.concat([stored, *named], ignore_index=True) if named else stored
    # One page may come from a file of texts and from the sitemap: the row that says more stays.
    said = every["text"].fillna("").str.len() + every["title"].fillna("").str.len()
    kept = every.assign(said=said).sort_values("said", ascending=False, kind="stable").drop_duplicates("id")
    return kept.drop(columns="said").sort_index().reset_index(drop=True)


def stamp_of(study: Study) -> tuple[tuple[str, int, int], ...]:
    """Return what tells whether the files under [[content]] have changed: name, size and time of each."""
    found = []
    for entry in study.content:
        file = study.path.parent / str(entry.get("path", ""))
        for one in sorted(file.rglob("*")) if file.is_dir() else [file]:
            if one.is_file():
                found.append((str(one), one.stat().st_size, one.stat().st_mtime_ns))
    return tuple(found)


def read_path(study: Study, entry: object, number: int = 1) -> pd.DataFrame:
    """Return the pages of one [[content]] entry: a file, or a folder of saved pages; relative to the study file.

    Raises
    ------
    BadStudy : no path, an address of the web, nothing there, or a file that cannot be read.
    """
    where = f"{study.path.name}, [[content]] {number}"
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not path.strip():
        raise BadStudy("a content entry has no path", where, 'write path = "content/faq.csv"')
    if re.match(r"^[a-z]+://", path):
        raise BadStudy(f"{path!r} is an address, not a file", where, "save it beside the study and name the file")
    file = study.path.parent / path
    files = sorted(f for f in file.rglob("*") if f.suffix.lower() in _PAGES) if file.is_dir() else [file]
    if not files or not file.exists():
        raise BadStudy(f"there is no {path!r}", where, "correct the path; it counts from the folder of the study file")
    try:
        parts = [_read(f, f.relative_to(study.path.parent).as_posix() if file.is_dir() else path) for f in files]
    except BadFile as error:
        raise BadStudy(str(error), where, "correct the file, or take the entry out") from error
    return pd.concat(parts, ignore_index=True)


def read_sitemap(content: bytes, name: str) -> pd.DataFrame:
    """Return one row per page of a sitemap: `id` is its address, `title` what the address says, `text` and `lang` null.

    Raises
    ------
    BadFile : no well-formed sitemap, one with entities, or an index of sitemaps (those are files of their own).

    References
    ----------
    sitemaps.org, protocol 0.9.
    """
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise BadFile(f"not a sitemap ({type(error).__name__})", name, "save it again from /sitemap.xml") from error
    if root.tag.rpartition("}")[2] != "urlset":
        what = "an index of sitemaps" if root.tag.endswith("sitemapindex") else "no sitemap"
        raise BadFile(f"it is {what}", name, "save the sitemaps that list pages, and name those")
    found = [e.text.strip() for e in root.iter() if e.tag.rpartition("}")[2] == "loc" and e.text and _is_url(e)]
    frame = pd.DataFrame({"id": list(dict.fromkeys(found))}, columns=["id"])
    frame["title"] = [_of_address(url) for url in frame["id"]]
    return frame.assign(text=None, lang=None)[frame["title"] != ""].reset_index(drop=True)


def _is_url(element: object) -> bool:
    # Sitemaps of images hold a loc in another namespace for every picture.
    tag = str(getattr(element, "tag", ""))
    return "image" not in tag and "video" not in tag


def _of_address(url: str) -> str:
    """The words of an address: "/aide/pompe-a-chaleur-bruit.html" -> "aide pompe a chaleur bruit"."""
    path = unquote(urlsplit(url).path)
    path = re.sub(r"\.\w{2,5}$", "", path)
    return " ".join(w for w in re.split(r"[^\w']+|_", path) if w and not w.isdigit())


def _read(file: Path, name: str) -> pd.DataFrame:
    if not file.exists():
        raise BadFile("there is no such file", name, "correct the path")
    if file.stat().st_size > MAX_BYTES:
        raise BadFile("it is larger than 50 MB", name, "name a smaller file")
    suffix = file.suffix.lower()
    if suffix == ".xml":
        return read_sitemap(file.read_bytes(), name)
    if suffix in _PAGES:
        return _page(file.read_text(encoding="utf-8", errors="replace"), name, html=suffix.startswith(".htm"))
    if suffix in _TABLES:
        reading = read_export(file, mapping=Mapping(kind="content"))
        table = reading.table.reindex(columns=COLUMNS)
        # Rows without an address are numbered in their file; two files may have one name in two folders.
        own = table["id"].astype(str).str.startswith(f"{file.name}#")
        return table.assign(id=table["id"].where(~own, name + table["id"].astype(str).str.removeprefix(file.name)))
    raise BadFile(
        f"{suffix or 'a file without an ending'!r} is not read here", name, "use CSV, XLSX, JSON, sitemap.xml or HTML"
    )


def _page(text: str, name: str, *, html: bool) -> pd.DataFrame:
    title, body, lang = "", text, None
    if html:
        parser = _Text()
        parser.feed(text)
        title, body, lang = parser.title, " ".join(parser.pieces), parser.lang
    else:
        first, _, rest = text.strip().partition("\n")
        title, body = first.lstrip("# ").strip(), rest
    row = {"id": name, "title": _tidy(title) or None, "text": _tidy(body) or None, "lang": lang}
    return pd.DataFrame([row], columns=COLUMNS)


def _tidy(text: str) -> str:
    return _BLANK.sub(" ", text).strip()


class _Text(HTMLParser):
    """Title, language and readable text of a page."""

    _SKIPPED = ("script", "style", "noscript", "nav", "footer", "template")

    def __init__(self) -> None:
        super().__init__()
        self.title, self.pieces, self.lang = "", list[str](), None
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.lang = (dict(attrs).get("lang") or "")[:2].lower() or None  # type: ignore[assignment]
        if tag in (*self._SKIPPED, "title"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside = self._inside[: len(self._inside) - 1 - self._inside[::-1].index(tag)]

    def handle_data(self, data: str) -> None:
        if "title" in self._inside:
            self.title += data
        elif not any(tag in self._SKIPPED for tag in self._inside):
            self.pieces.append(data)
