"""A boolean query in the two plain forms that search services understand, and how many items a union of clauses has.

A listening query may nest brackets as it likes. Most services know either "any of these, each with all its words" or
"all of these, each with a choice of words"; both forms are worked out here, once, so that every connector asks what the study
means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from sources import boolean
from sources.boolean import And, Not, Or, Query, Term
from sources.errors import BadQuery

#: A query that falls into more parts than this costs more requests than it is worth.
MOST = 16


@dataclass(frozen=True)
class Clause:
    """Words and phrases of which all must be there (`wanted`), and none of the others (`unwanted`)."""

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...] = ()

    def text(self, *, minus: str = "-") -> str:
        """Return the clause as most search boxes take it: words, phrases in quotes, what is unwanted after `minus`."""
        return " ".join([*map(quoted, self.wanted), *(minus + quoted(t) for t in self.unwanted)])


def any_of(query: str, *, service: str) -> tuple[Clause, ...]:
    """Return clauses of which one must hold: the query as a disjunction of conjunctions.

    Raises
    ------
    BadQuery : not readable, a clause that only excludes, a word with a * (the services of this package search whole words), or
    more than MOST clauses.
    """
    clauses = (_clause(parts) for parts in _spread(_plain(boolean.parse(query)), Or))
    found = list({(frozenset(c.wanted), frozenset(c.unwanted)): c for c in clauses}.values())
    for clause in found:
        if not clause.wanted:
            raise BadQuery(
                "a part of the query only excludes", f"query {query!r}", f"{service} needs a word to look for"
            )
    _refuse(query, service, len(found), [t for c in found for t in (*c.wanted, *c.unwanted)])
    # A clause that another one holds already brings nothing new.
    return tuple(c for c in found if not any(o is not c and _covers(o, c) for o in found))


def all_of(query: str, *, service: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Return choices of which each must hold, and words that must not: the query as a conjunction of choices.

    Raises
    ------
    BadQuery : as `any_of`; also where a choice mixes words with excluded words, which no service of this package can ask.
    """
    choices: list[tuple[str, ...]] = []
    unwanted: list[str] = []
    for parts in _spread(_plain(boolean.parse(query)), And):
        clause = _clause(parts)
        if clause.wanted and clause.unwanted:
            raise BadQuery("an exclusion stands beside a choice", f"query {query!r}", f"{service} cannot ask that")
        if len(clause.unwanted) > 1:
            raise BadQuery("a choice of exclusions", f"query {query!r}", f"{service} cannot ask that")
        choices += [clause.wanted] if clause.wanted else []
        unwanted += clause.unwanted
    if not choices:
        raise BadQuery("the query only excludes", f"query {query!r}", f"{service} needs a word to look for")
    _refuse(query, service, len(choices), [*(t for c in choices for t in c), *unwanted])
    return tuple(dict.fromkeys(choices)), tuple(dict.fromkeys(unwanted))


def union_size(clauses: Sequence[Clause], size: Callable[[Clause], int]) -> int:
    """Return how many items match at least one clause, from the sizes of conjunctions (inclusion and exclusion).

    Parameters
    ----------
    size : asks the service how many items match one clause; called 2^n - 1 times for n clauses.
    """
    total = 0
    for n in range(1, len(clauses) + 1):
        for some in combinations(clauses, n):
            joint = Clause(
                tuple(dict.fromkeys(t for c in some for t in c.wanted)),
                tuple(dict.fromkeys(t for c in some for t in c.unwanted)),
            )
            # What is wanted and unwanted at once is nowhere: the service need not be asked.
            found = 0 if set(joint.wanted) & set(joint.unwanted) else size(joint)
            total += found if n % 2 else -found
    return max(total, 0)


def quoted(term: str) -> str:
    """Return a phrase in quotes, a word as it is."""
    return f'"{term}"' if " " in term or "-" in term else term


def _plain(tree: Query, *, negated: bool = False) -> Query:
    """Return the tree with NOT in front of terms only (De Morgan)."""
    match tree:
        case Not(part):
            return _plain(part, negated=not negated)
        case And(parts) | Or(parts):
            kept = isinstance(tree, And) is not negated
            return (And if kept else Or)(tuple(_plain(p, negated=negated) for p in parts))
    return Not(tree) if negated else tree


def _spread(tree: Query, outer: type[And] | type[Or]) -> Iterator[tuple[Query, ...]]:
    """Yield the parts of `tree` as `outer` of tuples of terms."""
    if isinstance(tree, Term | Not):
        yield (tree,)
    elif isinstance(tree, outer):
        for part in tree.parts:
            yield from _spread(part, outer)
    else:
        sides = [list(_spread(p, outer)) for p in tree.parts]
        size = 1
        for side in sides:
            size *= len(side)
        if size > 50 * MOST:
            raise BadQuery("the query is too branched to be asked", remedy="write it with fewer brackets")
        for chosen in product(*sides):
            yield tuple(t for some in chosen for t in some)


def _clause(parts: tuple[Query, ...]) -> Clause:
    wanted = [p.text for p in parts if isinstance(p, Term)]
    unwanted = [p.part.text for p in parts if isinstance(p, Not) and isinstance(p.part, Term)]
    return Clause(tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted)))


def _covers(wide: Clause, narrow: Clause) -> bool:
    return set(wide.wanted) <= set(narrow.wanted) and set(wide.unwanted) <= set(narrow.unwanted)


def _refuse(query: str, service: str, parts: int, terms: Sequence[str]) -> None:
    if parts > MOST:
        raise BadQuery(
            f"the query falls into {parts} parts", f"query {query!r}", f"at most {MOST} are asked of {service}"
        )
    if cut := next((t for t in terms if "*" in t), None):
        raise BadQuery(
            f"{service} knows no word with a * ({cut})", f"query {query!r}", "write the endings that you mean"
        )
