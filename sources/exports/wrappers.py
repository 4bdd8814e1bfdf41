"""Where the items of a JSON answer are: services wrap them in objects, and put what belongs to an item beside it."""

from __future__ import annotations

from typing import Any

from sources.exports.columns import match_columns

#: Names under which services put the list of items of an answer.
_LISTS = (
    "data",
    "posts",
    "hits",
    "items",
    "results",
    "statuses",
    "tweets",
    "mentions",
    "records",
    "documents",
    "rows",
    "value",
)
#: Names under which services put the object that holds the list.
_AROUND = ("data", "result", "result_content", "response", "payload", "search", "feed")


def items_of(whole: Any) -> tuple[list[Any], str]:
    """Return the items of a JSON document, and the name they stand under ("" = the document is the list)."""
    if isinstance(whole, list):
        if len(whole) == 1 and isinstance(whole[0], dict):
            return items_of(whole[0])
        if len(whole) == 2 and all(_is_listing(i) for i in whole):  # Reddit: a post, then its comments
            return [c for part in whole for c in _children(part)], "children"
        return whole, ""
    if isinstance(whole, dict):
        if _is_listing(whole):
            return _children(whole), "children"
        is_item = "date" in match_columns(list(whole), "posts")  # a single post may hold lists of its own
        for key in (*_LISTS, *(() if is_item else whole)):
            found = whole.get(key)
            if isinstance(found, list) and found and all(isinstance(i, dict) for i in found):
                return _unwrapped(_expanded(whole, found)), str(key)
        for key in _AROUND:
            found, where = items_of(whole[key]) if isinstance(whole.get(key), dict) else ([], "")
            if where:
                return found, f"{key}.{where}"
        return [whole], ""
    return [], ""


def items_of_line(item: Any) -> list[Any]:
    """Return the items of one line of a file with an answer, or an item, a line."""
    if not isinstance(item, dict):
        return [item]
    inner = item.get("data")
    if isinstance(inner, list) and inner and all(isinstance(i, dict) for i in inner):
        return _expanded(item, inner)
    if isinstance(inner, dict) and ("source_platform" in item or "item_id" in item):
        # What a browser collected for 4CAT: the item as the website had it, with where it was met beside it.
        return [{**inner, "source_platform": item.get("source_platform")}]
    return [item]


def _unwrapped(items: list[Any]) -> list[Any]:
    """Return what lies inside items that hold nothing but one object: Talkwalker wraps each in {"data": …}."""
    alone = all(len(i) == 1 and isinstance(i.get("data"), dict) for i in items)
    return [i["data"] for i in items] if alone else items


def _is_listing(item: Any) -> bool:
    return isinstance(item, dict) and item.get("kind") == "Listing" and isinstance(item.get("data"), dict)


def _children(listing: dict[str, Any]) -> list[Any]:
    children = listing["data"].get("children") or []
    return [
        c["data"]
        for c in children
        if isinstance(c, dict) and isinstance(c.get("data"), dict) and c.get("kind") != "more"
    ]


def _expanded(answer: dict[str, Any], items: list[Any]) -> list[Any]:
    """Return the tweets of an answer of the X API with their authors, places and full texts, which stand beside them.

    A retweet is printed cut off; the tweet it passes on is there in full.
    """
    includes = answer.get("includes")
    if not isinstance(includes, dict):
        return items
    users, places, tweets = (_by_id(includes.get(name)) for name in ("users", "places", "tweets"))
    out = []
    for item in items:
        new = dict(item)
        if item.get("author_id") in users:
            new["author"] = users[item["author_id"]]
        place = (item.get("geo") or {}).get("place_id")
        if place in places:
            new["geo"] = {**item["geo"], **places[place]}
        references = item.get("referenced_tweets") or []
        passed_on = next((str(r.get("id")) for r in references if r.get("type") == "retweeted"), "")
        original = tweets.get(passed_on)
        if original and str(item.get("text", "")).endswith("…") and str(item.get("text")).startswith("RT @"):
            new["text"] = f"{str(item['text']).split(': ', 1)[0]}: {original.get('text', '')}"
        out.append(new)
    return out


def _by_id(items: Any) -> dict[str, dict[str, Any]]:
    return {i["id"]: i for i in items or [] if isinstance(i, dict) and "id" in i}
