"""Who speaks in the example study: raw beside corrected, communities described in groups only, who moves a topic."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from explorer.answers import find_gaps
from explorer.circles import LINKS, Circles, find_circles, movers
from explorer.cli import app
from explorer.networks import nmi
from explorer.study import Study, new_study
from explorer.tallies import Binning
from explorer.tallies_people import PeopleTallies
from explorer.terms import distinctive
from explorer.voice_views import (
    circles_table,
    inflated_sentence,
    movers_sentence,
    shares,
    voices_headline,
    voices_table,
)
from explorer.voices import TooFewVoices
from explorer.who_speaks import Speakers, find_speakers
from explorer.words import Words
from sources.example.truth import Truth
from sources.store import Store


@pytest.fixture(scope="module")
def tallies(example: Study) -> PeopleTallies:
    return PeopleTallies(example.store)


@pytest.fixture(scope="module")
def speakers(example: Study, tallies: PeopleTallies) -> Speakers:
    with pytest.MonkeyPatch.context() as patch:
        asked = []
        texts = PeopleTallies.repeated_texts
        patch.setattr(PeopleTallies, "repeated_texts", lambda *a, **k: asked.append(1) or texts(*a, **k))
        found = find_speakers(example, tallies=tallies)
    # Repetition is looked for once, however many places count people.
    assert len(asked) == 1
    return found


@pytest.fixture(scope="module")
def circles(example: Study, tallies: PeopleTallies, speakers: Speakers) -> Circles:
    return find_circles(example, tallies=tallies, span=speakers.span)


def test_the_gap_of_inflated_topics_rises_when_people_are_counted(speakers: Speakers, truth: Truth) -> None:
    table = speakers.topics.set_index("topic")
    inflated = list(truth.inflated)
    assert (table.loc[inflated, "gap_corrected"] > table.loc[inflated, "gap_raw"] + 0.4).all()
    error = (table["gap_corrected"] - truth.gap.reindex(table.index)).abs()
    raw_error = (table["gap_raw"] - truth.gap.reindex(table.index)).abs()
    assert error.mean() < raw_error.mean()
    assert not (table.loc[inflated, "verdict"] == "silent").any()


def test_every_number_carries_what_it_rests_on(speakers: Speakers) -> None:
    for name in ("voices2", "top10", "gini"):
        fact = speakers.fact(name)
        assert fact.value is not None
        assert fact.lo is not None
        assert fact.hi is not None
        assert fact.lo < fact.value < fact.hi
        assert fact.n == speakers.spread.authors
        assert fact.sources
        assert fact.simulated
    repeated = speakers.fact("repeated")
    assert repeated.value == pytest.approx(speakers.topics["repeated"].sum() / speakers.topics["posts"].sum())


def test_coordinated_groups_are_one_voice_wherever_people_are_counted(
    speakers: Speakers, example: Study, tallies: PeopleTallies, truth: Truth
) -> None:
    panel = speakers.panel
    before = tallies.voice(example.topics, Binning(panel.grain, panel.week_start))
    changed = before.merge(panel.social, on=["topic", "period"], suffixes=("", "_once"))
    changed = changed[changed["posts_once"].notna()]
    assert (changed["posts"] == changed["posts_once"]).all(), "raw stays raw"
    fewer = changed[changed["authors"] > changed["authors_once"]]
    planted = truth.coordinated.merge(truth.posts, on="id")
    assert set(fewer["topic"]) == set(planted["topic"])
    assert len(fewer) == planted["burst"].nunique()
    assert (changed["authors"] - changed["authors_once"]).sum() == (fewer["authors"] - fewer["authors_once"]).sum()
    note = next(n for n in panel.notes if n.code == "coordinated once")
    assert note.details["n"] == len(planted)


def test_the_gaps_page_and_the_voices_page_give_the_same_gap(speakers: Speakers, example: Study) -> None:
    gaps = find_gaps(example, corrected=True).table.set_index("topic")["gap"]
    voices = speakers.topics.set_index("topic")["gap_corrected"]
    pd.testing.assert_series_equal(voices.sort_index(), gaps.sort_index(), check_names=False)


def test_sentences_name_an_inflated_topic_in_both_languages(speakers: Speakers, truth: Truth) -> None:
    for language in ("en", "fr"):
        words = Words(language)
        labels = [speakers.study.topic(t).label_in(language) for t in truth.inflated]
        assert inflated_sentence(speakers, words).startswith(tuple(labels))
        assert words.number(speakers.spread.authors, 0) in voices_headline(speakers, words)
        assert len(voices_table(speakers, words)) == len(shares(speakers, words)) == 14


def test_communities_are_described_only_in_groups_of_ten_or_more(circles: Circles, tallies: PeopleTallies) -> None:
    assert circles.found is not None
    assert len(circles.table) >= 4
    assert (circles.table["people"] >= 10).all()
    assert circles.members.groupby("group").size().min() >= 10
    words = tallies.words(circles.study.topics, circles.members).set_index(["group", "word"])["authors"]
    for row in circles.table.itertuples():
        for word in row.words:
            assert words[row.community, word] >= 10
    assert len(circles_table(circles, Words("fr"))) == len(circles.table)


def test_naming_and_linking_the_same_tie_people(tmp_path: Path) -> None:
    when = pd.Timestamp("2025-03-01", tz="UTC")
    a, b, c, d, gone = (f"{n:032x}" for n in range(5))

    def post(n: int, who: str, **more: object) -> dict[str, object]:
        row = {"platform": "x", "id": str(n), "kind": "post", "created_at": when, "author_key": who, "text": "heat"}
        return row | {"time_quality": "ok", "query": "heat"} | more

    rows = [
        post(1, a, mentions=json.dumps([b, gone, a]), links='["https://one.org/x", "https://two.org"]'),
        post(2, b, text="see https://one.org/x and https://two.org"),
        post(3, c, kind="reply", in_reply_to="2", mentions=json.dumps([b, a]), links='["https://one.org/x"]'),
        post(4, d, kind="repost", repost_of="1", mentions=json.dumps([b]), links='["https://one.org/x"]'),
        post(5, b, links='["https://one.org/x"]'),
    ]
    store = Store(tmp_path)
    store.append("posts", pd.DataFrame(rows), source="test", batch_id="one", now=when.to_pydatetime())
    tallies = PeopleTallies(store)
    named = tallies.interactions(("mention",))
    pairs = {(r.source, r.target if isinstance(r.target, str) else None): r.weight for r in named.itertuples()}
    assert pairs == {(a, b): 1, (c, a): 1, (a, None): 1}, "an answer to b is no second tie, a repost names nobody"
    linked = tallies.interactions(("same link",))
    # Three share the first address (1/2 each pair), a and b the second too (1).
    assert {(r.source, r.target): r.weight for r in linked.itertuples()} == {(a, b): 1.5, (a, c): 0.5, (b, c): 0.5}
    assert len(tallies.interactions(("repost", "reply", "mention", "same link"))) == 8


def test_communities_follow_the_planted_ones(circles: Circles, truth: Truth) -> None:
    planted = circles.members["author_key"].map(truth.communities).to_numpy()
    found = circles.members["group"].to_numpy()
    shuffled = circles.members["group"].sample(frac=1, random_state=0).to_numpy()
    assert nmi(found, planted) > 0.15
    assert nmi(found, planted) > 5 * nmi(shuffled, planted)
    inside, expected = circles.table["inside"], circles.table["expected"]
    assert (inside > 2 * expected).mean() > 0.8


def test_changes_of_a_topic_add_up_over_communities(
    circles: Circles, tallies: PeopleTallies, speakers: Speakers
) -> None:
    panel = speakers.panel
    moved = movers(circles, "granules", tallies, grain=panel.grain, week_start=panel.week_start)
    own = panel.social[panel.social["topic"] == "granules"].sort_values("period")["authors"]
    assert moved["change"].sum() == pytest.approx(own.iloc[-13:].mean() - own.iloc[-26:-13].mean())
    assert moved["share"].sum() == pytest.approx(1)
    assert movers_sentence(moved, Words("en"))


def test_what_is_not_measured_is_said(circles: Circles, example: Study, tallies: PeopleTallies) -> None:
    assert "mentions" in circles.notes
    assert find_circles(example, ties=LINKS, tallies=tallies).notes == ("network",), "nobody links anything there"
    verdicts = circles.consensus.set_index("verdict")["reason"]
    assert (verdicts[verdicts.index == "not measured"] != "").all()
    assert (verdicts[verdicts.index != "not measured"] == "").all()


def test_distinctive_words_leave_out_what_everybody_says() -> None:
    rows = [(g, "the", 90) for g in "ab"] + [
        ("a", "solar", 40),
        ("b", "solar", 2),
        ("a", "boiler", 2),
        ("b", "boiler", 40),
    ]
    found = distinctive(pd.DataFrame(rows, columns=["group", "word", "authors"]))
    assert found[["group", "word"]].to_numpy().tolist() == [["a", "solar"], ["b", "boiler"]]
    assert distinctive(pd.DataFrame(rows[:1], columns=["group", "word", "authors"])).empty


def test_without_posts_nobody_is_counted_and_the_remedy_is_named(tmp_path) -> None:
    with pytest.raises(TooFewVoices, match="import or collect posts"):
        find_speakers(new_study(tmp_path, name="Empty"))


def test_the_command_prints_every_topic(example: Study) -> None:
    done = CliRunner().invoke(app, ["voices", "--study", str(example.path), "--format", "json", "--lang", "en"])
    assert done.exit_code == 0, done.output
    rows = {r["topic"]: r for r in json.loads(done.stdout)}
    assert len(rows) == 14
    assert rows["solaire"]["raw"] > rows["solaire"]["corrected"]


def test_the_command_prints_communities_or_why_there_are_none(
    circles: Circles, example: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["voices", "--study", str(example.path), "--lang", "en", "--communities"]
    monkeypatch.setattr("explorer.who_speaks.find_speakers", lambda opened: SimpleNamespace(span=None))
    nobody = CliRunner().invoke(app, [*asked, "links"])
    assert "fewer than 50 people are tied to one another" in nobody.output
    monkeypatch.setattr("explorer.circles.find_circles", lambda *_, **__: circles)
    told = CliRunner().invoke(app, [*asked, "answers"])
    assert f"{len(circles.table)} communities of people who answer, name or pass on one another" in told.output
