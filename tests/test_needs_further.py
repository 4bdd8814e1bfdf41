"""Concerns, alternatives, rising topics, the silent audience, pages from files: found where planted and nowhere else."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer import charts
from explorer import further_views as views
from explorer.alternatives import alternatives, leaving
from explorer.charts import to_svg
from explorer.concerns import concerns
from explorer.content import pages_of, read_sitemap, stamp_of
from explorer.emerging import backtest
from explorer.needs import concerns as from_needs
from explorer.quotes import masked
from explorer.silent import silent_audience
from explorer.study import BadStudy, Study, read_study
from explorer.tallies import Tallies
from explorer.tallies_texts import TextTallies
from explorer.words import Words
from sources.errors import BadFile
from sources.example.brands import BRANDS
from sources.example.places import SILENT_REGIONS
from tests.test_cli import run

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ANNOUNCED = pd.Timestamp("2026-03-02", tz="UTC")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A hundred days of posts by 240 people on an assistant; after the announcement far more of them ask about their data."""
    rng = np.random.default_rng(0)
    rows = []
    for person in range(240):
        late = person >= 120
        when = ANNOUNCED + pd.Timedelta(hours=float(rng.uniform(1, 1200))) * (1 if late else -1)
        asks_data = rng.random() < (0.7 if late else 0.15)
        text = "Is the assistant keeping my private data?" if asks_data else "The assistant is slow and useless again."
        rows.append((person, when, f"Hello all. {text} Ask @friend_{person} or Paul Martin.", "assistant"))
        rows.append((person, when, "Hello all. The garden looks nice today, thank you.", "garden"))
    for edge in (ANNOUNCED - pd.Timedelta(60, "D"), ANNOUNCED + pd.Timedelta(60, "D")):
        rows.append((900, edge, "Nothing to see here today.", "assistant"))
    text = '[study]\nname = "talk"\nlanguages = ["en"]\n[brand]\nname = "Ours"\naccounts = ["p-own"]\n'
    text += '[[events]]\nname = "launch"\nstart = 2026-03-02\n'
    for topic in ("assistant", "garden"):
        text += f'[[topics]]\nid = "{topic}"\nsearch = ["{topic}"]\nsocial = "{topic}"\n'
    posts = pd.DataFrame(rows, columns=["n", "created_at", "text", "query"])
    posts["n"] = posts["n"].astype(str)
    own = posts.iloc[:40].assign(n="own", text="Is the assistant ours? Ask the brand for the assistant.")
    return _study(tmp_path_factory.mktemp("talk"), text, posts=_posts(pd.concat([posts, own], ignore_index=True)))


def test_what_people_keep_asking_is_a_concern_and_what_they_say_everywhere_is_not(talk: Study) -> None:
    found = from_needs(talk, "assistant")
    assert [n.split(" · ")[0] in ("private", "data", "keeping") for n in found.table["name"]].count(True) == 1
    assert len(found.table) == 2
    assert not found.table["quote"].str.contains("Hello|garden|brand").any()
    assert found.people == 241  # the brand's own account is not read
    about_data = found.table[found.table["kind"] == "question"].iloc[0]
    assert about_data["lo"] < about_data["share"] < about_data["hi"]
    assert abs(about_data["share"] - 0.43) < 0.08


def test_an_announcement_moves_the_concern_it_concerns(talk: Study) -> None:
    found = concerns(talk, "assistant")
    moves = found.moves.merge(found.table[["concern", "kind"]], on="concern").set_index("kind")
    assert moves.loc["question", "verdict"] == "more"
    assert moves.loc["question", "lo"] > 0.2
    assert moves.loc["complaint", "verdict"] == "less"
    shown = views.concerns(found, Words("fr"))
    assert shown["Après launch"].str.startswith(("plus", "moins")).all()
    events = pd.DataFrame({"event": ["nothing", "too early"], "ds": [ANNOUNCED + pd.Timedelta(25, "D"), "2020-01-01"]})
    later = concerns(talk, "assistant", events=events, window=pd.Timedelta(20, "D"))
    assert set(later.moves["verdict"]) == {"cannot tell"}
    assert later.skipped == ("too early",)


