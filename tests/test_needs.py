"""Needs: planted questions without an answer come first, silence is claimed only where it can be, answers of the user count."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score
from sklearn.metrics.pairwise import cosine_distances

from explorer.need_clusters import cluster, name_of, silhouette
from explorer.need_matching import match_needs
from explorer.need_posts import telling
from explorer.need_queries import clean_queries, same_query
from explorer.needs import Needs, conclude, find_needs, judge, unanswered
from explorer.served import calibrated, default, p_answered
from explorer.study import BadStudy, Study, read_study
from explorer.tallies import Tallies
from sources.example.queries import planted
from sources.tables import TABLES
from tests.test_cli import run

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SMALL = ("batterie", "bruit", "copropriete", "securite")


@pytest.fixture(scope="module")
def small_world(example: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Four topics of the example, with all their posts and queries: as good a proof as fourteen, and quicker."""
    topics = tuple(t for t in example.topics if t.id in SMALL)
    return _copy(example, tmp_path_factory.mktemp("needs"), topics=[t.id for t in topics])


@pytest.fixture(scope="module")
def found(small_world: Study) -> Needs:
    return find_needs(small_world)


def test_planted_unanswered_queries_rank_first(example: Study) -> None:
    known = planted()
    pages = Tallies(example.store).small("content")
    ranked = unanswered(known[["query", "volume"]], pages["title"] + " " + pages["text"])
    served = known.set_index("query")["served"]
    assert np.mean([not served[q] for q in ranked["query"].head(20)]) >= 0.9
    assert not ranked.loc[ranked["verdict"] == "unanswered", "query"].map(served).any()
    assert not (~ranked.loc[ranked["verdict"] == "answered", "query"].map(served)).any()


def test_planted_needs_rank_first_on_both_sides(found: Needs) -> None:
    truth = planted().set_index("query")
    by = {side: found.table.sort_values(f"{side}_rank")["name"].head(12) for side in ("unserved", "unspoken")}
    assert np.mean([not truth.loc[n, "served"] for n in by["unserved"]]) >= 0.9
    assert np.mean([not truth.loc[n, "said"] for n in by["unspoken"]]) >= 0.9


def test_halving_the_posts_makes_nothing_unspoken_without_the_warning(
    example: Study, small_world: Study, found: Needs, tmp_path: Path
) -> None:
    halved = find_needs(_copy(example, tmp_path / "half", topics=SMALL, keep=0.5))
    both = found.table.merge(halved.table, on="name", suffixes=("", "_half"))
    assert len(both) >= 30
    fell = both[(both["said"] != "unspoken") & (both["said_half"] == "unspoken")]
    assert (fell["said_warning_half"] == "small sample").all()
    assert not ((both["said"] == "spoken") & (both["said_half"] == "unspoken")).any()


@pytest.mark.parametrize(("status", "keep", "why"), [("capped", 1.0, "capped"), ("complete", 0.0, "no posts")])
def test_a_capped_or_empty_sample_is_never_silence(
    example: Study, tmp_path: Path, status: str, keep: float, why: str
) -> None:
    answer = find_needs(_copy(example, tmp_path, topics=("bruit",), keep=keep, status=status))
    assert set(answer.table["said_why"]) == {why}
    assert "unspoken" not in set(answer.table["said"])
    if keep:
        assert answer.table["p_said"].notna().all()  # the match is still shown
    else:
        assert answer.table["unspoken_rank"].isna().all()


def test_without_pages_nothing_is_called_unanswered(example: Study, tmp_path: Path) -> None:
    answer = find_needs(_copy(example, tmp_path, topics=("bruit",), without=("content", "posts")))
    assert set(answer.table["served"]) == {"cannot tell"}
    assert set(answer.table["served_why"]) == {"no pages"}
    assert answer.table["p_served"].isna().all()


def test_a_need_says_who_searches_what_and_shows_its_best_match(found: Needs) -> None:
    noise = found.table.set_index("name").loc["pompe à chaleur combien de décibels"]
    assert noise["question"] == "how_many"
    assert noise["intent"] == "informational"
    assert noise["served_page"].endswith("niveau-sonore")
    assert "décibels" in noise["said_match"]
    assert noise["volume_lo"] <= noise["volume"] <= noise["volume_hi"]
    assert noise["unserved_lo"] < noise["unserved"] < noise["unserved_hi"]
    assert found.table["growth_lo"].max() == 50.0  # a breakout is printed above +5,000 %


