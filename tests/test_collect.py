"""The driver: whatever happens between two pages, nothing is lost, doubled or passed over in silence."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sources import archive, ledger, secrets
from sources.collect import Progress, Report, collect
from sources.connector import Ask, Brief, Health, NotEnoughData, Page, Query, State, Subject, Window, asks_of_each
from sources.errors import BadQuery, Changed, NeedsKey, NotAllowed, Unavailable
from sources.privacy import author_key
from sources.search.google_trends import GoogleTrends
from sources.store import Store
from sources.tables import TABLES
from sources.transport import Wire
from tests.faults import (
    HASTY,
    FakeClock,
    Forum,
    ForumServer,
    Reply,
    Server,
    TrendsServer,
    a_clock,  # noqa: F401
    a_server,  # noqa: F401
    a_trends,  # noqa: F401
    fenced,  # noqa: F401
    utc,
)

ROOT = Path(__file__).resolve().parent.parent
SECRET = bytes(range(32))
JANUARY = Window(utc(2026, 1, 1), utc(2026, 1, 31))


@pytest.fixture
def ticking() -> FakeClock:
    return FakeClock(utc(2026, 3, 4, 12), step=0.001)


@pytest.fixture
def forum(server: Server) -> ForumServer:
    return ForumServer(server)


def asks(forum: ForumServer, clock: Any = None, *tables: str) -> list[Ask]:
    source = Forum({"url": forum.server.url}, Wire(clock=clock) if clock else Wire())
    return [Ask(source, Query(table, text="bruit"), JANUARY) for table in (tables or ("posts", "counts"))]


def run(plan: list[Ask], store: Store, clock: FakeClock, **more: Any) -> Report:
    return collect(plan, store, clock=clock, secret=SECRET, **more)


def tables(store: Store) -> dict[str, pd.DataFrame]:
    """Every stored row, without what tells when and in which batch it came."""
    found = {}
    for name in TABLES:
        frame = store.read(name).to_pandas().drop(columns=["fetched_at", "batch_id"])
        found[name] = frame.sort_values(list(frame.columns), ignore_index=True)
    return found


def assert_same(one: Store, other: Store) -> None:
    left, right = tables(one), tables(other)
    for name in left:
        pd.testing.assert_frame_equal(left[name], right[name], obj=name)


def states(store: Store) -> dict[tuple[str, str], str]:
    frame = store.read("coverage").to_pandas().sort_values("fetched_at")
    return {(r.table, r.query): r.status for r in frame.itertuples()}


class Scripted:
    """A connector that plays what it is told: pages, or errors to raise; one list of steps for each call."""

    name = "scripted"

    def __init__(self, *calls: list[Any], caps: Any = Forum.caps, works: Health = Health(True)) -> None:  # noqa: B008
        self.calls, self.caps, self.works, self.states = list(calls), caps, works, []

    def check(self) -> Health:
        return self.works

    def posts(self, query: Query, window: Window, state: State | None) -> Iterator[Page]:
        self.states.append(state)
        for step in self.calls.pop(0) if self.calls else []:
            if isinstance(step, BaseException):
                raise step
            yield step


def post_page(*ids: str, complete: bool = False, cursor: str | None = "x", **more: Any) -> Page:
    frame = pd.DataFrame(
        {
            "platform": "s",
            "id": list(ids),
            "kind": "post",
            "created_at": pd.to_datetime(["2026-01-05"] * len(ids), utc=True),
            "time_quality": "ok",
            "query": "q",
        }
    )
    state = {"cursor": f"{cursor}{'-'.join(ids)}"} if cursor else None
    return Page({"posts": frame}, complete, None if complete else state, **more)


def one(source: Any) -> list[Ask]:
    return [Ask(source, Query("posts", text="q"), JANUARY)]


# --- What comes out ----------------------------------------


def test_posts_beyond_a_ceiling_are_walked_by_windows_until_all_are_there(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    report = run(asks(forum, ticking), store, ticking)
    posts = store.read("posts").to_pandas()
    assert len(posts) == posts["id"].nunique() == 60
    assert store.read("counts").to_pandas()["posts"].sum() == 60
    assert states(store) == {("posts", "bruit"): "complete", ("counts", "bruit"): "complete"}
    covered = store.read("coverage").to_pandas()
    assert covered[covered["table"] == "posts"]["rows"].tolist() == [60]
    assert (report.unfinished, report.stopped) == (0, False)
    assert report.rows == {"posts": 60, "counts": 30}


def test_a_ceiling_that_even_the_shortest_window_meets_is_said_to_be_capped(
    server: Server, ticking: FakeClock, tmp_path: Path
) -> None:
    forum = ForumServer(server, posts=90)
    for post in forum.posts[:60]:
        post["at"] = "2026-01-01T03:00:00+00:00"  # more in one instant than the service gives
    store = Store(tmp_path)
    run(asks(forum, ticking, "posts"), store, ticking)
    coverage = store.read("coverage").to_pandas().sort_values("start", ignore_index=True)
    assert coverage["status"].tolist() == ["capped", "complete"]
    assert "ceiling of 40" in coverage["note"][0]
    assert coverage["end"][0] - coverage["start"][0] < pd.Timedelta(hours=12)
    assert coverage["end"][0] == coverage["start"][1], "a hole between the spans"
    assert len(store.read("posts")) == 30 + 40


def test_no_name_reaches_the_disk(forum: ForumServer, ticking: FakeClock, tmp_path: Path) -> None:
    store = Store(tmp_path)
    run(asks(forum, ticking, "posts"), store, ticking)
    posts = store.read("posts").to_pandas()
    assert set(posts["author_key"]) == {author_key("forum", f"@user{i}", SECRET) for i in range(7)}
    assert posts["text"].str.contains("@user$").all()


def test_an_empty_answer_is_empty_and_not_missing(forum: ForumServer, ticking: FakeClock, tmp_path: Path) -> None:
    source = Forum({"url": forum.server.url}, Wire(clock=ticking))
    store = Store(tmp_path)
    run([Ask(source, Query("posts", text="nothing like it"), JANUARY)], store, ticking)
    assert states(store) == {("posts", "nothing like it"): "empty"}


def test_search_terms_are_covered_one_by_one(trends: TrendsServer, clock: FakeClock, tmp_path: Path) -> None:
    from tests.faults import daily

    trends.timeline = lambda terms: daily({"a": [100, 50], "b": [None, None]})
    google = GoogleTrends({}, Wire(clock=clock), base=trends.base, manners=HASTY)
    span, store = Window(utc(2026, 2, 1), utc(2026, 2, 6)), Store(tmp_path)
    run([Ask(google, Query("interest", terms=("a", "b"), geo="FR"), span)], store, clock)
    assert states(store) == {("interest", "a"): "complete", ("interest", "b"): "empty"}
    assert len(store.read("interest")) == 4


def test_r2_a_refusal_keeps_what_is_finished_and_says_what_was_not_tried(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path
) -> None:
    google = GoogleTrends({}, Wire(clock=clock), base=trends.base, manners=HASTY)
    span, store = Window(utc(2026, 2, 1), utc(2026, 2, 6)), Store(tmp_path)
    plan = [Ask(google, Query("interest", terms=(t,)), span) for t in "abcd"]
    explore = "/trends/api/explore"
    answered = trends.server._routes[explore]
    trends.server.route(
        explore, lambda asked: answered(asked) if len(trends.server.asked(explore)) == 1 else Reply("", 429)
    )
    report = run(plan, store, clock)
    assert states(store) == {
        ("interest", "a"): "complete",
        ("interest", "b"): "unavailable",
        ("interest", "c"): "not_tried",
        ("interest", "d"): "not_tried",
    }
    assert len(trends.server.asked(explore)) == 1 + 3, "more than three tries"
    assert report.unfinished == 3
    assert report.retry_at >= clock.now() + timedelta(minutes=29)
    trends.server.route(explore, answered)
    clock.sleep(31 * 60)
    again = run(plan, store, clock)
    assert again.resumed
    assert again.unfinished == 0
    assert set(states(store).values()) == {"complete"}
    assert len(trends.server.asked("/trends/api/widgetdata")) == 4, "a finished question was asked again"


def test_r10_too_little_data_is_empty(trends: TrendsServer, clock: FakeClock, tmp_path: Path) -> None:
    from tests.faults import daily

    trends.timeline = lambda terms: daily({"a": [None, None]})
    google = GoogleTrends({}, Wire(clock=clock), base=trends.base, manners=HASTY)
    store = Store(tmp_path)
    report = run([Ask(google, Query("interest", terms=("a",)), Window(utc(2026, 2, 1), utc(2026, 2, 3)))], store, clock)
    assert states(store) == {("interest", "a"): "empty"}
    assert "not enough data" in report.coverage["note"][0]


def test_days_that_are_not_published_yet_are_missing_and_not_zero(ticking: FakeClock, tmp_path: Path) -> None:
    page = post_page("1", complete=True, covered=Window(JANUARY.start, utc(2026, 1, 29)))
    store = Store(tmp_path)
    report = run(one(Scripted([page])), store, ticking)
    coverage = report.coverage.set_index("status")
    assert coverage.loc["complete", "end"] == utc(2026, 1, 29)
    assert (coverage.loc["unavailable", "start"], coverage.loc["unavailable", "end"]) == (utc(2026, 1, 29), JANUARY.end)
    assert coverage.loc["unavailable", "note"] == "not yet published"
    assert report.unfinished == 0


# --- Pace, tries, faults ----------------------------------------


def test_the_pace_is_that_of_the_answers_own_headers(forum: ForumServer, ticking: FakeClock, tmp_path: Path) -> None:
    reset = ticking.now() + timedelta(seconds=40)
    forum.server.next(
        "/posts",
        Reply(
            {"posts": [], "cursor": "0"},
            headers={"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(reset.timestamp()))},
        ),
    )
    run(asks(forum, ticking, "posts"), Store(tmp_path), ticking)
    assert 39 <= ticking.slept <= 45


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "120"}, 120, 130),
        ({"X-RateLimit-Reset": "2026-03-04T12:01:30.5Z"}, 85, 100),
        ({"ratelimit-reset": "1772625660"}, 55, 75),
        ({}, 0.4, 20),
    ],
    ids=["seconds", "ISO text", "epoch", "nothing"],
)
def test_a_429_is_waited_out_as_the_service_says(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path, headers: dict[str, str], least: float, most: float
) -> None:
    forum.server.next("/posts", Reply("", 429, headers))
    store = Store(tmp_path)
    run(asks(forum, ticking, "posts"), store, ticking)
    assert least <= ticking.slept <= most
    assert len(store.read("posts")) == 60


def test_a_longer_wait_than_the_patience_is_left_for_the_next_call(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path
) -> None:
    forum.server.next("/posts", Reply("", 429, {"Retry-After": "7200"}))
    report = run(asks(forum, ticking), Store(tmp_path), ticking)
    assert ticking.slept < 5
    assert report.retry_at > ticking.now() + timedelta(hours=1)
    assert set(report.coverage["status"]) == {"unavailable", "not_tried"}


@pytest.mark.parametrize("mode", ["reset", "truncated", "bad_gzip", "500", "503", "cut"])
def test_a_passing_fault_is_tried_again_from_where_the_walk_stood(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path, mode: str
) -> None:
    good = Reply({"posts": [], "cursor": None})
    bad = {
        "500": Reply("", 500),
        "503": Reply("", 503),
        "cut": Reply('{"posts": ['),
    }.get(mode) or Reply(good.body, mode=mode)
    store = Store(tmp_path)
    seen = 0

    def third(asked: Any) -> Reply:
        nonlocal seen
        seen += 1
        return bad if seen == 3 else forum._posts(asked)

    forum.server.route("/posts", third)
    run(asks(forum, ticking, "posts"), store, ticking)
    assert len(store.read("posts")) == 60
    cursors = [a.params["cursor"] for a in forum.server.asked("/posts")]
    assert cursors[2] == cursors[3], "the page that failed is asked again, not the walk"
    assert states(store) == {("posts", "bruit"): "complete"}


def test_a_lasting_fault_ends_after_three_tries_and_keeps_what_came(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path
) -> None:
    forum.server.route(
        "/posts", lambda asked: forum._posts(asked) if len(forum.server.asked("/posts")) <= 2 else Reply("", 502)
    )
    store = Store(tmp_path)
    report = run(asks(forum, ticking, "posts"), store, ticking)
    assert len(forum.server.asked("/posts")) == 2 + 3
    assert states(store) == {("posts", "bruit"): "partial"}
    assert len(store.read("posts")) == 20
    assert "502" in report.notes[-1]
    forum.server.route("/posts", forum._posts)
    run(asks(forum, ticking, "posts"), store, ticking)
    assert len(store.read("posts")) == 60
    whole = Store(tmp_path / "whole")
    run(asks(forum, ticking, "posts"), whole, ticking)
    pd.testing.assert_frame_equal(tables(store)["posts"], tables(whole)["posts"])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadQuery("no such place"), "refused"),
        (NotAllowed("closed"), "refused"),
        (NeedsKey("a key"), "refused"),
        (Changed("other shape", sample=b'{"token":"x1"}'), "unavailable"),
        (NotEnoughData("too little"), "empty"),
        (KeyError("a fault of the connector"), "unavailable"),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, Exception) else "",
)
def test_what_asking_again_cannot_mend_is_asked_once(
    ticking: FakeClock, tmp_path: Path, error: Exception, status: str
) -> None:
    source, store = Scripted([error], [post_page("1", complete=True)]), Store(tmp_path)
    report = run(one(source), store, ticking)
    assert len(source.states) == 1
    assert report.coverage["status"].tolist() == [status]
    assert ticking.slept == 0
    assert "token" not in "".join(report.notes) or "x1" not in "".join(report.notes)


def test_the_answer_that_could_not_be_read_is_kept_without_its_tokens(ticking: FakeClock, tmp_path: Path) -> None:
    from sources.transport import clean

    broken = Changed("other shape", sample=clean(b'{"token":"x1","id":3}'))
    run(one(Scripted([broken])), Store(tmp_path), ticking)
    kept = archive.Archive(tmp_path)
    assert [kept.read(n) for n in kept.names("scripted")] == [b'{"token":"removed","id":3}']


def test_rows_that_do_not_fit_the_table_are_the_connectors_fault_and_stop_nothing_else(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path
) -> None:
    wrong = Page({"posts": pd.DataFrame({"id": ["1"]})}, complete=True)
    report = run([*one(Scripted([wrong])), *asks(forum, ticking)], Store(tmp_path), ticking)
    assert report.coverage["status"].tolist() == ["unavailable", "complete", "complete"]
    assert "do not fit" in report.notes[0]


def test_a_cursor_that_goes_round_in_circles_is_noticed(ticking: FakeClock, tmp_path: Path) -> None:
    page = post_page("1")
    source = Scripted([page] * 1000)
    report = run(one(source), Store(tmp_path), ticking)
    assert report.coverage["status"].tolist() == ["partial"]
    assert "again and again" in report.notes[0]


def test_empty_pages_without_end_are_noticed(ticking: FakeClock, tmp_path: Path) -> None:
    def endless() -> Iterator[Page]:
        for i in range(10_000):
            yield post_page("1", cursor=f"c{i}")

    source = Scripted()
    source.posts = lambda query, window, state: endless()  # type: ignore[method-assign]
    report = run(one(source), Store(tmp_path), ticking)
    assert report.coverage["status"].tolist() == ["partial"]


def test_an_expired_cursor_starts_the_window_anew_without_doubles(ticking: FakeClock, tmp_path: Path) -> None:
    first = Scripted([post_page("1", "2"), *[Unavailable("down")]], [Unavailable("down")], [Unavailable("down")])
    store = Store(tmp_path)
    run(one(first), store, ticking)
    later = Scripted([BadQuery("cursor expired")], [post_page("1", "2"), post_page("3", complete=True)])
    run(one(later), store, ticking)
    assert later.states == [{"cursor": "x1-2"}, None]
    assert sorted(store.read("posts").to_pandas()["id"]) == ["1", "2", "3"]
    assert states(store) == {("posts", "q"): "complete"}


def test_posts_outside_the_window_are_left_out_and_counted(ticking: FakeClock, tmp_path: Path) -> None:
    page = post_page("1", "2", complete=True)
    page.rows["posts"].loc[1, "created_at"] = pd.Timestamp("2020-01-01", tz="UTC")
    report = run(one(Scripted([page])), Store(tmp_path), ticking)
    assert report.rows == {"posts": 1}
    assert "1 posts outside the window" in report.coverage["note"][0]


def test_a_source_without_its_key_is_not_tried_and_says_why(ticking: FakeClock, tmp_path: Path) -> None:
    source = Scripted([post_page("1", complete=True)], works=Health(False, "a key is needed: set FORUM_KEY"))
    report = run(one(source), Store(tmp_path), ticking)
    assert report.coverage[["status", "note"]].to_numpy().tolist() == [["not_tried", "a key is needed: set FORUM_KEY"]]
    assert source.states == []


def test_a_source_that_failed_twice_is_left_in_peace(ticking: FakeClock, tmp_path: Path) -> None:
    source = Scripted([NotAllowed("closed")], [NotAllowed("closed")], [post_page("1", complete=True)])
    plan = [Ask(source, Query("posts", text=t), JANUARY) for t in "abc"]
    report = run(plan, Store(tmp_path), ticking)
    assert report.coverage["status"].tolist() == ["refused", "refused", "not_tried"]


def test_a_bad_question_does_not_cost_the_good_ones(ticking: FakeClock, tmp_path: Path) -> None:
    source = Scripted([BadQuery("x")], [BadQuery("x")], [BadQuery("x")], [post_page("1", complete=True)])
    plan = [Ask(source, Query("posts", text=t), JANUARY) for t in "abcd"]
    report = run(plan, Store(tmp_path), ticking)
    assert report.coverage["status"].tolist() == ["refused", "refused", "refused", "complete"]


# --- Stopped, killed, taken up again ----------------------------------------


def test_somebody_who_wants_to_stop_does_not_wait_and_what_is_missing_is_said(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path
) -> None:
    pages: list[Progress] = []
    store = Store(tmp_path)
    report = run(asks(forum, ticking), store, ticking, progress=pages.append, stop=lambda: len(pages) >= 3)
    assert report.stopped
    assert report.unfinished == 2
    assert states(store) == {("posts", "bruit"): "partial", ("counts", "bruit"): "not_tried"}
    assert [p.rows for p in pages] == [10, 20, 30]
    assert (pages[0].total, pages[0].source, pages[0].query) == (2, "forum", "bruit")
    done = run(asks(forum, ticking), store, ticking)
    assert done.resumed
    assert done.unfinished == 0
    assert len(store.read("posts")) == 60
    newest = (
        store.read("coverage")
        .to_pandas()
        .sort_values("fetched_at")
        .drop_duplicates(["table", "query", "start", "end"], keep="last")
    )
    assert set(newest["status"]) == {"complete"}, "a hole that has been filled is still told"


class Killed(BaseException):
    """Stands for the end of the process between two instructions."""


EFFECTS: list[tuple[Any, str]] = [
    (Store, "append"),
    (archive.Archive, "keep"),
    (ledger.Ledger, "write"),
    (ledger.Ledger, "see"),
    (ledger.Ledger, "tell"),
    (ledger.Ledger, "finish"),
]


def deadly(monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> Callable[[], int]:
    """End the process at the n-th effect on the disk, before or after it."""
    count = 0

    def wrap(really: Callable[..., Any]) -> Callable[..., Any]:
        def effect(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == at and not after:
                raise Killed
            result = really(*args, **kwargs)
            if count == at and after:
                raise Killed
            return result

        return effect

    for owner, name in EFFECTS:
        monkeypatch.setattr(owner, name, wrap(getattr(owner, name)))
    return lambda: count


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_every_single_effect_leaves_the_tables_of_an_undisturbed_run(
    server: Server, ticking: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    forum = ForumServer(server, posts=5, ceiling=4, page=2)
    monkeypatch.setattr(Forum, "caps", Forum.caps.__class__(**{**vars(Forum.caps), "ceiling": 4}))
    whole = Store(tmp_path / "whole")
    with monkeypatch.context() as patched:
        total = deadly(patched, -1, after=after)
        run(asks(forum, ticking), whole, ticking)
        effects = total()
    assert len(whole.read("posts")) == 5
    assert effects > 20
    for at in range(2 if after else 1, effects + 1, 3):
        store = Store(tmp_path / str(at))
        with monkeypatch.context() as patched:
            deadly(patched, at, after=after)
            try:
                run(asks(forum, ticking), store, ticking)
            except Killed:
                pass
            else:
                pytest.fail(f"effect {at} was never reached")
        report = run(asks(forum, ticking), store, ticking)
        assert report.unfinished == 0
        assert_same(store, whole) if at < effects else None


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sources.breaker import Gate
from sources.collect import collect
from sources.connector import Ask, Query, Window
from sources.search.google_trends import GoogleTrends
from sources.store import Store
from sources.transport import Wire
from tests.faults import HASTY, Forum
url, store = sys.argv[1:]
window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
forum, google = Forum({"url": url}, Wire()), GoogleTrends({}, Wire(), base=url + "/trends", manners=HASTY)
plan = [Ask(google, Query("interest", terms=t), window) for t in (("a", "b"), ("a", "c"), ("a", "d"))]
plan += [Ask(forum, Query(table, text="bruit"), window) for table in ("posts", "counts")]
print("ready", flush=True)
report = collect(plan, Store(Path(store)), secret=bytes(range(32)))
print("unfinished", report.unfinished, flush=True)
"""


