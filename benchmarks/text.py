"""Text: language, questions, intents, tone, emotions, matching, unserved queries and needs on labelled sets, and their speed.

    python benchmarks/text.py [language questions intent tone emotions matching clusters speed] [--encoders use e5]

Needs the evidence folder (../shared, or UNDERSAID_SHARED), `data/text`. CPU time, one thread. Heads are trained on the
training files and scored on others; no setting is chosen on a scored file.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, f1_score, recall_score, roc_auc_score, v_measure_score

ROOT = Path(__file__).resolve().parent.parent
# This folder has a forecasting.py of its own, which must not stand before the package.
sys.path.insert(0, str(ROOT))

from explorer.text import intent, language, match, question_type, tone
from explorer.text.heads import Head
from explorer.text.labelled import read_labelled
from explorer.text.normal import fold, mask
from explorer.text.tone import TONES, lexicon_tone
from explorer.text.training import train_head

DATA = Path(os.environ.get("UNDERSAID_SHARED", ROOT.parent / "shared")) / "data" / "text"
EMOTIONS_EN = ("anger", "joy", "optimism", "sadness")
Rows = list[tuple[str, str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--encoders", nargs="*", default=[], choices=["use", "e5"])
    asked = parser.parse_args()
    rows: Rows = []
    for name in asked.parts or PARTS:
        start = time.process_time()
        rows += PARTS[name](asked.encoders)
        print(f"{name}: {time.process_time() - start:.0f} CPU seconds", file=sys.stderr)
    print(pd.DataFrame(rows, columns=["set", "figure", "reached"]).round(3).to_string(index=False))


def tweets(name: str, task: str = "tone", names: tuple[str, ...] = ()) -> pd.DataFrame:
    return read_labelled(DATA / f"{name}_text.txt", task=task, names=names)


def needs() -> tuple[list[str], list[set[int]], list[int], list[str]]:
    """Queries, relevant pages, need of each query, page titles (from addresses) of the French labour code's search."""
    rows: dict[str, tuple[str, set[str], int]] = {}
    for number, need in enumerate(json.loads((DATA / "cdtn_datafiller.json").read_text(encoding="utf-8"))):
        for entry in need["examples"]:
            query = entry["query"].strip()
            if entry["y_true"] and len(query) >= 3:
                pages = {re.sub(r"https?://[^/]+", "", url).split("?")[0].rstrip("/") for url in entry["y_true"]}
                rows.setdefault(fold(query), (query, pages, number))
    pages = sorted({p for _, held, _ in rows.values() for p in held})
    place = {p: i for i, p in enumerate(pages)}
    titles = [re.sub(r"[-/]+", " ", p.split("/")[-1]) for p in pages]
    return (
        [q for q, _, _ in rows.values()],
        [{place[p] for p in held} for _, held, _ in rows.values()],
        [n for _, _, n in rows.values()],
        titles,
    )


def trec() -> tuple[list[str], list[str]]:
    lines = (DATA / "trec_train_5500.label").read_text(encoding="latin-1").splitlines()
    return [line.split(" ", 1)[0] for line in lines], [line.split(" ", 1)[1] for line in lines]


def languages(_: list[str]) -> Rows:
    french = [t for n in ("train", "val") for t in tweets(f"umsab_french_{n}")["text"]]
    english = [t for n in ("train", "val") for t in tweets(f"umsab_english_{n}")["text"]]
    said = language([*french, *english], languages=("fr", "en", "de", "es", "it", "pt"))["label"].to_numpy()
    posts = np.mean(said == np.array(["fr"] * len(french) + ["en"] * len(english)))
    rng = np.random.default_rng(0)
    asked_fr, asked_en = (list(rng.permutation(x)[:1200]) for x in (sorted(set(needs()[0])), trec()[1]))
    told = language([*asked_fr, *asked_en])["label"].to_numpy()
    truth = np.array(["fr"] * len(asked_fr) + ["en"] * len(asked_en))
    with_place = language([*asked_fr, *asked_en], locale=list(truth))["label"].to_numpy()
    return [
        ("tweets fr, en among six languages", "accuracy", posts),
        ("queries fr + en", "accuracy", np.mean(told == truth)),
        ("queries fr + en, source's locale known", "accuracy", np.mean(with_place == truth)),
    ]


