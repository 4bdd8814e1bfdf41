"""The command line as a user types it, from two files to a ranking, a forecast and exports."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from explorer import cli

SEARCH = "Category: All categories\n\nWeek,{header}\n{rows}"
RUNNER = CliRunner()


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, cwd: Path) -> Done:
    """Run the command in this process, as the installed script does."""
    out, err = io.StringIO(), io.StringIO()
    argv, code = sys.argv, 0
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            sys.argv = ["undersaid", *arguments]
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            sys.argv = argv
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return two_files(tmp_path)


def two_files(folder: Path) -> Path:
    """Write a Trends export and a table of counts that belong together."""
    weeks = pd.date_range("2024-01-07", periods=40, freq="W-SUN")
    terms = {"heat pump noise": 40, "heat pump price": 80, "heat pump grants": 20}
    rows = "\n".join(f"{w:%Y-%m-%d}," + ",".join(str(v + i % 5) for v in terms.values()) for i, w in enumerate(weeks))
    header = ",".join(f"{t}: (France)" for t in terms)
    (folder / "multiTimeline.csv").write_text(SEARCH.format(header=header, rows=rows), encoding="utf-8")
    lines = [f"{w:%Y-%m-%d},{20 + i % 3},{90 + i % 7},{45 + i % 4}" for i, w in enumerate(weeks)]
    (folder / "mentions.csv").write_text("date,noise,price,grants\n" + "\n".join(lines), encoding="utf-8")
    return folder


def test_two_files_to_ranking_forecast_and_report(folder: Path) -> None:
    assert run("new", "pumps", "--geo", "FR", cwd=folder).returncode == 0
    done = run("import", "multiTimeline.csv", "mentions.csv", "--study", "pumps", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "topics proposed" in done.stdout
    again = run("import", "multiTimeline.csv", "--study", "pumps", cwd=folder)
    assert "nothing new" in again.stdout

    ranked = run("gaps", "--study", "pumps", "--format", "csv", cwd=folder)
    assert ranked.returncode == 0, ranked.stderr
    table = pd.read_csv(io.StringIO(ranked.stdout))
    assert table["topic"].tolist() == ["noise", "price", "grants"]
    expected = {
        "noise": (42 / 146) / (21 / 159.5),
        "price": (82 / 146) / (93 / 159.5),
        "grants": (22 / 146) / (46.5 / 159.5),
    }
    for topic, ratio in expected.items():
        assert 2 ** table.set_index("topic")["gap"][topic] == pytest.approx(ratio, rel=0.07)
    assert (table["voice"] == "posts").all()

    ahead = run("forecast", "--study", "pumps", "--horizon", "4", "--format", "json", cwd=folder)
    assert ahead.returncode == 0, ahead.stderr
    rows = json.loads(ahead.stdout)
    assert {r["series"] for r in rows} == {"search", "posts", "gap"}

    report = run("report", "--study", "pumps", "--to", "out", cwd=folder)
    assert report.returncode == 0, report.stderr
    kinds = {"gaps": "csv html parquet png pptx svg xlsx", "forecast": "csv html parquet pptx xlsx", "windows": "ics"}
    kinds["alerts"] = "csv parquet xlsx"
    written = {p.name for p in (folder / "out").iterdir()}
    assert written == {f"{stem}.{kind}" for stem, endings in kinds.items() for kind in endings.split()}
    assert "voices: no posts have been imported" in report.stdout, "what cannot be told is named"


def test_the_french_table_speaks_french(folder: Path) -> None:
    run("new", "pumps", cwd=folder)
    run("import", "multiTimeline.csv", "mentions.csv", "--study", "pumps", cwd=folder)
    done = run("gaps", "--study", "pumps", "--lang", "fr", cwd=folder)
    assert "silencieux" in done.stdout
    assert "ne peuvent pas être corrigées ici" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["gaps", "--study", "nowhere"], 1, "undersaid new"),
        (["import", "missing.csv", "--study", "s"], 1, "missing.csv"),
        (["gaps", "--level", "7"], 2, "--level"),
        (["nonsense"], 2, "nonsense"),
        (["gaps", "--study", "s"], 1, "no topics yet"),
        (["gaps", "--study", "s", "--lang", "de"], 2, "fr or en"),
    ],
)
def test_errors_are_one_sentence_with_the_right_exit_code(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    assert run("new", "s", cwd=tmp_path).returncode == 0
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


BAD = {
    "empty.csv": b"",
    "header.csv": b"date,a,b\n",
    "dates.csv": b"date,a,b\n" + b"".join(b"%d/02/2024,1,2\n" % d for d in range(25, 33)),
    "page.csv": b"<!doctype html><html><body>Sign in</body></html>",
    "archive.csv": b"PK\x03\x04" + b"\0" * 200,
    "noise.csv": bytes(range(256)) * 20,
    "one.csv": b"date\n2024-01-01\n2024-01-02\n",
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study into which both tables were imported."""
    place = two_files(tmp_path_factory.mktemp("imported"))
    run("new", "pumps", cwd=place)
    run("import", "multiTimeline.csv", "mentions.csv", "--study", "pumps", cwd=place)
    return place


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_and_nothing_stored_is_touched(imported: Path, name: str) -> None:
    (imported / name).write_bytes(BAD[name])
    before = {p: p.read_bytes() for p in (imported / "pumps").rglob("*") if p.is_file()}
    assert any(p.suffix == ".parquet" for p in before), "nothing was stored: the test proves nothing"
    done = run("import", name, "--study", "pumps", cwd=imported)
    refused = done.returncode == 1 and name in done.stderr and ";" in done.stderr
    told = done.returncode == 0 and "refused" in done.stdout
    assert refused or told, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert {p: p.read_bytes() for p in before} == before