def test_no_group_of_fewer_than_ten_is_shown(talk: Study) -> None:
    found = concerns(talk, "assistant", by="platform")
    assert found.stakeholders["people"].dropna().ge(10).all()
    with pytest.raises(ValueError, match="fewer than 10"):
        concerns(talk, "assistant", k=5)
    with pytest.raises(ValueError, match="author_kind"):
        concerns(talk, "assistant", by="age")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Merci @Marie_D, le voisin Martin Dupont se plaint", "Marie_D|Martin|Dupont"),
        ("Appelez-moi au 06 12 34 56 78 ou jean@mail.fr", "06 12|jean"),
        ("Paul Durand dit que ça fuit, https://x.com/paul/status/1", "Paul|Durand|x.com"),
        ("chez l'installateur d'Évreux, O'Connor a menti", "Évreux|Connor"),
    ],
)
def test_a_quote_tells_nobody(text: str, hidden: str) -> None:
    assert not re.search(hidden, masked(text))


def test_a_quote_is_short_and_keeps_the_words_of_the_study() -> None:
    quote = masked("Le dossier MaPrimeRénov' est bloqué " + "encore et " * 20, known=["maprimerénov"])
    assert "MaPrimeRénov" in quote
    assert len(quote.split()) <= 14


def test_words_of_leaving_are_those_of_a_contract_not_of_a_boiler() -> None:
    away = [
        "Alternative à Calorène",
        "résilier mon contrat",
        "quitter Valdoré pour Nordélys",
        "switching from Ours to Theirs",
    ]
    stays = ["prix Calorène", "annuler une commande", "remplissage du ballon", "Calorène avis", "leave-in"]
    assert leaving(away) == [True] * 4
    assert leaving(stays[:4]) == [False] * 4


def test_the_planted_switch_is_in_search_and_not_in_posts(example: Study, tmp_path: Path) -> None:
    known = pd.DataFrame([(b.name, b.said_leaving, sum(v for _, v in b.leaving)) for b in BRANDS]).set_index(0)
    posts = example.store.read("posts").to_pandas()
    named = posts[posts["text"].fillna("").str.contains("|".join(known.index))]
    small = Tallies(example.store).small
    tables = {"posts": named} | {t: small(t) for t in ("interest", "queries", "coverage")}
    tables = {t: f.drop(columns=["source", "fetched_at", "batch_id"]) for t, f in tables.items()}
    found = alternatives(_study(tmp_path, example.path.read_text(encoding="utf-8"), **tables))
    table = found.leaving.set_index("brand")
    assert table.loc[BRANDS[0].name, "verdict"] == "in search, not in posts"
    assert (table.loc[[b.name for b in BRANDS[1:]], "verdict"] != "in search, not in posts").all()
    assert (table["searches"] == known[2]).all()
    assert ((table["said_lo"] <= known[1]) & (known[1] <= table["said_hi"])).sum() >= 2
    pair = found.together[(found.together["kind"] == "leaving") & (found.together["other"] != "")]
    assert pair[["brand", "other"]].to_numpy().tolist() == [[BRANDS[0].name, BRANDS[1].name]]
    shares = found.shares.set_index("brand")["share_of_search"]
    assert shares.idxmax() == BRANDS[0].name
    assert shares.sum() == pytest.approx(1, abs=1e-3)
    assert views.switches(found, Words("fr")).iloc[0, 1].startswith("dans la recherche")


def test_without_volumes_or_posts_no_switch_is_claimed(tmp_path: Path) -> None:
    text = '[study]\nname = "x"\n[brand]\nname = "Ours"\n'
    alone = _study(tmp_path / "alone", text)
    with pytest.raises(BadStudy, match="brands"):
        alternatives(alone)
    both = _study(tmp_path / "both", text + '[[brands]]\nname = "Theirs"\n')
    found = alternatives(both)
    assert set(found.leaving["verdict"]) == {"cannot tell"}
    assert found.why


