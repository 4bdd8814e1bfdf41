"""Words looked for in marked texts: the same posts are found as in texts left as they are."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from explorer.tallies_matching import holds, marked
from sources import boolean

QUERIES = [
    "prix", "prix*", '"a prix"', '"a bé prix"', "e-mail", "l'eau", "l’eau", "c++", "été", "Ж*", "ſs", "œuf*", "2a",
    '"prix 🔥"', "🔥prix", "e–mail", "prix€", "(a OR 🔥prix OR l'eau) NOT e-mail", "a_b",
]  # fmt: skip
PIECES = [
    "prix", "PRIX", "a", "b", "e", "mail", "l", "eau", "c", "été", "ete\u0301", "Жук", "ss", "œufs", "oeuf", "2", " ", " ", "-",
    "–", "’", "'", "ʼ", "`", "+", "€", "🔥", "\u00a0", "\x1f", "\x1e", "…", "«", "_", "\n", "\u200b", "½", "、", "e\u0301", "$",
]  # fmt: skip
WHOLE = [
    "e-mail, l'eau; c++ (été) Жук ss œufs 2a",
    "a – bé … prix",
    "a\u00a0 b’prix",
    "a b🔥prix",
    "a prix 🔥 b",
    "e–mail",
    "a_b",
    "1 prix€ 2",
    "(🔥prix)",
]


def test_a_marked_text_is_found_by_the_same_queries_as_the_text_itself() -> None:
    rng = np.random.default_rng(7)
    texts = sorted({"".join(rng.choice(PIECES, rng.integers(1, 9))) for _ in range(6000)} | set(WHOLE))
    rows = ibis.memtable(pa.Table.from_pandas(pd.DataFrame({"_words": texts}), preserve_index=False))
    trees = [boolean.parse(q) for q in QUERIES]
    asked = rows.mutate(_marked=marked(rows._words)).select(
        **{f"own {n}": holds(tree) for n, tree in enumerate(trees)},
        **{f"marked {n}": holds(tree, marked=True) for n, tree in enumerate(trees)},
    )
    found = ibis.duckdb.connect().to_pyarrow(asked).to_pandas()
    for n, query in enumerate(QUERIES):
        own = found[f"own {n}"]
        assert own.any(), query
        assert found[f"marked {n}"].equals(own.rename(f"marked {n}")), query
