"""The app in a real browser: seconds to the first sentence of every page, seconds of an interaction, memory of the server.

    python -m benchmarks.app [--posts 1000000 --topics 200] [--pages gaps plan] [--folder FOLDER] [--write]

Without --posts the example study is measured. What is told, page by page:

- `nothing kept`: the server was just started and no answer of this study was ever worked out; the page is the first opened.
- `cold`: the server was just started; the page was seen before that start, so that its answers stand in the user's cache.
- `whole`: the same visit as `cold`, until the last chart is drawn.
- `processor`: seconds of processor time that the server spent on `cold`, from its request to its heading: what a busy machine
  does not change. The browser's own are not in it.
- `warm`: an interaction in the session that opened the page, done for the second time, until the last chart is drawn anew: the
  median and the slowest. `new`: the slowest when it is done for the first time, with what nobody asked yet.

The clock runs from the browser's request to the heading of the page being readable. The study itself stands ready: the
example is made once on a machine, and a study is imported before it is looked at; making the example is told apart.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Browser, Locator, Page, TimeoutError, sync_playwright

from benchmarks.record import ROOT, recorded
from tests.screenshots import ARGUMENTS, DRAWN, PAGES, READY, served

SESSIONS = 10
#: Goals: seconds to the first sentence, cold; seconds of an interaction, warm. Memory of the server with ten sessions, MB.
GOALS = {"example": (4.0, 1.5), "large": (6.0, 2.0)}
GOAL_MEMORY = 1024
#: Longest wait for a page of a study of which nothing is kept.
PATIENCE = 900_000
HEADING = "() => { const h = document.querySelector('[data-testid=stMain] h1'); return h && h.innerText.trim() }"
#: Remembers when the page was last seen at work: a run begins a moment after the click that asks for it.
WATCH = f"""() => {{
    const drawn = {DRAWN}, ready = () => document.querySelector("{READY}") && drawn()
    window.began = window.busy = performance.now()
    window.watching && clearInterval(window.watching)
    window.watching = setInterval(() => {{ if (!ready()) window.busy = performance.now() }}, 10)
}}"""
#: At rest for so long that nothing more will come, milliseconds.
REST = 600
RESTED = f"() => performance.now() - window.busy > {REST} && performance.now() - window.began > 2 * {REST}"

#: Seconds until each server of this run said that it was healthy.
STARTS: list[float] = []

Interaction = tuple[str, Callable[[Page], None]]


@dataclass
class Told:
    """Seconds of one page."""

    fresh: float = float("nan")
    cold: float = float("nan")
    whole: float = float("nan")
    processor: float = float("nan")
    new: dict[str, float] = field(default_factory=dict)
    warm: dict[str, float] = field(default_factory=dict)
    warm_processor: dict[str, float] = field(default_factory=dict)


def measure(browser: Browser, study: str | None, answers: Path, name: str) -> Told:
    """Open one page with nothing kept, then after a new start, then use it."""
    told = Told()
    shutil.rmtree(answers, ignore_errors=True)
    with server(study) as (url, _), session(browser) as page:
        told.fresh, _ = opened(page, url, name)
    with server(study) as (url, roots), session(browser) as page:
        before = spent(roots)
        told.cold, told.whole = opened(page, url, name, lambda: setattr(told, "processor", spent(roots) - before))
        for seconds in (told.new, told.warm):
            for what, act in interactions(name):
                before = spent(roots)
                page.evaluate(WATCH)
                act(page)
                page.wait_for_function(RESTED, timeout=PATIENCE)
                seconds[what] = page.evaluate("() => (window.busy - window.began) / 1000")
                told.warm_processor[what] = spent(roots) - before
        assert page.get_by_test_id("stException").count() == 0, name
    return told


def opened(page: Page, url: str, name: str, then: Callable[[], None] = lambda: None) -> tuple[float, float]:
    """Return the seconds until the heading of a page can be read, and until everything is drawn."""
    begun = time.perf_counter()
    page.goto(f"{url}/{'' if name == 'gaps' else name}?lang=EN")
    page.wait_for_function(HEADING, timeout=PATIENCE)
    readable = time.perf_counter() - begun
    then()
    page.wait_for_selector(READY, timeout=PATIENCE)
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    return readable, time.perf_counter() - begun


def interactions(name: str) -> list[Interaction]:
    """Return what people do on a page."""
    mine: dict[str, list[Interaction]] = {
        "gaps": [
            ("map", lambda p: p.get_by_role("tab", name="Map").click()),
            ("ranking", lambda p: p.get_by_role("tab", name="Ranking").click()),
        ],
        "topic": [
            ("another topic", lambda p: choose(p, "Topic", 3)),
            ("a third topic", lambda p: choose(p, "Topic", 5)),
        ],
        "needs": [
            ("another need", lambda p: choose(p, "Need", 2)),
            ("a third need", lambda p: choose(p, "Need", 4)),
            ("looked for in posts", lambda p: segment(p, "Posts").click()),
            ("looked for in pages", lambda p: segment(p, "Our pages").click()),
        ],
        "voices": [("other ties", lambda p: ties(p, 1)), ("ties as before", lambda p: ties(p, 0))],
        "plan": [
            ("another topic", lambda p: choose(p, "Topic", 3)),
            ("a third topic", lambda p: choose(p, "Topic", 5)),
        ],
        "alerts": [
            ("another alert", lambda p: choose(p, "Alert", 1)),
            ("the first alert", lambda p: choose(p, "Alert", 0)),
        ],
    }
    both = [("French", lambda p: segment(p, "FR").click()), ("English", lambda p: segment(p, "EN").click())]
    return [*mine.get(name, []), *both]


def choose(page: Page, label: str, number: int) -> None:
    """Take an option of a select box."""
    box, option = page.get_by_role("combobox", name=label, exact=True).first, page.get_by_role("option").nth(number)
    box.click()
    try:
        option.wait_for(timeout=300)
    except TimeoutError:  # a list that the page scrolls under closes again
        box.press("ArrowDown")
    option.click()


def segment(page: Page, name: str) -> Locator:
    """Return one part of a segmented control."""
    return page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True)


def ties(page: Page, number: int) -> None:
    """Choose what ties people."""
    group = page.get_by_test_id("stButtonGroup").filter(has_text="What ties people")
    group.get_by_role("radio").or_(group.get_by_role("button")).nth(number).click()


@contextmanager
def session(browser: Browser) -> Iterator[Page]:
    """Give a page of a visitor that the browser has never seen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    yield context.new_page()
    context.close()