def questions(_: list[str]) -> Rows:
    from tests.test_text_rules import trec_type

    labels, texts = trec()
    kept = [(trec_type(lab), t) for lab, t in zip(labels, texts, strict=True) if trec_type(lab)]
    said = question_type([t for _, t in kept])["label"].replace(["none", "yes_no", "compare"], "what").to_numpy()
    truth = [lab for lab, _ in kept]
    return [
        ("TREC questions", "accuracy", np.mean(said == truth)),
        ("TREC questions", "macro F1", f1_score(truth, said, average="macro")),
    ]


def intents(_: list[str]) -> Rows:
    frame = pd.read_csv(DATA / "orcas_i_test.tsv", sep="\t")
    known = frame["label_manual"].str.lower()
    truth = known.where(known.isin(["navigational", "transactional"]), "informational")

    def score(clicked: list[str] | None) -> float:
        said = intent(frame["query"].tolist(), clicked=clicked)["label"].replace(
            ["commercial", "local"], "informational"
        )
        return float(f1_score(truth, said, average="macro"))

    return [
        ("ORCAS-I, query alone", "macro F1", score(None)),
        ("ORCAS-I, clicked site known", "macro F1", score(frame["url"].tolist())),
    ]


def trained(
    train: pd.DataFrame, test: pd.DataFrame, names: tuple[str, ...], lang: str, encoder: str | None
) -> np.ndarray:
    """Label numbers that a head trained on one frame gives the other; texts of the test are kept out of the training."""
    keys = {fold(mask(t)) for t in test["text"]}
    own = train[[fold(mask(t)) not in keys for t in train["text"]]]
    head: Head = train_head(
        own["text"].tolist(), own["label"].tolist(), names, task="benchmark", lang=lang,
        encoder_name=encoder, now=datetime.now(UTC),  # type: ignore[arg-type]
    )  # fmt: skip
    return head.predict_proba(test["text"].tolist()).argmax(axis=1)


def tones(encoders: list[str]) -> Rows:
    rows: Rows = []
    for lang, test, train in (
        ("fr", tweets("umsab_french_val"), tweets("umsab_french_train")),
        ("en", tweets("umsab_english_val"), pd.concat([tweets("te_sent_val"), tweets("umsab_english_train")])),
    ):
        truth = test["label"].map(TONES.index).to_numpy()
        said = np.array([TONES.index(x) for x in lexicon_tone(test["text"].tolist(), lang)])
        rows += scored(f"tone {lang}, lexicon", truth, said)
        for encoder in (None, *encoders):
            rows += scored(
                f"tone {lang}, trained, {encoder or 'light'}", truth, trained(train, test, TONES, lang, encoder)
            )
    return rows


def emotion(encoders: list[str]) -> Rows:
    train = pd.concat([tweets(f"te_emotion_{n}", "emotions", EMOTIONS_EN) for n in ("train", "val")])
    test = tweets("te_emotion_test", "emotions", EMOTIONS_EN)
    truth = test["label"].map(EMOTIONS_EN.index).to_numpy()
    rows: Rows = []
    for encoder in (None, *encoders):
        rows += scored(f"emotion en, {encoder or 'light'}", truth, trained(train, test, EMOTIONS_EN, "en", encoder))
    return rows


def scored(name: str, truth: np.ndarray, said: np.ndarray) -> Rows:
    return [
        (name, "macro F1", float(f1_score(truth, said, average="macro"))),
        (name, "macro recall", float(recall_score(truth, said, average="macro"))),
    ]