def child(server: Server, store: Path, state: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "UNDERSAID_STATE_DIR": str(state), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, server.url, str(store)]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)


def test_killed_with_signal_9_at_random_moments_it_ends_with_the_same_tables(
    server: Server, trends: TrendsServer, tmp_path: Path
) -> None:
    forum = ForumServer(server)
    server.route("/posts", lambda asked: time.sleep(0.01) or forum._posts(asked))
    calm = child(server, tmp_path / "calm", tmp_path / "state1")
    assert calm.stdout is not None
    assert calm.stdout.read() == "ready\nunfinished 0\n"
    calm.wait()
    calm.stdout.close()
    chance = random.Random(20260304)
    kills = 0
    for _ in range(10):
        victim = child(server, tmp_path / "killed", tmp_path / "state2")
        assert victim.stdout is not None
        assert victim.stdout.readline() == "ready\n"
        # A life long enough to get somewhere, too short to end: the walk takes about a second and a half.
        threading.Timer(chance.uniform(0.05, 0.7), victim.send_signal, (signal.SIGKILL,)).start() if kills < 3 else None
        rest = victim.stdout.read()
        victim.wait()
        victim.stdout.close()
        if victim.returncode == 0:
            assert rest == "unfinished 0\n"
            break
        kills += 1
    assert victim.returncode == 0
    assert kills >= 2, "the process was hardly ever killed: the test proves nothing"
    assert_same(Store(tmp_path / "killed"), Store(tmp_path / "calm"))
    posts = Store(tmp_path / "killed").read("posts").to_pandas()
    assert len(posts) == posts["id"].nunique() == 60


