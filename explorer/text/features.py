"""What a linear head reads of a text: hashed words and pieces of words, lexicon, and sentence vectors, counted once a text.

Features are hashed, so that a stored head holds numbers and no words of the texts it was fitted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from explorer.text.encoders import EncoderName, encoder
from explorer.text.lexicons import lexicon_features
from explorer.text.normal import fold, mask

#: 2**BITS columns for words and as many for characters.
BITS = 17


@dataclass(frozen=True)
class Features:
    """Texts as a head reads them; `counts` [n, 2 * 2**bits] or None, `lexicon` [n, 6], `dense` [n, d] unit rows or None."""

    counts: sparse.csr_matrix | None
    lexicon: np.ndarray
    dense: np.ndarray | None

    def rows(self, at: np.ndarray) -> Features:
        """Return the features of some of the texts."""
        return Features(
            None if self.counts is None else self.counts[at],
            self.lexicon[at],
            None if self.dense is None else self.dense[at],
        )

    def design(
        self, bits: int, columns: np.ndarray, idf: np.ndarray, *, centre: np.ndarray | float = 0.0, weight: float = 1.0
    ) -> sparse.csr_matrix:
        """Return [n, columns + lexicon + dense]: sublinear tf-idf of the hashed columns that are kept, then the others.

        Words and characters each have rows of length 1. Vectors are moved by `centre` and multiplied by `weight`.
        """
        blocks: list[Any] = []
        if self.counts is not None:
            edge = int(np.searchsorted(columns, 2**bits))
            for part in (slice(0, edge), slice(edge, None)):
                block = self.counts[:, columns[part]].astype(np.float32)
                block.data = 1.0 + np.log(block.data)
                block = (block @ sparse.diags(idf[part])).tocsr()
                length = np.sqrt(np.asarray(block.multiply(block).sum(axis=1)).ravel())
                blocks.append(sparse.diags(1.0 / np.where(length > 0, length, 1.0)) @ block)
        blocks.append(sparse.csr_matrix(self.lexicon))
        if self.dense is not None:
            blocks.append(sparse.csr_matrix(weight * (self.dense - centre)))
        return sparse.hstack(blocks, format="csr", dtype=np.float32)


def features(
    texts: Sequence[str], *, lang: str, encoder_name: EncoderName | None, sparse_block: bool = True, bits: int = BITS
) -> Features:
    """Count and encode texts.

    Raises
    ------
    MissingExtra : the encoder is not installed.
    """
    model = encoder(encoder_name)
    return Features(
        _counts(texts, bits) if sparse_block else None,
        lexicon_features(texts, lang),
        None if model is None else model.encode([mask(t) for t in texts]),
    )


def _counts(texts: Sequence[str], bits: int) -> sparse.csr_matrix:
    """Hashed counts: words and pairs of words first, then pieces of 2 to 5 characters."""
    clean = [fold(mask(t)) for t in texts]
    settings: dict[str, Any] = {"n_features": 2**bits, "alternate_sign": False, "norm": None, "dtype": np.float32}
    by_word = HashingVectorizer(ngram_range=(1, 2), token_pattern=r"[^\W_]+|[!?]", lowercase=False, **settings)  # noqa: S106  (a pattern)
    by_character = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), lowercase=False, **settings)
    return sparse.hstack([by_word.transform(clean), by_character.transform(clean)], format="csr")
