"""Tables of posts, one row a post: exports of known tools, and any other whose columns have a known name or are mapped."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources import privacy
from sources.errors import BadFile
from sources.exports import post_extras, post_values
from sources.exports.dates import Dates, Where, dates
from sources.exports.headers import Table
from sources.exports.limits import limit_note
from sources.exports.mapping import Mapping
from sources.exports.post_columns import Picks, choose
from sources.exports.post_ids import post_ids, related_ids
from sources.exports.post_notes import note_posts
from sources.exports.post_texts import plain_text, without_removed
from sources.exports.preamble import Facts, read_facts
from sources.exports.rawtable import TEXT
from sources.exports.reading import Reading, fitted
from sources.exports.run import Run
from sources.exports.sentiments import sentiments
from sources.exports.series import SUMMARY_WORDS
from sources.exports.tools import Tool, prepared
from sources.exports.words import BLANKS, plain

COUNTERS = {
    "likes": "like_count",
    "reposts": "repost_count",
    "replies": "reply_count",
    "quotes": "quote_count",
    "bookmarks": "bookmark_count",
    "views": "view_count",
    "followers": "author_followers",
}
#: Authors that a tool has taken out, or a network no longer names: nobody, and not one person.
_NOBODY = frozenset(["redacted", "deleted", "removed", "anonymous", "anonymized", "anonymised", "unknown", "suspended"])


def read_posts(table: Table, mapping: Mapping, run: Run, tool: Tool | None = None) -> Reading:
    """Read a table of posts.

    Names never leave this function: authors become keyed pseudonyms, handles in texts are masked, addresses lose them.

    Parameters
    ----------
    run : the key of the pseudonyms, and what earlier parts of the same file have shown.
    tool : the tool that exported it; None = judge every column by its name.

    Raises
    ------
    BadFile : no column of dates, or no row with one.
    BadQuery : the mapping names a column that is not there.
    """
    run.rows += len(table.rows) + len(table.raw.long_rows)
    facts = read_facts(table.preamble, table.name) if tool is not None else Facts()
    table = prepared(table, tool) if tool is not None else table
    choices = choose(table, mapping, tool)
    if "date" not in choices:
        raise BadFile(
            "posts need a date, but no column is called like one", table.name, "name it: columns = {'date': '<header>'}"
        )
    picks = Picks(table, choices)
    stamps = _dates(picks, mapping, run, tool, mapping.timezone or facts.zone)
    keep = _keep(picks, stamps)
    if not keep.any() and run.part == 1:
        reason = next((r for r in stamps.reason if r), "no date")
        raise BadFile(
            f"no row has a date that can be read, the first says: {reason}",
            table.name,
            "name another date column, or set date_order",
        )
    table = table.taken(keep)
    picks = Picks(table, choices)
    frame = _frame(picks, _taken(stamps, keep), mapping, run, tool, facts)
    frame = _once(table, frame, run)
    note_posts(picks, frame, tool)
    capped = False
    if table.raw.whole and (note := limit_note(run.rows, table.name)):
        table.notes.append(note)
        capped = True
    columns = {} if tool is not None else {f: table.headers[c[0].position] for f, c in choices.items()}
    source = tool.source if tool is not None else "table"
    return Reading(
        "posts",
        fitted(frame, "posts"),
        table.notes,
        table.rejects.frame(),
        source,
        mapping.filled(kind="posts", source=source, columns=columns),
        table.fingerprint,
        columns=picks.columns,
        capped=capped,
        window=_window(facts, frame) if run.last else None,
        part=run.part,
        last=run.last,
    )


def _frame(picks: Picks, stamps: Dates, mapping: Mapping, run: Run, tool: Tool | None, facts: Facts) -> pd.DataFrame:
    table, n = picks.table, len(picks.table.rows)
    frame = pd.DataFrame({"created_at": pd.Series(stamps.stamp).dt.tz_localize("UTC"), "time_quality": stamps.quality})
    url = picks.get("url")
    only = (tool.platform_of(table.own) if tool else None) or post_values.platform_of_address(facts.url)
    frame["platform"] = post_values.find_platforms(
        table,
        picks.get("platform") if "platform" in picks else None,
        url,
        mapping.platform,
        run,
        only=only,
        strict=tool is not None and tool.strict_platform,
    )
    picks.platform = frame["platform"]
    _corrected(frame, picks, mapping)
    flags = pd.Series("", index=range(n), dtype="object")
    text, removed = without_removed(plain_text(picks["text"])) if "text" in picks else (None, None)
    frame["text"] = text
    frame["title"] = plain_text(picks["title"]) if "title" in picks else None
    if removed is not None:
        flags = flags.where(~removed, flags + " removed")
    frame["text_is_excerpt"] = _excerpt(picks, frame["text"], tool)
    frame["kind"] = post_values.kinds(table, picks, frame["text"])
    if tool is not None and tool.web_kind != "post":
        of_site = (frame["platform"] == "web") & (frame["kind"] == "post")
        frame["kind"] = frame["kind"].where(~of_site, tool.web_kind)
    author, redacted = _authors(picks, frame["kind"])
    flags = flags.where(~redacted, flags + " author_redacted")
    frame["id"], replaced = post_ids(table, picks, url, author, frame, run)
    flags = flags.where(~replaced, flags + " id_replaced")
    if author.notna().any():
        secret = run.secret if run.secret is not None else privacy.load_secret()
        frame["author_key"] = privacy.author_keys(frame["platform"], author, secret)
        # A text passed on names the account that wrote it: that is the repost, not a mention.
        said = frame["text"].where(frame["kind"] != "repost")
        named = [privacy.handles(t) if isinstance(t, str) else None for t in said]
        frame["mentions"] = privacy.mention_keys(frame["platform"], named, secret)
    frame["url"] = _map(url, author)
    for column in ("text", "title"):
        frame[column] = [privacy.mask_handles(t) if isinstance(t, str) else None for t in frame[column]]
    for field, column in COUNTERS.items():
        frame[column] = picks.counter(field)
    for field in ("reach", "engagement"):
        frame[field] = picks.numbers(field) if field in picks else np.nan
        if field in picks:
            kind = picks.labels(field).replace("", "unspecified")
            frame[f"{field}_kind"] = kind.where(frame[field].notna(), None)
    if "sentiment" in picks:
        frame["sentiment_label"], frame["sentiment"] = sentiments(
            picks["sentiment"], table, picks.header("sentiment"), run, tool.notation if tool else None
        )
        judged = frame["sentiment_label"].notna()
        frame["sentiment_source"] = _where(judged, tool.source.removesuffix("_export") if tool else "export")
    frame["lang"] = post_values.languages(picks.get("lang") if "lang" in picks else None, n, mapping.lang)
    if tool is not None and tool.lang_source:
        frame["lang_source"] = _where(frame["lang"].notna(), tool.lang_source)
    frame["country"] = post_values.countries(picks.get("country") if "country" in picks else None, n)
    if "country" in picks:
        label = picks.labels("country").where(frame["country"].notna(), None)
        # A tool that places authors of networks places the site itself where the author is one.
        frame["country_source"] = label.where((label != "author") | (frame["platform"] != "web"), "site").replace(
            "", None
        )
    for column in ("in_reply_to", "repost_of", "quote_of"):
        frame[column] = related_ids(picks[column], url, frame["id"]) if column in picks else None
    frame["thread_id"] = related_ids(picks["thread"], url, frame["id"]) if "thread" in picks else None
    _extras(frame, picks, tool)
    frame["community"] = picks.get("community")
    query = picks.get("query").fillna(mapping.query or facts.query)
    frame["query"] = query if mapping.query is None or "query" in picks else mapping.query
    frame["raw_ref"] = [f"{table.name}#{row}" for row in table.rows]
    if "matched" in picks:
        apart = post_extras.truths(picks["matched"]).eq(False).fillna(False).to_numpy(dtype=bool)
        flags = flags.where(~apart, flags + " not_matched")
    for column, mask in (tool.no_measure if tool else {}).items():
        empty = (mask(frame, table) & frame[column].eq(0)).fillna(False).to_numpy(dtype=bool)
        frame[column] = frame[column].mask(empty)
        flags = flags.where(~empty, flags + f" not_applicable:{column}")
        if column in ("reach", "engagement"):
            frame[f"{column}_kind"] = frame[f"{column}_kind"].where(~empty, None)
    frame["flags"] = flags.str.strip().replace("", None)
    return frame


def _extras(frame: pd.DataFrame, picks: Picks, tool: Tool | None) -> None:
    for column, change in (
        ("gender", post_extras.genders),
        ("age_band", post_extras.age_bands),
        ("author_kind", post_extras.author_kinds),
        ("author_verified", post_extras.truths),
        ("tags", post_extras.tags_of),
    ):
        field = {"gender": "demography_gender", "age_band": "demography_age"}.get(column, column)
        if field in picks:
            cells = picks[field]
            if column == "tags":
                cells = post_extras.joined(picks.table, [c.position for c in picks.choices["tags"]])
                cells = cells.where(cells != "")
            frame[column] = change(cells)
    if "region" in picks:
        region = picks["region"]
        frame["region"] = region.where(~region.str.casefold().isin(post_values.NO_PLACE).eq(True))
    if "links" in picks:
        frame["links"], frame["domains"] = post_extras.links_of(picks["links"])
    if "domains" in picks:
        frame["domains"] = post_extras.lists_of(picks["domains"])
    if tool is not None and tool.reactions:
        frame["reactions"] = post_extras.reactions(picks.table, tool)


def _dates(picks: Picks, mapping: Mapping, run: Run, tool: Tool | None, timezone: str | None) -> Dates:
    table, cells, header = picks.table, picks["date"].fillna(""), picks.header("date")
    utc = "utc" in plain(header).split() or (tool is not None and tool.utc)
    where = Where(table.name, header, table.rows)
    order = mapping.date_order or run.orders.get(header)
    split = "time" in picks
    result = dates(cells, where, order=order, timezone=None if split else timezone, utc=utc)
    table.notes += result.notes
    if result.order is not None:
        run.orders[header] = result.order
    if split:
        clock = picks["time"].fillna("").str.strip(BLANKS)
        timed = clock.str.fullmatch(r"\d{1,2}(?:[:hH.]\d{2}.*|\s?[AaPp]\.?[Mm]\.?)")
        unread = np.isnat(result.stamp)
        join = (((result.quality == "date_only") | (unread & (cells != ""))) & timed).to_numpy(dtype=bool)
        if (join & ~unread).any():
            day = pd.Series(np.datetime_as_string(result.stamp, unit="D"), dtype=TEXT).where(~unread, cells)
            cells = cells.where(~join, day.str.cat(clock, sep=" ").str.strip())
            utc = utc or any(w.startswith("utc") for w in plain(picks.header("time")).split())
        if (join & ~unread).any() or timezone:
            notes = result.notes
            result = dates(cells, where, order=result.order or order, timezone=timezone, utc=utc)
            table.notes += [note for note in result.notes if note not in notes]
    return result


def _corrected(frame: pd.DataFrame, picks: Picks, mapping: Mapping) -> None:
    """Set back posts dated after the network received them; a date claimed by the author's program can be anything."""
    if "arrived" not in picks:
        return
    where = Where(picks.table.name, picks.header("arrived"), picks.table.rows)
    arrived = pd.Series(dates(picks["arrived"].fillna(""), where, timezone=mapping.timezone, utc=True).stamp)
    late = (frame["created_at"] > arrived.dt.tz_localize("UTC")).to_numpy(dtype=bool)
    frame["created_at_claimed"] = frame["created_at"].where(late)
    frame["created_at"] = frame["created_at"].where(~late, arrived.dt.tz_localize("UTC"))
    frame["time_quality"] = frame["time_quality"].where(~late, "clamped")


