"""Boolean queries of listening tools: parse them once, match them anywhere.

Words and "quoted phrases", AND, OR, NOT, brackets, a trailing * for any ending; words side by side mean AND. Case and accents
do not matter, and a word matches whole words only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyparsing as pp

from sources.errors import BadQuery


@dataclass(frozen=True)
class Term:
    """A word or phrase; `pattern` is a regular expression that RE2, Java and Python read alike."""

    text: str

    @property
    def pattern(self) -> str:
        """Case- and accent-insensitive pattern with word boundaries that also hold beside accented letters."""
        return any_of([self])

    @property
    def plain(self) -> bool:
        """Whether the term can be looked for in a text whose signs beyond ASCII are marked (MARKS)."""
        return all(c.isascii() or c in _APOSTROPHES or (c.isalnum() and c < "\u2000") for c in self.text)

    def _body(self, gap: str, edge: str) -> str:
        open_end = self.text.endswith("*")
        words = self.text.rstrip("*").split()
        body = f"{gap}+".join("".join(_letter(c) for c in word) for word in words)
        return body if open_end else f"{body}($|{edge})"


@dataclass(frozen=True)
class And:
    """All parts hold."""

    parts: tuple[Query, ...]


@dataclass(frozen=True)
class Or:
    """One of the parts holds."""

    parts: tuple[Query, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Query


Query = Term | And | Or | Not


#: Signs beyond ASCII and what marks them, to be replaced in this order: in a text so marked, what stands beside and between
#: words is told by ASCII alone. An engine needs 4 ms to get a class of all letters ready, and a pattern has two of them.
MARKS = (("\x1f", "\x1e"), ("’", "'"), (r"[^\x00-\x7F\p{L}\p{N}\p{P}]", "\x1e"), (r"[^\x00-\x7F\p{L}\p{N}]", "\x1f"))
#: What stands between the words of a phrase, and what beside a word: in any text, and in a marked one.
_GAP, _EDGE = r"[\s\p{P}]", r"[^\p{L}\p{N}]"
_MARKED_GAP, _MARKED_EDGE = r"[\t\n\f\r !-#%-*,-/:;?@\[-\]_{}\x1f]", r"[\x00-/:-@\[-`{-\x7f]"


def any_of(terms: Sequence[Term], *, marked: bool = False) -> str:
    """Return one pattern that finds any of the terms: an engine reads a text once for it, and not once a term.

    marked : for a text in which MARKS were replaced; the terms are `plain`.
    """
    gap, edge = (_MARKED_GAP, _MARKED_EDGE) if marked else (_GAP, _EDGE)
    return f"(?i)(^|{edge})({'|'.join(term._body(gap, edge) for term in terms)})"


@dataclass(frozen=True)
class Anchor:
    """A word, or with `opens` the beginning of one, that every text holds which satisfies a query; folded as `fold`."""

    word: str
    opens: bool = False


def anchors(tree: Query) -> frozenset[Anchor] | None:
    """Return words of which any text that satisfies the query holds at least one; None where no such words can be named.

    Words can be looked up for hundreds of queries at once; a pattern has to be tried on every text for each of them.
    """
    match tree:
        case Term(text):
            whole = text.rstrip("*")
            runs = [Anchor(run) for run in _RUN.findall(fold(whole))]
            if runs and text.endswith("*") and whole[-1].isalnum():
                runs[-1] = Anchor(runs[-1].word, opens=True)
            best = max(runs, key=lambda a: len(a.word) - 2 * a.opens, default=None)
            return frozenset({best}) if best else None
        case And(parts):
            named = [found for found in map(anchors, parts) if found]
            return max(named, key=lambda found: min(len(a.word) for a in found), default=None)
        case Or(parts):
            every = [anchors(part) for part in parts]
            return None if None in every else frozenset().union(*(found for found in every if found))
        case Not():
            return None


def fold(text: str) -> str:
    """Return `text` as anchors are compared: lower case, letters without the marks that a pattern lets vary."""
    folded = text.lower()
    for letter, plain in FOLDED.items():
        folded = folded.replace(letter, plain)
    return folded


def fold_letters(text: str) -> str:
    """Return `text` in lower case, each letter that a pattern lets vary without its marks; ligatures stay one letter."""
    lower = ((c, unicodedata.normalize("NFD", c)[:1]) for c in text.lower())
    return "".join(base if base in _VARIANTS else FOLDED[c] if len(FOLDED.get(c, "")) == 1 else c for c, base in lower)


#: Letters that people write with and without marks, for a pattern without any accent folding in the engine.
_VARIANTS = {
    "a": "aàáâãäå", "c": "cç", "e": "eèéêë", "i": "iìíîï", "n": "nñ", "o": "oòóôõö", "u": "uùúûü", "y": "yýÿ",
}  # fmt: skip
_LIGATURES = {"œ": "(œ|oe)", "æ": "(æ|ae)", "ß": "(ß|ss)"}
_APOSTROPHES = "'’ʼ`"
#: Every letter that a pattern takes for another one, and that one; "ſ" and "ς" are forms of letters that case folding joins.
FOLDED = (
    {letter: plain for plain, letters in _VARIANTS.items() for letter in letters[1:]}
    | {letter: either.strip("()").split("|")[1] for letter, either in _LIGATURES.items()}
    | dict.fromkeys(_APOSTROPHES[1:], _APOSTROPHES[0])
    | {"ſ": "s", "ς": "σ"}
)
_RUN = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4096)
def parse(query: str) -> Query:
    """Return the tree of `query`.

    Raises
    ------
    BadQuery : empty, an unclosed bracket or quote, an operator without its word, an operator this reader does not know.
    """
    if not query.strip():
        raise BadQuery("the query is empty", remedy="write at least one word")
    unknown = re.search(r"\b(NEAR|ONEAR|WITHIN)(/\d+)?\b", query)
    if unknown:
        raise BadQuery(
            f"the operator {unknown.group(0)} is not known here",
            f"query {query!r}",
            "use AND, OR, NOT, brackets and quotes",
        )
    try:
        tree: Query = _grammar().parse_string(query, parse_all=True)[0]
    except pp.ParseException as error:
        raise BadQuery(
            f"the query cannot be read from character {error.loc + 1} on",
            f"query {query!r}",
            "close every bracket and quote, and give each AND, OR, NOT its word",
        ) from error
    return tree


def matches(query: str, text: str) -> bool:
    """Tell whether `text` satisfies `query`: the reference for what the engines compute."""
    return _holds(parse(query), unicodedata.normalize("NFC", text))


def _holds(tree: Query, text: str) -> bool:
    match tree:
        case Term():
            return bool(_python(tree.pattern).search(text))
        case And(parts):
            return all(_holds(p, text) for p in parts)
        case Or(parts):
            return any(_holds(p, text) for p in parts)
        case Not(part):
            return not _holds(part, text)


@lru_cache(maxsize=4096)
def _python(pattern: str) -> re.Pattern[str]:
    # Python's re lacks \p{..}: letters and digits are \w without the underscore, punctuation is what is neither.
    for java in (_EDGE, _GAP):
        pattern = pattern.replace(java, r"[\W_]")
    return re.compile(pattern)


def _letter(char: str) -> str:
    lower = char.casefold()
    if lower in _LIGATURES:
        return _LIGATURES[lower]
    if char in _APOSTROPHES:
        return f"[{_APOSTROPHES}]"
    base = unicodedata.normalize("NFD", lower)[:1]
    if base in _VARIANTS:
        return f"[{_VARIANTS[base]}]"
    return re.escape(char)


@lru_cache(maxsize=1)
def _grammar() -> pp.ParserElement:
    conjunction, disjunction, negation = (pp.Keyword(word).suppress() for word in ("AND", "OR", "NOT"))
    phrase = pp.QuotedString('"') | pp.QuotedString("«", end_quote_char="»") | pp.QuotedString("“", end_quote_char="”")
    word = ~(conjunction | disjunction | negation) + pp.Regex(r"[^\s()\"«»“”]+")
    leaf = (phrase | word).set_parse_action(lambda tokens: Term(" ".join(str(tokens[0]).split())))
    leaf.add_condition(lambda tokens: bool(re.search(r"\w", tokens[0].text)), message="no letter or digit")

    either = pp.Forward()
    bracket = pp.Suppress("(") + either + pp.Suppress(")")
    single = pp.Forward()
    single <<= (negation + single).set_parse_action(lambda tokens: Not(tokens[0])) | bracket | leaf
    every = (single + (pp.Optional(conjunction) + single)[...]).set_parse_action(_joined(And))
    either <<= (every + (disjunction + every)[...]).set_parse_action(_joined(Or))
    return either


def _joined(kind: type[And] | type[Or]) -> Callable[[pp.ParseResults], Query]:
    return lambda tokens: tokens[0] if len(tokens) == 1 else kind(tuple(tokens))