def test_little_data_are_answered_with_a_sentence(tmp_path: Path) -> None:
    weeks = pd.date_range("2024-01-07", periods=10, freq="W-SUN")
    run("new", "s", cwd=tmp_path)
    (tmp_path / "search.csv").write_text(
        "date,noise,price\n" + "\n".join(f"{w:%Y-%m-%d},40,60" for w in weeks), encoding="utf-8"
    )
    (tmp_path / "posts.csv").write_text(
        "date,noise,price\n" + "\n".join(f"{w:%Y-%m-%d},10,90" for w in weeks), encoding="utf-8"
    )
    assert run("import", "search.csv", "--as", "search", "--study", "s", cwd=tmp_path).returncode == 0
    alone = run("gaps", "--study", "s", cwd=tmp_path)
    assert alone.returncode == 1
    assert "no topics yet" in alone.stderr
    assert run("import", "posts.csv", "--as", "counts", "--study", "s", cwd=tmp_path).returncode == 0
    ten = run("gaps", "--study", "s", "--format", "csv", cwd=tmp_path)
    assert ten.returncode == 0, ten.stderr
    assert "few periods" in ten.stdout
    ahead = run("forecast", "--study", "s", cwd=tmp_path)
    assert ahead.returncode == 1
    assert "10" in ahead.stderr, "the message says how many periods there are"
    assert "Traceback" not in ahead.stderr


def test_files_that_do_not_overlap_are_told_so(folder: Path) -> None:
    run("new", "pumps", cwd=folder)
    earlier = pd.read_csv(folder / "mentions.csv", parse_dates=["date"])
    earlier["date"] -= pd.Timedelta(weeks=520)
    earlier.to_csv(folder / "mentions.csv", index=False)
    assert run("import", "multiTimeline.csv", "mentions.csv", "--study", "pumps", cwd=folder).returncode == 0
    done = run("gaps", "--study", "pumps", cwd=folder)
    assert done.returncode == 1
    assert "do not overlap" in done.stderr


def test_the_demo_finds_what_was_planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    done = RUNNER.invoke(cli.app, ["demo", "--truth", "--format", "csv"])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(io.StringIO(done.stdout)).set_index("topic")
    assert set(table.index[table["verdict"] == "silent"]) == {"arnaques", "bruit", "entretien", "copropriete"}
    assert table["inside"].sum() >= 12
    plain = RUNNER.invoke(cli.app, ["demo", "--lang", "fr"])
    assert "simulées" in plain.stdout