def test_the_users_answers_narrow_the_chance_and_move_it() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 400)
    # In this collection a match answers from 0.2 on, far below the default.
    judged = pd.DataFrame({"coverage": x, "word": x, "character": x, "answers": x > 0.2})
    at = pd.DataFrame({"coverage": [0.3], "word": [0.3], "character": [0.3]})
    before, after = p_answered(at).iloc[0], p_answered(at, calibrated(judged)).iloc[0]
    assert before["p_answered"] < 0.3
    assert after["p_answered"] > before["p_answered"] + 0.15
    assert after["hi"] - after["lo"] < before["hi"] - before["lo"]
    assert before["verdict"] == "cannot tell"
    few = p_answered(at, calibrated(judged.head(3))).iloc[0]
    assert before["p_answered"] < few["p_answered"] < after["p_answered"]  # three answers move it, and not all the way
    assert calibrated(judged.head(0)).n == default().n == 0


def test_answers_are_stored_and_used(example: Study, tmp_path: Path) -> None:
    study = _copy(example, tmp_path, topics=("bruit",), without=("posts",))
    first = find_needs(study)
    row = first.queries.iloc[0]
    for query in first.queries.itertuples():
        judge(study, first.queries.loc[query.Index], "served", answers=True, now=NOW)
    judge(study, row, "served", answers=False, now=NOW.replace(day=2))  # a second thought replaces the first
    second = find_needs(study)
    assert second.judged["served"] == len(first.queries)
    assert second.queries["served_p_answered"].mean() > first.queries["served_p_answered"].mean()


def test_a_suggestion_has_no_volume_and_spellings_are_joined(example: Study) -> None:
    typed = ["Prix pompe à chaleur", "pompe a chaleur prix", "prix pompes à chaleur", "pompe à chaleur sans unité", ""]
    typed += ["pompe à chaleur avec unité"]
    rows = pd.DataFrame({"query": typed, "term": "", "item": "query", "ranking": "list"})
    rows["value"] = [900.0, 1000.0, np.nan, np.nan, 5.0, np.nan]
    rows["lo"], rows["hi"] = rows["value"] * 0.9, rows["value"] * 1.1
    rows["unit"] = ["searches", "searches", "none", "none", "searches", "none"]
    rows["kind"], rows["source"], rows["fetched_at"] = "measured", "tool", pd.Timestamp(NOW)
    clean = clean_queries(rows.reindex(columns=[*TABLES["queries"].names]), example).set_index("query")
    assert list(clean["spellings"]) == [3, 1, 1]
    joined = clean.iloc[0]
    assert (joined["volume"], joined["volume_lo"]) == (1000.0, 900.0)
    assert joined["volume_hi"] == pytest.approx(2090.0)  # counted together, or apart: the tool does not say
    assert clean.iloc[1:]["volume"].isna().all()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("isolation extérieure prix", "prix isolation exterieure", True),
        ("pompe à chaleur air-eau", "pompe à chaleur air eau", True),
        ("ma prime rénov dossier", "maprimerénov dossier", True),
        ("comment isoler un mur", "isoler un mur", False),
        ("chauffage sans gaz", "chauffage avec gaz", False),
    ],
)
def test_spellings_are_one_query_and_opposites_are_two(one: str, other: str, same: bool) -> None:
    assert (len(set(same_query([one, other]))) == 1) is same


def test_a_slip_of_one_letter_joins_a_word_that_is_often_seen() -> None:
    often = [f"maprimerénov {w}" for w in ("dossier", "plafond", "cumul", "versement", "refus")]
    assert len(set(same_query([*often, "maprimernov dossier"]))) == len(often)


def test_queries_of_one_need_are_gathered_and_named_by_one_of_them() -> None:
    groups = ["aide isolation combles", "isolation combles subvention", "combles isolation aides"], [
        "niveau sonore nuit", "nuit niveau sonore maximum", "sonore la nuit niveau"], [
        "entretien annuel contrat", "contrat entretien annuel prix", "annuel contrat d'entretien"]  # fmt: skip
    queries = [q for g in groups for q in g]
    result = cluster(queries)
    labels = [set(result["need"][i : i + 3]) for i in (0, 3, 6)]
    assert [len(s) for s in labels] == [1, 1, 1]
    assert len(set.union(*labels)) == 3
    frame = result.assign(query=queries, volume=[np.nan, 90.0, 10.0] * 3)
    assert name_of(frame.head(3)) in groups[0]
    assert cluster(["un", "tout autre chose"])["need"].nunique() == 2


