"""Who people are, as small tables in words."""

from __future__ import annotations

import pandas as pd

from explorer.demographics import SEVERAL, Demographics
from explorer.study import Study
from explorer.voice_phrases import GENDERS
from explorer.words import Words
from sources.disclosure import ALL, UNKNOWN


def by_trait_table(found: Demographics, words: Words) -> pd.DataFrame:
    """Return age bands as rows and genders as columns; a group left out is a dash."""
    return _wide(found.by_trait, "age_band", words("Age band"), {ALL: words("all"), UNKNOWN: words("not told")}, words)


def by_topic_table(found: Demographics, study: Study, words: Words) -> pd.DataFrame:
    """Return topics as rows and genders as columns; a group left out is a dash."""
    names = {t.id: t.label_in(words.language) for t in study.topics}
    names |= {ALL: words("all"), SEVERAL: words("several topics"), UNKNOWN: words("not told")}
    return _wide(found.by_topic, "topic", words("Topic"), names, words)


def _wide(frame: pd.DataFrame, row: str, title: str, names: dict[str, str], words: Words) -> pd.DataFrame:
    cells = [
        "–" if hidden else words.number(n, 0) for n, hidden in zip(frame["people"], frame["suppressed"], strict=True)
    ]
    # Sums stand last, the order of the rest is that of the table.
    wide = frame.assign(cell=cells).pivot(index=row, columns="gender", values="cell")
    rows, columns = ([v for v in axis if v != ALL] + [ALL] for axis in (wide.index, wide.columns))
    wide = wide.loc[rows, columns].rename(columns=lambda g: words(GENDERS[g]) if g in GENDERS else str(g))
    wide.insert(0, title, [names.get(v, str(v)) for v in wide.index])
    return wide.rename_axis(columns=None).reset_index(drop=True)