def test_hurricane_maria_was_spoken_of_less_than_it_was_searched(shared, tmp_path: Path) -> None:
    files = [
        str(shared("data", "pair_hurricanes_2017", f))
        for f in ("538_google_trends.csv", "538_mediacloud_hurricanes.csv")
    ]
    run("new", "hurricanes", "--geo", "US", "--language", "en", cwd=tmp_path)
    done = run("import", *files, "--study", "hurricanes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    ranked = run("gaps", "--study", "hurricanes", "--format", "csv", cwd=tmp_path)
    gap = pd.read_csv(io.StringIO(ranked.stdout)).set_index("topic")
    # 85 of 202+707+85+... searches against 2,354 of 21,560+19,568+2,354+... sentences: see docs/validation.md.
    assert gap.loc["maria", "lo"] > gap.loc["harvey", "hi"]
    assert gap.loc["maria", "gap"] - gap.loc["harvey", "gap"] == pytest.approx(1.95, abs=0.35)
    assert gap.loc["harvey", "verdict"] == "loud"


def test_causes_of_death_are_silent_and_loud_as_published(shared, tmp_path: Path) -> None:
    search, said = (str(shared("data", "pair_causes_of_death", f)) for f in ("google_trends.csv", "nyt.csv"))
    run("new", "causes", "--language", "en", cwd=tmp_path)
    asked = run("import", search, "--study", "causes", cwd=tmp_path)
    assert asked.returncode == 1
    assert "--as search" in asked.stderr
    assert run("import", search, "--as", "search", "--study", "causes", cwd=tmp_path).returncode == 0
    assert run("import", said, "--as", "counts", "--study", "causes", cwd=tmp_path).returncode == 0
    ranked = run("gaps", "--study", "causes", "--format", "csv", cwd=tmp_path)
    gap = pd.read_csv(io.StringIO(ranked.stdout)).set_index("topic")
    shares = gap["share_of_search"]
    assert shares["cancer"] == pytest.approx(0.376, abs=0.002)
    assert shares["suicide"] == pytest.approx(0.124, abs=0.002)
    assert shares["diabetes"] == pytest.approx(0.101, abs=0.002)
    assert list(gap.index[gap["verdict"] == "loud"]) == ["terrorism", "homicide"]
    assert {"cancer", "diabetes", "kidney-disease", "car-accidents"} <= set(gap.index[gap["verdict"] == "silent"])


def test_doctor_names_what_is_missing_and_the_way_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pyspark" else found(name))
    done = RUNNER.invoke(cli.app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert "pip install 'undersaid[spark]'" in " ".join(done.stdout.split())
    listed = json.loads(RUNNER.invoke(cli.app, ["doctor", "--format", "json"]).stdout)
    assert {c["state"] for c in listed} <= {"ok", "optional"}


def test_the_installed_command_starts(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from explorer.cli import main; main()", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "gaps" in done.stdout


@pytest.mark.parametrize("verb", [c.name or c.callback.__name__ for c in cli.app.registered_commands])
def test_every_command_has_help(verb: str) -> None:
    done = RUNNER.invoke(cli.app, [verb.rstrip("_"), "--help"])
    assert done.exit_code == 0
    assert len(done.stdout.split()) > 15


def test_a_mapping_that_was_given_once_is_remembered_for_the_same_headers(tmp_path: Path) -> None:
    run("new", "s", cwd=tmp_path)
    head = "Jour;a;b\n"
    (tmp_path / "one.csv").write_text(
        head + "".join(f"{d:02d}/02/2024;0,25;0,75\n" for d in range(1, 10)), encoding="utf-8"
    )
    (tmp_path / "two.csv").write_text(
        head + "".join(f"{d:02d}/03/2024;0,5;0,5\n" for d in range(1, 10)), encoding="utf-8"
    )
    assert run("import", "one.csv", "--study", "s", cwd=tmp_path).returncode == 1
    first = run("import", "one.csv", "--as", "counts", "--date-order", "dmy", "--study", "s", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    second = run("import", "two.csv", "--study", "s", cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    assert "18 rows" in second.stdout
