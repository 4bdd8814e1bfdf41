"""The documentation tells the truth: its commands run, its links lead somewhere, and what is public is explained."""

from __future__ import annotations

import importlib
import inspect
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

import forecasting
import sources
from explorer import cli
from tests.conftest import ROOT
from tests.test_cli import run

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def commands(document: Path) -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def test_the_commands_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    weeks = pd.date_range("2024-01-07", periods=60, freq="W-SUN")
    header = "Category: All categories\n\nWeek,noise: (France),price: (France)\n"
    rows = "".join(f"{w:%Y-%m-%d},{40 + i % 3},{70 + i % 5}\n" for i, w in enumerate(weeks))
    (tmp_path / "multiTimeline.csv").write_text(header + rows, encoding="utf-8")
    counts = "".join(f"{w:%Y-%m-%d},{11 + i % 3},{90 + i % 7}\n" for i, w in enumerate(weeks))
    (tmp_path / "mentions.csv").write_text("date,noise,price\n" + counts, encoding="utf-8")
    typed = [c for c in commands(ROOT / "README.md") if c.startswith("undersaid ")]
    assert len(typed) >= 5
    for command in typed:
        done = run(*shlex.split(command)[1:], cwd=tmp_path)
        assert done.returncode == 0, (command, done.stderr)


def test_the_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {c.split()[1] for d in DOCUMENTS for c in commands(d) if c.startswith("make ")}
    assert {"app", "test"} <= named <= targets


def test_ci_runs_the_readmes_test_command() -> None:
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_readme_lists_every_command_and_no_other() -> None:
    listed = set(re.findall(r"^\| `undersaid ([\w-]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    known = {(c.name or c.callback.__name__).rstrip("_") for c in cli.app.registered_commands}
    assert listed == known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_documents_hold_no_path_of_a_machine(document: Path) -> None:
    assert not re.search(r"(?<![\w.])/(home|root|work|tmp|Users)/", document.read_text(encoding="utf-8"))


def test_every_feature_that_is_claimed_names_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| .+? \| (yes|partly|no) \| (.+) \|$", text, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 46))
    for number, score, evidence in rows:
        named = re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", evidence)
        assert named or score == "no", f"row {number} has no evidence"
        for file, test in named:
            code = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert f"def {test}(" in code if test else code, f"row {number}: {file} {test}"
    points = sum({"yes": 1.0, "partly": 0.5, "no": 0.0}[score] for _, score, _ in rows)
    assert f"**Score: {points:g} of 45**" in text


@pytest.mark.parametrize("module", [forecasting, sources], ids=lambda m: m.__name__)
def test_every_public_function_says_what_it_takes_gives_and_refuses(module) -> None:
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isfunction(thing):
            text = inspect.getdoc(thing) or ""
            assert "Parameters" in text, name
            assert "Returns" in text, name
            assert "Raises" in text, name


def test_every_dependency_is_explained() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    names = {re.split(r"[\[<>=!]", n)[0].lower() for n in re.findall(r'^    "([^"]+)"', block, re.MULTILINE)}
    told = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    aliases = {"ibis-framework": "ibis-framework", "axe-playwright-python": "axe-playwright-python"}
    missing = [n for n in sorted(names) if aliases.get(n, n) not in told and n.split("-")[0] not in told]
    assert not missing


def test_every_constraint_is_a_pin_and_names_no_place() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), line


def test_every_declared_module_can_be_imported() -> None:
    for name in ("explorer.cli", "forecasting", "sources", "streamlit_app"):
        assert importlib.util.find_spec(name) is not None
