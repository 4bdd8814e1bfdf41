"""Topics proposed from the names that both sides of a study use."""

from __future__ import annotations

from explorer.study import Topic, fold

#: Words of French and English that say nothing about a subject.
_EMPTY_WORDS = {
    "les", "des", "une", "aux", "avec", "pour", "sur", "dans", "par", "que", "qui", "est", "son", "ses", "mon", "mes", "vos",
    "votre", "the", "and", "for", "with", "from", "how", "what", "are", "you",
}  # fmt: skip


def propose_topics(terms: list[str], names: list[str]) -> list[Topic]:
    """Pair search terms with the names of counts or queries that mean the same, for a study that has no topics yet.

    A name and a term belong together when the words of one are all in the other ("Harvey", "Hurricane Harvey"); a term
    that several names fit, or none, makes no topic.
    """
    topics = []
    for name in names:
        words = set(fold(name).split())
        fitting = [t for t in terms if words and (words <= set(fold(t).split()) or set(fold(t).split()) <= words)]
        if len(fitting) == 1 and sum(_fits(fitting[0], n) for n in names) == 1:
            topics.append(Topic(slug(name), name, (fitting[0],), name))
    return topics


def topics_of_terms(terms: list[str]) -> list[Topic]:
    """Make one topic of every search term, spoken of where all its words stand: a start that the user corrects.

    A term in quotes is kept as a phrase; words that carry no meaning by themselves are left out of the query.
    """
    topics: dict[str, Topic] = {}
    for term in terms:
        bare = " ".join(term.replace('"', " ").split())
        words = [w for w in bare.replace("+", " ").split() if len(w) > 2 and w.casefold() not in _EMPTY_WORDS]
        if not words:
            continue
        query = f'"{bare}"' if term.strip().startswith('"') else " AND ".join(f'"{w}"' for w in words)
        topics.setdefault(slug(bare), Topic(slug(bare), bare, (term,), query))
    return list(topics.values())


def _fits(term: str, name: str) -> bool:
    a, b = set(fold(term).split()), set(fold(name).split())
    return bool(a and b) and (a <= b or b <= a)


def slug(name: str) -> str:
    """Return a short name for a file or an id: letters and digits of `name`, joined by hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in fold(name)).split())[:80].rstrip("-") or "topic"