def test_an_alarm_that_posts_follow_is_right_and_one_that_they_do_not_is_false() -> None:
    weeks = pd.date_range("2022-01-02", periods=208, freq="W-SUN")
    rise = 20 * np.exp(np.clip((np.arange(208) - 120) / 12, 0, 3))
    late = 20 * np.exp(np.clip((np.arange(208) - 130) / 12, 0, 3))
    flat = np.full(208, 20.0)
    noise = np.random.default_rng(1).normal(1, 0.03, (4, 208))

    def long(true: np.ndarray, hollow: np.ndarray, at: int) -> pd.DataFrame:
        parts = [(n, v * noise[at + i]) for i, (n, v) in enumerate((("true", true), ("hollow", hollow)))]
        return pd.concat([pd.DataFrame({"unique_id": n, "ds": weeks, "y": v}) for n, v in parts], ignore_index=True)

    found = backtest(long(rise, rise, 0), long(late, flat, 2), freq="W-SUN", follow_up=26)
    assert (found["alarms"], found["right"]) == (2, 1)
    assert found["lo"] < found["false_share"] == 0.5 < found["hi"]
    assert 4 <= found["lead"] <= 20
    nothing = backtest(long(flat, flat, 0), long(flat, flat, 2), freq="W-SUN", follow_up=26)
    assert nothing["alarms"] == 0
    assert np.isnan(nothing["false_share"])


def test_regions_that_search_and_do_not_speak_are_found_and_small_groups_are_not_shown(example: Study) -> None:
    tallies = TextTallies(example.store)
    found = silent_audience(example, tallies=tallies)
    planted = {(t, r) for t, regions in SILENT_REGIONS.items() for r in regions}
    called = found.places[found.places["topic"].isin(SILENT_REGIONS) & (found.places["verdict"] == "silent")]
    assert set(zip(called["topic"], called["place"], strict=True)) == planted
    assert not found.places["people"].between(1, 9).any()
    known = found.table.set_index("topic")
    assert ((known["lo"] < known["silent"]) & (known["silent"] < known["hi"])).all()
    assert known.loc["bruit", "silent"] > known.loc["solaire", "silent"]  # planted silent, planted loud
    say = Words("en")
    shown = views.silence(found, None, views.labels(example, say), say).set_index("Topic")["What would reach it"]
    assert "Bretagne" in shown["Heat pump noise"]
    dots = views.places(found, "bruit", say)
    assert "<10" in set(dots["people"])
    assert "Bretagne" in to_svg(charts.places(dots, say), say)


