"""The brand of a study and its alternatives, as its file names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.study import Study, Topic, fold
from explorer.text.normal import words


def brand_topics(study: Study) -> tuple[Topic, ...]:
    """Return the study's brand and its alternatives as topics, its own first: search terms and a social query of each.

    A brand without `search` or `social` is searched and looked for by its name.
    """
    own = [study.brand] if study.brand.get("name") else []
    found = []
    for brand in (*own, *study.brands):
        name = str(brand["name"]).strip()
        search = tuple(brand.get("search") or (name,))
        social = str(brand.get("social") or f'"{name.replace(chr(34), "")}"')
        found.append(Topic(fold(name), name, search, social))
    return tuple({t.id: t for t in reversed(found)}.values())[::-1]


def names_of(study: Study) -> list[str]:
    """Return the brands of the study as they are searched for: names and terms."""
    return [n for t in brand_topics(study) for n in {t.label, *t.search}]


def names_one(texts: Iterable[str], names: Sequence[str]) -> NDArray[np.bool_]:
    """Return of every text whether one of the names stands in it, whole, however it is spelt."""
    wanted = [f" {' '.join(words(n))} " for n in names]
    return np.array([any(w.strip() and w in f" {' '.join(words(t))} " for w in wanted) for t in texts], dtype=bool)
