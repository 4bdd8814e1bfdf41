"""Short texts as points: words and pieces of words brought to few dimensions, with sentence vectors where installed.

References
----------
Deerwester et al. (1990), "Indexing by latent semantic analysis", JASIS 41(6), for the truncated decomposition.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from explorer.text.cutting import tokens
from explorer.text.encoders import EncoderName, encoder
from explorer.text.normal import bare, fold

#: Dimensions that words and pieces are brought to.
DIMENSIONS = 150
_WORDS, _PIECES = 1.0, 0.7


def embed(texts: Sequence[str], *, encoder_name: EncoderName | None = None, seed: int = 0) -> NDArray[np.float64]:
    """Return [n, d] rows of length 1 (0 for a text without a letter); texts about the same stand close.

    Parameters
    ----------
    encoder_name : "use" or "e5" to set sentence vectors beside words and pieces, None for those alone.
    seed : of the decomposition.

    Raises
    ------
    MissingExtra : the encoder is not installed.
    """
    clean = [bare(t) for t in texts]
    by_word = TfidfVectorizer(analyzer=tokens, sublinear_tf=True)
    by_piece = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, preprocessor=fold)
    parts = [_WORDS * _reduced(clean, by_word, seed), _PIECES * _reduced(clean, by_piece, seed)]
    model = encoder(encoder_name)
    if model is not None:
        parts.append(1.5 * model.encode(clean).astype(np.float64))
    return np.asarray(normalize(np.hstack(parts)))


def _reduced(texts: Sequence[str], vectoriser: TfidfVectorizer, seed: int) -> NDArray[np.float64]:
    try:
        sparse = vectoriser.fit_transform(texts)
    except ValueError:  # not one letter in any text
        return np.zeros((len(texts), 1))
    if min(sparse.shape) <= DIMENSIONS + 1:
        return np.asarray(sparse.toarray())
    return np.asarray(normalize(TruncatedSVD(DIMENSIONS, random_state=seed).fit_transform(sparse)))