def test_fewer_than_ten_people_who_write_are_not_counted_out(example: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer import silent

    few, some = example.topics[:2]
    months = pd.date_range("2025-01-01", periods=8, freq="MS", tz="UTC")
    spoken = pd.concat(
        pd.DataFrame({"topic": t.id, "period": months, "authors": n})
        for t, n in ((few, [0, 4, 5, 3, 4, 6, 4, 0]), (some, 40))
    )
    monkeypatch.setattr(TextTallies, "spoken", lambda *a, **k: spoken)
    monkeypatch.setattr(silent, "_places", lambda *a: pd.DataFrame(columns=["verdict", "topic", "place"]))
    monkeypatch.setattr(silent, "_languages", lambda *a: pd.DataFrame())
    found = silent_audience(example, tallies=TextTallies(example.store))
    table = found.table.set_index("topic")
    assert pd.isna(table.loc[few.id, "people"])
    assert table.loc[some.id, "people"] == 40
    say = Words("en")
    shown = views.silence(found, None, views.labels(example, say), say).set_index("Topic")["People who write a month"]
    assert (shown[few.label_in("en")], shown[some.label_in("en")]) == ("<10", "40")


def test_what_is_not_known_of_the_silent_stays_unknown(talk: Study) -> None:
    found = silent_audience(talk)
    assert set(found.table["why"]) == {"no volumes"}
    assert found.table["silent"].isna().all()
    assert found.places.empty


def test_pages_are_read_from_the_files_that_the_study_names(tmp_path: Path) -> None:
    files = {
        "content/faq.csv": "question;answer\nComment couper le bruit ?;Posez des plots.\n",
        "sitemap.xml": '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>'
        "https://x.example.invalid/aide/prix-pose_1.html</loc></url><url><loc>https://x.example.invalid/</loc></url></urlset>",
        "pages/a.html": '<html lang="fr"><title>Le prix</title><style>x{}</style><nav>menu</nav><p>Il est de 3 €.</p>',
    }
    text = '[study]\nname = "x"\n' + "".join(
        f'[[content]]\npath = "{p}"\n' for p in ("content/faq.csv", "sitemap.xml", "pages")
    )
    study = _study(tmp_path, text)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    pages = pages_of(study, Tallies(study.store))
    assert pages["title"].tolist() == ["Comment couper le bruit ?", "aide prix pose", "Le prix"]
    assert pages["text"].tolist()[::2] == ["Posez des plots.", "Il est de 3 €."]
    before = stamp_of(study)
    (tmp_path / "content/faq.csv").write_text("question;answer\nAutre ?;Oui, bien sûr.\n", encoding="utf-8")
    assert stamp_of(study) != before  # what is cached by it is read again
    imported = run(
        "import", str(tmp_path / "content/faq.csv"), "--as", "content", "--study", str(study.path), cwd=tmp_path
    )
    assert imported.returncode == 0, imported.stderr
    assert "Autre ?" in set(Tallies(study.store).small("content")["title"])


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nowhere.csv", "there is no"),
        ("https://x.invalid/sitemap.xml", "an address"),
        ("", "no path"),
        ("a.pdf", "not read here"),
    ],
)
def test_a_content_path_that_cannot_be_read_says_why(tmp_path: Path, path: str, says: str) -> None:
    study = _study(tmp_path, f'[study]\nname = "x"\n[[content]]\npath = "{path}"\n')
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(BadStudy, match=says):
        pages_of(study, Tallies(study.store))


def test_a_sitemap_that_would_swell_or_is_none_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    for content in (bomb, b"<html/>", b"not xml", b"<sitemapindex/>"):
        with pytest.raises(BadFile):
            read_sitemap(content, "sitemap.xml")


def test_the_command_shows_each_view(talk: Study, tmp_path: Path) -> None:
    def asked(*more: str) -> tuple[int, str, str]:
        done = run("needs", "--study", str(talk.path), "--lang", "en", *more, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    code, out, err = asked("--view", "concerns", "--topic", "assistant", "--format", "json")
    assert code == 0, err
    assert {"quote", "move", "share"} <= set(json.loads(out)[0])
    code, _, err = asked("--view", "concerns")
    assert (code, "--topic" in err) == (1, True)


def _study(folder: Path, text: str, **tables: pd.DataFrame) -> Study:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    study = read_study(folder)
    for table, frame in tables.items():
        study.store.append(table, frame, source="test", batch_id=table, now=NOW)
    return study


def _posts(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns="n").assign(
        platform="forum", id=[f"p{i}" for i in range(len(rows))], kind="post", time_quality="ok",
        author_key="p-" + rows["n"], created_at=rows["created_at"].dt.floor("s"),
    )  # fmt: skip


def test_countries_that_search_and_do_not_speak_are_on_a_map_beside_their_dots() -> None:
    say = Words("fr")
    table = pd.DataFrame({"code": ["FR", "BE", "XX"], "place": ["France", "Belgique", "?"], "gap": [1.5, -0.5, 0.0]})
    drawn = charts.gap_map(table.assign(verdict_words="indécidable"), say).to_dict()
    shapes = drawn["data"]["values"] if "data" in drawn else next(iter(drawn["datasets"].values()))
    told = {s["id"]: s["properties"] for s in shapes["objects"]["countries"]["geometries"] if s["properties"]}
    assert set(told) == {"FR", "BE"}
    assert told["FR"] == {"name": "France", "gap": 1.5, "verdict": "indécidable"}
    assert "Plus cherché que dit" in to_svg(charts.gap_map(table.assign(verdict_words="x"), say), say)