def test_a_new_call_asks_anew_when_the_last_was_finished_or_is_a_day_old(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    run(asks(forum, ticking, "counts"), store, ticking)
    run(asks(forum, ticking, "counts"), store, ticking)
    assert len(forum.server.asked("/counts")) == 2
    forum.server.next("/counts", *[Reply("", 502)] * 3)
    assert run(asks(forum, ticking, "counts"), store, ticking).unfinished == 1
    ticking.sleep(25 * 3600)
    assert not run(asks(forum, ticking, "counts"), store, ticking).resumed


def test_what_is_fetched_anew_replaces_what_was_there(forum: ForumServer, ticking: FakeClock, tmp_path: Path) -> None:
    store = Store(tmp_path)
    run(asks(forum, ticking, "counts"), store, ticking)
    forum.posts.append({**forum.posts[-1], "id": "late"})
    run(asks(forum, ticking, "counts"), store, ticking)
    counts = store.read("counts").to_pandas().sort_values("fetched_at").drop_duplicates("period", keep="last")
    assert counts["posts"].sum() == 61


def test_r19_two_collections_of_one_study_do_not_run_at_once(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    errors: list[Exception] = []

    def second(progress: Progress) -> None:
        try:
            run(asks(forum, ticking), store, ticking)
        except Unavailable as error:
            errors.append(error)

    run(asks(forum, ticking, "counts"), store, ticking, progress=second)
    assert "already running" in str(errors[0])


def test_r20_a_broken_state_is_set_aside_and_nothing_collected_is_lost(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path)
    run(asks(forum, ticking), store, ticking)
    (tmp_path / ledger.FILE).write_bytes(b"garbage" * 1000)
    report = run(asks(forum, ticking), store, ticking)
    assert "set aside" in caplog.text
    assert report.unfinished == 0
    assert report.rows["posts"] == 60, "rows of a new run must not be taken for those of a forgotten one"


def test_r20_a_folder_that_cannot_be_written_is_said(forum: ForumServer, ticking: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match="folder"):
        run(asks(forum, ticking), Store(tmp_path / "file" / "store"), ticking)


# --- Raw answers ----------------------------------------


def test_raw_answers_are_kept_compressed_and_lead_back_from_a_row(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    run(asks(forum, ticking, "counts"), store, ticking)
    batch = store.read("counts").to_pandas()["batch_id"].iloc[0]
    book = ledger.Ledger(tmp_path, now=ticking.now(), reopen_within=timedelta(hours=24))
    files = book.raw_of(batch)
    book.close()
    assert len(files) == 1
    assert b'"days"' in gzip.decompress((tmp_path / "raw" / files[0]).read_bytes())
    assert archive.Archive(tmp_path).purge("forum", datetime.now().astimezone() + timedelta(days=1)) == 1
    assert archive.Archive(tmp_path).names() == []


@pytest.mark.parametrize(
    "secret",
    [
        b'{"token":"S3CRET","id":1}',
        b'{"accessJwt": "S3CRET"}',
        b'{"link":"/x?q=1&token=S3CRET&hl=fr"}',
        b'{"link":"/x?q\\u003d1\\u0026token\\u003dS3CRET"}',
        b'{"url":"https://a/?key=S3CRET"}',
        b"Set-Cookie: NID=S3CRET; Path=/",
        b"Authorization: Bearer S3CRETS3CRET",
        b'{"h": "Bearer S3CRETS3CRET"}',
        b'{"password":"S3CRET\\"S3CRET"}',
        b'{"userCountryCode":"S3CRET"}',
    ],
    ids=lambda v: v.decode()[:24],
)
def test_r21_secrets_are_removed_from_what_is_kept(secret: bytes) -> None:
    assert b"S3CRET" not in secrets.without_secrets(secret)


def test_r21_what_is_no_secret_is_left_as_it_is() -> None:
    text = b'{"keyword":"token","monkey":"a","text":"the token=word & key stays","sides":"sid"}'
    assert (
        secrets.without_secrets(b'{"keyword":"x","monkey":"a","title":"Nid d\'ange"}')
        == b'{"keyword":"x","monkey":"a","title":"Nid d\'ange"}'
    )
    assert b'"keyword":"token"' in secrets.without_secrets(text)


# --- Plans ----------------------------------------


def test_a_plan_asks_each_source_what_it_gives(forum: ForumServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from sources import connector

    monkeypatch.setattr(connector, "connectors", lambda: {"forum": Forum})
    brief = Brief((Subject("n", ("bruit", "Bruit "), "bruit"), Subject("p", ("prix",))), JANUARY, "FR", ("fr",), "week")
    assert brief.terms == ("bruit", "prix")
    found = connector.plan(brief, {"forum": {"url": forum.server.url}})
    assert [(a.query.table, a.query.text) for a in found] == [("posts", "bruit"), ("counts", "bruit")]
    assert found[0].key != found[1].key
    assert found[0].key == connector.plan(brief, {"forum": {"url": forum.server.url}})[0].key
    assert found[0].window == JANUARY
    with pytest.raises(BadQuery, match="did you mean 'url'"):
        connector.plan(brief, {"forum": {"urll": "x"}})
    with pytest.raises(BadQuery, match="did you mean 'forum'"):
        connector.plan(brief, {"forums": {}})


def test_a_day_that_is_still_running_is_not_asked_for_and_the_plan_of_a_day_is_one_plan(
    forum: ForumServer, clock: FakeClock
) -> None:
    source = Forum({"url": forum.server.url}, Wire(clock=clock))
    brief = Brief((Subject("n", social="bruit"),), Window(utc(2026, 1, 1), clock.now()))
    first = list(asks_of_each(source, brief, clock.now()))
    assert {a.window.end for a in first} == {utc(2026, 3, 4)}
    later = clock.now() + timedelta(hours=3)
    brief = Brief((Subject("n", social="bruit"),), Window(utc(2026, 1, 1), later))
    assert [a.key for a in asks_of_each(source, brief, later)] == [a.key for a in first]
    assert list(asks_of_each(source, Brief(brief.subjects, Window(utc(2026, 3, 4), later)), later)) == []


# --- The documentation ----------------------------------------


def test_the_connector_of_the_documentation_works_as_it_stands(
    forum: ForumServer, ticking: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import re

    from sources import connector

    text = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    assert len(code.splitlines()) < 50
    space: dict[str, Any] = {}
    exec(compile(code, "docs/connectors.md", "exec"), space)
    monkeypatch.setattr(connector, "connectors", lambda: {"forum": space["Forum"]})
    brief = Brief((Subject("n", social="bruit"),), JANUARY)
    store = Store(tmp_path)
    report = run(connector.plan(brief, {"forum": {"url": forum.server.url}}, Wire(clock=ticking)), store, ticking)
    assert len(store.read("posts")) == 60
    assert report.coverage["status"].tolist() == ["complete"]
    assert store.read("posts").to_pandas()["author_key"].notna().all()


def test_the_documentation_names_every_status_and_every_built_in_source() -> None:
    from sources.connector import catalogue
    from sources.tables import COVERAGE_STATES

    text = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    for name in (*COVERAGE_STATES, *catalogue({})["source"]):
        assert f"| {name} |" in text or f"`{name}`" in text, name
