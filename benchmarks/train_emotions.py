"""Train the shipped heads of emotions on XED (Öhman et al. 2020, labels CC BY 4.0): `train_emotions.py FOLDER`, its files."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

# This folder has a forecasting.py of its own, which must not stand before the package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from explorer.text.emotions import EMOTIONS
from explorer.text.heads import save_head
from explorer.text.trained import SHIPPED, head_file
from explorer.text.training import train_head

KEEP = 20_000
ABOUT = {
    "data": "XED, Helsinki-NLP (subtitles of OPUS; French labels projected from English)",
    "licence": "CC BY 4.0 for the labels; no text is contained: features are hashed",
    "limits": "subtitles, not posts; a single post is read wrongly more often than not, show shares of many",
}


def read_xed(folder: Path, lang: str) -> tuple[list[str], np.ndarray]:
    """Return texts and [n, 8] labels; English neutral lines carry none."""
    texts, rows = [], []
    for line in (folder / f"xed_{lang}.tsv").read_text(encoding="utf-8").splitlines():
        text, _, numbers = line.rpartition("\t")
        marks = {int(k) for k in numbers.split(",") if k.strip().isdigit()}
        texts.append(text)
        rows.append([int(k in marks) for k in range(1, len(EMOTIONS) + 1)])
    if lang == "en":
        neutral = (folder / "xed_neu_en.txt").read_text(encoding="utf-8").splitlines()
        texts += [line.partition("\t")[2] for line in neutral]
        rows += [[0] * len(EMOTIONS)] * len(neutral)
    return texts, np.array(rows)


def main() -> None:
    folder = Path(sys.argv[1])
    for lang in sys.argv[2:] or ("fr", "en"):
        texts, truth = read_xed(folder, lang)
        head = train_head(
            texts, truth, EMOTIONS, task="emotions", lang=lang, kind="several", settings=((1.0, 1.0),), keep=KEEP,
            about=ABOUT, now=datetime.now(UTC), progress=lambda done, total: print(done, total, flush=True),
        )  # fmt: skip
        print(save_head(head, SHIPPED / head_file("emotions", lang, "light")).name, dict(head.card), head.thresholds)


if __name__ == "__main__":
    main()