def _keep(picks: Picks, stamps: Dates) -> np.ndarray:
    table, keep = picks.table, ~np.isnat(stamps.stamp)
    bad = ~keep
    if not bad.any():
        return keep
    cells = picks["date"][bad].fillna("")
    first = table.cells[bad].iloc[:, :3]
    total = first.apply(lambda column: column.map(lambda c: len(c) < 40 and plain(c) in SUMMARY_WORDS)).any(axis=1)
    reasons = [
        "a row of totals, not a post; row left out" if t else f"{r or 'no date'}; row left out"
        for t, r in zip(total, stamps.reason[bad], strict=True)
    ]
    table.rejects.add(table.rows[bad], picks.header("date"), cells.to_numpy(), reasons)
    return keep


def _taken(stamps: Dates, keep: np.ndarray) -> Dates:
    return Dates(stamps.stamp[keep], stamps.precision[keep], stamps.quality[keep], stamps.reason[keep])


def _excerpt(picks: Picks, text: pd.Series, tool: Tool | None) -> pd.Series:
    """Return whether the text is a piece that the tool cut out; null where nothing tells."""
    nothing = pd.Series(pd.array([pd.NA] * len(text), dtype="boolean"))
    if "text" not in picks:
        return nothing
    if tool is None:
        cut = plain(picks.header("text")) in post_values.EXCERPTS
        return nothing.mask(text.notna().to_numpy(), True) if cut else nothing
    return (picks.labels("text") == "excerpt").astype("boolean").where(text.notna().to_numpy(), pd.NA)


