"""The level after an event and the brand's followers, on series whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explorer.aftermath import aftermath, followers_of
from explorer.response import follower_loss

DAY = pd.Timedelta(1, "D")
T0 = pd.Timestamp("2026-01-05", tz="UTC")


def days(after: float, n: int = 160, onset: int = 120, quiet: float = 100.0) -> pd.DataFrame:
    """Days around `quiet` posts, ten of an event from `onset` on, then a level of `after`."""
    rng = np.random.default_rng(3)
    y = rng.normal(quiet, 0.02 * quiet, n)
    y[onset : onset + 10] += 5 * quiet
    y[onset + 10 :] += after - quiet
    return pd.DataFrame({"ds": pd.date_range(T0, periods=n, freq="D"), "y": np.rint(y)})


def test_a_level_that_fell_back_is_not_called_lost_and_one_that_stayed_high_is() -> None:
    onset = T0 + 120 * DAY
    calm = aftermath(days(100), onset, onset + 10 * DAY)
    assert calm.level_now in ("back", "cannot tell")
    assert calm.back_since is not None
    assert onset + 8 * DAY <= calm.back_since <= onset + 25 * DAY
    high = aftermath(days(200), onset, onset + 10 * DAY)
    assert high.level_now == "not back"
    assert high.back_since is None
    assert high.lo > 100


def test_too_little_past_tells_nothing() -> None:
    frame = days(100).iloc[115:]
    found = aftermath(frame, T0 + 120 * DAY, T0 + 130 * DAY)
    assert (found.level_now, found.why) == ("cannot tell", "little")
    assert np.isnan(found.effect)
    assert found.before < 16


def test_hours_are_told_by_the_day_and_rare_topics_by_the_week_with_gaps_left_open() -> None:
    onset = T0 + 100 * DAY + pd.Timedelta(7, "h")
    ds = pd.date_range(T0, periods=24 * 130, freq="h")
    busy = pd.DataFrame({"ds": ds, "y": np.random.default_rng(1).poisson(10.0, len(ds)).astype(float)})
    busy.loc[busy["ds"].between(T0 + 50 * DAY, T0 + 51 * DAY, inclusive="left"), "y"] = np.nan
    told = aftermath(busy, onset, onset + 2 * DAY)
    assert told.days == 1
    assert told.before == 99
    rare = aftermath(busy.assign(y=(np.arange(len(ds)) % 48 == 0).astype(float)), onset, onset + 2 * DAY)
    assert rare.days == 7


def test_followers_of_several_accounts_are_known_only_while_each_is() -> None:
    at = [T0, T0 + 2 * DAY, T0 + 3 * DAY, T0 + 30 * DAY]
    posts = pd.DataFrame(
        {"created_at": at, "author_key": ["a", "b", "a", "a"], "author_followers": [100, 50, 110, None]}
    )
    found = followers_of(posts).set_index("ds")["y"]
    assert np.isnan(found[T0])
    assert list(found[T0 + 2 * DAY :]) == [150.0, 160.0]
    assert followers_of(posts.head(0)).empty
    daily = pd.DataFrame({"created_at": pd.date_range(T0, periods=60, tz="UTC"), "author_key": "a"})
    daily["author_followers"] = 10_000 + 10 * np.arange(60) - np.where(np.arange(60) >= 50, 400, 0)
    lost = follower_loss(followers_of(daily), T0 + 50 * DAY, T0 + 59 * DAY)
    assert lost["lost"].iloc[-1] == pytest.approx(400, abs=40)