def memory(browser: Browser, study: str | None) -> tuple[float, float]:
    """Return the resident memory of the server and its children, MB: just started, and with SESSIONS open on all pages."""
    with server(study) as (url, roots):
        idle = resident(roots)
        contexts = [browser.new_context(viewport={"width": 1440, "height": 900}) for _ in range(SESSIONS)]
        for number, context in enumerate(contexts):
            opened(context.new_page(), url, PAGES[number % len(PAGES)])
        full = resident(roots)
        for context in contexts:
            context.close()
    return idle, full


@contextmanager
def server(study: str | None) -> Iterator[tuple[str, list[int]]]:
    """Serve the app while the block runs: its address, and the processes that were started for it."""
    before, begun = children(), time.perf_counter()
    with served(study) as url:
        STARTS.append(time.perf_counter() - begun)
        yield url, [pid for pid in children() if pid not in before]


def family(roots: list[int]) -> list[int]:
    """Return processes and all that they have started."""
    found, left = [], list(roots)
    while left:
        found.append(left.pop())
        left += children(found[-1])
    return found


def spent(roots: list[int]) -> float:
    """Return the seconds of processor time that processes and all that they have started have used."""
    ticks = 0
    for pid in family(roots):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(n) for n in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def children(of: int | None = None) -> list[int]:
    """Return the processes that a process has started, this one if left out."""
    wanted, found = of or os.getpid(), []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:  # it has just ended
                continue
            if int(stat.rpartition(")")[2].split()[1]) == wanted:
                found.append(int(folder.name))
    return found