def _authors(picks: Picks, kind: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return who acted - where a row tells who passed a post on, that is its author - and whether a name was taken out."""
    author = picks.get("author")
    if "reposted_by" in picks:
        passer = picks["reposted_by"]
        author = passer.where((kind == "repost") & passer.notna(), author)
    nobody = author.str.casefold().str.strip("[]()").isin(_NOBODY).eq(True)
    return author.where(~nobody), nobody


def _map(url: pd.Series, author: pd.Series) -> list[str | None]:
    return [
        privacy.mask_address(u, a if isinstance(a, str) else None) if isinstance(u, str) else None
        for u, a in zip(url, author, strict=True)
    ]


def _once(table: Table, frame: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Return the posts with each (platform, id) once; later copies are refused.

    Of two copies in one part, one that matched the query is kept before one that is there as context of another post.
    """
    order = frame["flags"].str.contains("not_matched").eq(True).to_numpy().argsort(kind="stable")
    sorted_ = frame[["platform", "id"]].iloc[order]
    again = np.zeros(len(frame), dtype=bool)
    again[order] = sorted_.duplicated().to_numpy()
    kept = frame[~again]
    earlier = run.seen.first_rows(kept["platform"], kept["id"], table.rows[~again])
    known = pd.Series(table.rows[~again], index=pd.MultiIndex.from_frame(kept[["platform", "id"]].astype("object")))
    first = np.zeros(len(frame), dtype="int64")
    first[~again] = earlier
    if again.any():
        copies = pd.MultiIndex.from_frame(frame.loc[again, ["platform", "id"]].astype("object"))
        first[again] = known.reindex(copies).to_numpy()
    drop = first > 0
    if not drop.any():
        return frame
    table.rejects.add(
        table.rows[drop],
        "id",
        frame["id"][drop].to_numpy(),
        [f"the post of row {r} again; row left out" for r in first[drop]],
    )
    count = int(drop.sum())
    table.notes.append(
        f"{count:,} row{'s' * (count > 1)} with a post that is already there {'were' if count > 1 else 'was'} left out."
    )
    return frame[~drop]


def _where(mask: pd.Series, word: str) -> pd.Series:
    """Return `word` where the mask is true, else null."""
    return pd.Series(word, index=mask.index, dtype="object").where(mask, None)


def _window(facts: Facts, frame: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the period that the file names, unless its own posts lie outside by more than a zone can explain."""
    if facts.window is None or frame.empty:
        return None
    slack = pd.Timedelta(days=1)
    first, last = facts.window
    inside = first - slack <= frame["created_at"].min() and frame["created_at"].max() <= last + slack
    return (first, last) if inside else None
