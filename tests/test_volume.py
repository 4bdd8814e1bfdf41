"""Searches a month: an index anchored to known volumes, with an interval, and no number where nothing anchors it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.panel import read_panel
from explorer.volume import monthly_searches
from tests.test_panel import SUNDAYS, every_week, interest, make, posts, store

WEEKS = min(len(SUNDAYS), 30)


def volumes(**known: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "term": "", "query": term, "item": "query", "ranking": "list", "value": value, "lo": value, "hi": value,
                "kind": "measured", "unit": "searches", "raw": f"{value:.0f}", "window": "12 months",
            }
            for term, value in known.items()
        ]
    )  # fmt: skip


def test_a_known_volume_gives_the_others_theirs_and_one_anchor_is_warned_of(tmp_path: Path) -> None:
    study = make(tmp_path)
    both = pd.concat([interest("bruit", [20.0] * WEEKS), interest("prix", [80.0] * WEEKS)])
    store(study, interest=both, posts=posts(every_week()), queries=volumes(prix=4000))
    panel = read_panel(study)
    found = monthly_searches(study, panel, "bruit")
    assert found is not None
    assert found.value == pytest.approx(1000, rel=0.01)
    assert found.lo is not None
    assert found.lo < 1000 < found.hi
    assert found.warnings == ("one anchor",)
    assert found.params["anchors"] == "prix"


def test_without_an_anchor_there_is_no_number_of_searches(tmp_path: Path) -> None:
    study = make(tmp_path)
    both = pd.concat([interest("bruit", [20.0] * WEEKS), interest("prix", [80.0] * WEEKS)])
    store(study, interest=both, posts=posts(every_week()), queries=volumes(chaudiere=4000))
    assert monthly_searches(study, read_panel(study), "bruit") is None


def test_a_topic_with_a_term_of_unknown_volume_anchors_nothing(tmp_path: Path) -> None:
    two = '[[topics]]\nid = "prix"\nsearch = ["prix", "tarif"]\nsocial = "prix"\n'
    one = '[[topics]]\nid = "bruit"\nsearch = ["bruit"]\nsocial = "bruit"\n'
    study = make(tmp_path, topics=two + one)
    values = {"bruit": 20.0, "prix": 60.0, "tarif": 20.0}
    index = pd.concat([interest(t, list(np.full(WEEKS, v))) for t, v in values.items()])
    store(study, interest=index, posts=posts(every_week()), queries=volumes(prix=3000))
    assert monthly_searches(study, read_panel(study), "bruit") is None