def resident(roots: list[int]) -> float:
    """Return the resident memory of processes and of all that they have started, MB."""
    total = 0.0
    for pid in family(roots):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines if ":" in line)
        total += int(status.get("VmRSS", "0 kB").split()[0]) / 1024
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, help="measure a generated study of so many posts; the example if left out")
    parser.add_argument("--topics", type=int, default=200)
    parser.add_argument("--pages", nargs="*", default=list(PAGES), choices=PAGES)
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build" / "bench-app", help="where study and answers are put"
    )
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    # A cache of its own: the answers of the person who runs this are left alone. Nothing is kept in the temporary folder.
    cache = given.folder.resolve() / "cache"
    os.environ["XDG_CACHE_HOME"] = str(cache)
    # A server that starts again finds its bytecode, as on anyone's machine.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    name = "app" if given.posts is None else f"app --posts {given.posts} --topics {given.topics}"
    with recorded(name, write=given.write), sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        study = made(given.folder.resolve(), given.posts, given.topics)
        goals = GOALS["example" if given.posts is None else "large"]
        print(f"goals: first sentence {goals[0]:g} s cold, interaction {goals[1]:g} s warm, {GOAL_MEMORY} MB\n")
        print(
            f"{'':8s}{'nothing':>8s}{'cold':>10s}{'of it':>10s}{'whole':>8s}{'warm':>8s}{'of it':>10s}{'slowest':>9s}{'new':>7}"
        )
        print(f"{'page':8s}{'kept':>8s}{'':10s}{'processor':>10s}{'':16s}{'processor':>10s}")
        for page in given.pages:
            told = measure(browser, study, cache / "undersaid" / "answers", page)
            slowest = max(told.warm, key=lambda k: told.warm[k])
            warm, processor = (statistics.median(t.values()) for t in (told.warm, told.warm_processor))
            met = "" if told.cold <= goals[0] and told.warm[slowest] <= goals[1] else "  MISSED"
            print(
                f"{page:8s}{told.fresh:8.1f}{told.cold:10.1f}{told.processor:10.1f}{told.whole:8.1f}{warm:8.2f}{processor:10.2f}"
                f"{told.warm[slowest]:9.2f}{max(told.new.values()):7.2f}  {slowest}, load {os.getloadavg()[0]:.0f}{met}"
            )
        if not given.no_memory:
            idle, full = memory(browser, study)
            met = "met" if full <= GOAL_MEMORY else "MISSED"
            print(f"\nserver: {idle:.0f} MB just started, {full:.0f} MB with {SESSIONS} sessions on all pages ({met})")
        print(f"server healthy {statistics.median(STARTS):.1f} s after its start (median of {len(STARTS)} starts)")
        browser.close()


def made(folder: Path, posts: int | None, topics: int) -> str | None:
    """Return the study file to serve, None for the example; made where it does not stand yet."""
    print(
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"streamlit {version('streamlit')}, load {os.getloadavg()[0]:.1f}"
    )
    if posts is None:
        from explorer.demo import example_study

        begun = time.perf_counter()
        example_study()
        print(f"example study, there in {time.perf_counter() - begun:.1f} s (once on a machine)")
        return None
    from benchmarks.synthetic import study_of

    place = folder / f"{posts}-{topics}"
    if not (place / "done").exists():
        shutil.rmtree(place, ignore_errors=True)
        study_of(place, posts, topics)
        (place / "done").touch()
    print(f"generated study, {posts:,} posts, {topics} topics")
    return str(place / "study.toml")


if __name__ == "__main__":
    main()