def matching(encoders: list[str]) -> Rows:
    queries, relevant, groups, titles = needs()
    dropped = set(np.random.default_rng(0).permutation(max(groups) + 1)[: (max(groups) + 1) // 2].tolist())
    gone = {p for held, g in zip(relevant, groups, strict=True) if g in dropped for p in held}
    kept = [i for i in range(len(titles)) if i not in gone]
    unserved = np.array([not held - gone for held in relevant])
    posts, post_needs, asked, asked_needs = banking()
    absent = set(np.random.default_rng(3).permutation(sorted(set(post_needs)))[:38].tolist())
    present = [i for i, need in enumerate(post_needs) if need not in absent]
    unspoken = np.array([need in absent for need in asked_needs])
    rows: Rows = []
    for encoder in (None, *encoders):
        name = encoder or "light"
        top = match(queries, titles, encoder_name=encoder).top  # type: ignore[arg-type]
        good = [d in relevant[q] for q, d in zip(top["query"], top["document"], strict=True)]
        hits = top.assign(good=good)
        for k in (1, 5):
            found = hits[hits["rank"] <= k].groupby("query")["good"].any().sum() / len(queries)
            rows.append((f"French queries to pages, {name}", f"hit@{k}", float(found)))
        best = match(queries, [titles[i] for i in kept], encoder_name=encoder).best  # type: ignore[arg-type]
        rows.append(
            (f"unserved, one narrow domain (fr), {name}", "AUC", float(roc_auc_score(unserved, -best["score"])))
        )
        near = match(asked, posts, encoder_name=encoder, short=True).best["document"]  # type: ignore[arg-type]
        same = np.mean([post_needs[d] == need for d, need in zip(near, asked_needs, strict=True)])
        rows.append((f"posts to posts (en), {name}", "hit@1", float(same)))
        best = match(asked, [posts[i] for i in present], encoder_name=encoder, short=True).best  # type: ignore[arg-type]
        rows.append((f"unspoken, posts (en), {name}", "AUC", float(roc_auc_score(unspoken, -best["score"]))))
    return rows


def banking() -> tuple[list[str], list[str], list[str], list[str]]:
    by_need = defaultdict(list)
    with (DATA / "banking77_test.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_need[row["category"]].append(row["text"])
    posts = [(t, n) for n, texts in sorted(by_need.items()) for t in texts[:15]]
    asked = [(t, n) for n, texts in sorted(by_need.items()) for t in texts[15:25]]
    return [t for t, _ in posts], [n for _, n in posts], [t for t, _ in asked], [n for _, n in asked]


def clusters(encoders: list[str]) -> Rows:
    from explorer.text.space import embed

    queries, _, groups, _ = needs()
    rows: Rows = []
    for encoder in (None, *encoders):
        space = embed(queries, encoder_name=encoder)  # type: ignore[arg-type]
        found = KMeans(len(set(groups)), n_init=3, random_state=0).fit_predict(space)
        rows += [
            (f"needs of French queries, K given, {encoder or 'light'}", "ARI", adjusted_rand_score(groups, found)),
            (f"needs of French queries, K given, {encoder or 'light'}", "V", v_measure_score(groups, found)),
        ]
    return rows


def speed(_: list[str]) -> Rows:
    texts = [t for n in ("french", "english") for t in tweets(f"umsab_{n}_train")["text"]]
    tone(texts[:50], engine="lexicon")
    start = time.process_time()
    language(texts)
    tone(texts, engine="lexicon")
    question_type(texts)
    intent(texts)
    rate = len(texts) / (time.process_time() - start) * 60
    return [("language + tone + question + intent, short texts", "a minute, one core", rate)]


PARTS: dict[str, Callable[[list[str]], Rows]] = {
    "language": languages, "questions": questions, "intent": intents, "tone": tones, "emotions": emotion, "matching": matching,
    "clusters": clusters, "speed": speed,
}  # fmt: skip

if __name__ == "__main__":
    main()