def test_words_that_all_queries_share_tell_none_of_them() -> None:
    stems = telling(
        ["pompe à chaleur bruit", "pompe à chaleur prix", "pompe à chaleur garantie", "pompe à chaleur gel"]
    )
    assert "chaleur" not in stems
    assert {"bruit", "prix", "gel"} <= set(stems)


def test_a_study_without_queries_says_what_to_bring(example: Study, tmp_path: Path) -> None:
    study = _copy(example, tmp_path, topics=("bruit",), without=("queries", "posts", "content"))
    with pytest.raises(BadStudy, match="import related queries"):
        find_needs(study)


def test_the_command_prints_every_format(small_world: Study, tmp_path: Path) -> None:
    place = str(small_world.path)
    printed = run("needs", "--study", place, "--format", "json", "--lang", "en", cwd=tmp_path)
    assert printed.returncode == 0, printed.stderr
    rows = json.loads(printed.stdout)
    assert len(rows) >= 30
    assert {"p_served", "served_match", "unspoken_rank", "simulated"} <= set(rows[0])
    assert "said_match" not in rows[0]  # other people's words stay here
    table = run("needs", "--study", place, "--by", "unspoken", "--top", "3", "--lang", "fr", cwd=tmp_path)
    assert table.returncode == 0
    assert "Besoin" in table.stdout
    empty = run("needs", "--study", "nowhere", cwd=tmp_path)
    assert (empty.returncode, "there is no study here" in empty.stderr) == (1, True)


def _copy(
    example: Study,
    folder: Path,
    *,
    topics: tuple[str, ...] | list[str],
    keep: float = 1.0,
    status: str = "complete",
    without: tuple[str, ...] = (),
) -> Study:
    """Return a copy of the example with some of its topics, with a part of their posts kept at random."""
    chosen = [t for t in example.topics if t.id in topics]
    text = '[study]\nname = "copy"\ngeo = "FR"\nsimulated = true\n'
    for t in chosen:
        text += f"\n[[topics]]\nid = {json.dumps(t.id)}\nlabel = {json.dumps(t.label, ensure_ascii=False)}\n"
        text += f"search = {json.dumps(list(t.search), ensure_ascii=False)}\nsocial = '''{t.social}'''\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    study = read_study(folder)
    tallies = Tallies(example.store)
    terms, names = {x for t in chosen for x in t.search}, {t.social for t in chosen}
    for table in ("queries", "content", "coverage", "posts"):
        if table in without:
            continue
        frame = _posts(example) if table == "posts" else tallies.small(table)
        if table == "queries":
            frame = frame[frame["term"].isin(terms)]
        elif table == "coverage":
            frame = frame[frame["query"].isin(names) & (frame["table"] == "posts")].assign(status=status)
        elif table == "posts":
            frame = frame[frame["query"].isin(names)]
            frame = frame.sample(frac=keep, random_state=1)
        frame = frame.drop(columns=["source", "fetched_at", "batch_id"])
        study.store.append(table, frame, source="example (simulated)", batch_id=table, now=NOW)
    return study


def _posts(example: Study) -> pd.DataFrame:
    return example.store.read("posts").to_pandas()


def test_pages_answer_before_the_posts_are_read(found: Needs, small_world: Study) -> None:
    quick = conclude(match_needs(small_world, posts=False), Tallies(small_world.store).small("judgements"))
    sides = ["need", "name", "served", "served_lo", "p_served", "unserved_rank", "season_peak"]
    pd.testing.assert_frame_equal(
        quick.table[sides], found.table.sort_values("unserved_rank")[sides].reset_index(drop=True)
    )
    assert set(quick.table["said"]) == {"cannot tell"}
    assert quick.table["unspoken_rank"].isna().all()


def test_the_silhouette_is_that_of_scikit_learn() -> None:
    points = np.random.default_rng(0).normal(0, 1, (40, 5))
    found = np.concatenate([np.arange(39) % 4, [4]])
    assert silhouette(cosine_distances(points), found) == pytest.approx(
        silhouette_score(points, found, metric="cosine")
    )
