"""The app in a real browser: it loads clean, can be walked by keyboard and by link, and everything can be taken away."""

from __future__ import annotations

import csv
import io
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from icalendar import Calendar
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FloatRect,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from explorer.campaigns import read_campaigns
from explorer.study import Study
from tests.screenshots import ARGUMENTS, DRAWN, READY, SIZES, THEMES, served
from tests.test_app import small_study

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
#: WCAG 2.2 A and AA; what passes is not described, which takes as long as the rules.
OPTIONS = """{
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    resultTypes: ['violations'], preload: false, iframes: false,
}"""
#: Whether the page is dark, as it was asked to be.
THEMED = """dark => {
    const [r, g, b] = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor.match(/\\d+/g).map(Number)
    return (r + g + b < 384) === dark
}"""
PAGES = ("", "topic", "needs", "voices", "plan", "alerts", "data", "method")
BADGE = {"fr-FR": "Données d’exemple, simulées", "en-GB": "Example data, simulated"}
#: Below a page's own path Streamlit's client looks for its server first, and finds it at the root.
EXPECTED = re.compile(r"/_stcore/(health|host-config)$")


@pytest.fixture(scope="session")
def url(example: Study) -> Iterator[str]:
    with served(str(example.path)) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed; on Debian: apt-get install chromium")
        pytest.skip("chromium is not installed; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


def window(size: str) -> ViewportSize:
    width, height = SIZES[size]
    return {"width": width, "height": height}


class Watched:
    """A page that remembers what went wrong on it and where it has sent requests."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]) if "://" in request.url else None)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED.search(message.location.get("url", "")):
            self.errors.append(message.text)

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.address}/{path}")
        self.ready()
        return self.page

    def ready(self) -> None:
        self.page.wait_for_selector("[data-testid=stMain] h1", timeout=120_000)
        self.page.wait_for_selector(READY, timeout=120_000)
        self.page.wait_for_function(DRAWN, timeout=120_000)


@pytest.fixture
def desk(browser: Browser, url: str) -> Iterator[Watched]:
    context = browser.new_context(viewport=window("desktop"), accept_downloads=True, locale="en-GB")
    watched = Watched(context.new_page(), url)
    yield watched
    context.close()


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_pages_load_clean_and_accessible_in_every_size_and_theme(browser: Browser, url: str, locale: str) -> None:
    context = browser.new_context(viewport=window("desktop"), locale=locale)
    watched = Watched(context.new_page(), url)
    for path in PAGES:
        page = watched.open(path)
        assert page.get_by_test_id("stException").count() == 0, path
        assert page.evaluate("document.documentElement.lang") == locale[:2]
        if path != "method":
            assert page.get_by_text(BADGE[locale]).count() > 0, f"{path} does not say that its data are simulated"
        page.evaluate(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        # The page is loaded once: size and theme change on it as they do for a person who turns a phone or the lights.
        for size, scheme in itertools.product(SIZES, THEMES):
            page.set_viewport_size(window(size))
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(THEMED, arg=scheme == "dark")
            watched.ready()
            check_accessible(page, f"{path} {size} {scheme}")
    assert watched.errors == []
    assert watched.hosts == {url.split("/")[2]}, "no request may leave this machine"
    context.close()


def test_a_phone_in_the_dark_loads_the_first_page_clean(browser: Browser, url: str) -> None:
    phone = {"is_mobile": True, "has_touch": True, "device_scale_factor": 2}
    context = browser.new_context(viewport=window("phone"), color_scheme="dark", locale="fr-FR", **phone)
    watched = Watched(context.new_page(), url)
    page = watched.open()
    page.evaluate(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
    check_accessible(page, "phone")
    assert watched.errors == []
    context.close()


def check_accessible(page: Page, where: str) -> None:
    """Fail when the page scrolls sideways or breaks a rule of WCAG 2.2 A or AA that axe can see."""
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, f"{where} scrolls sideways"
    found = page.evaluate(f"async () => await axe.run(document, {OPTIONS})")
    broken = [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found["violations"]]
    assert not broken, f"{where}: {broken}"


def test_a_link_restores_topic_switch_and_language(desk: Watched) -> None:
    page = desk.open("topic?topic=bruit&people=false&lang=FR")
    assert page.locator("h1").inner_text() == "Bruit de la pompe à chaleur"
    assert not page.get_by_role("switch").or_(page.locator("[data-testid=stCheckbox] input")).first.is_checked()
    page.get_by_role("combobox", name="Sujet").click()
    page.get_by_role("option", name="Panneaux solaires").click()
    page.wait_for_url(re.compile("topic=solaire"))
    desk.ready()
    again = Watched(page.context.new_page(), desk.address)
    again.page.goto(page.url)
    again.ready()
    assert again.page.locator("h1").inner_text() == "Panneaux solaires"
    for language, label in (("EN", "Solar panels"), ("FR", "Panneaux solaires")):
        page.get_by_test_id("stButtonGroup").get_by_text(language, exact=True).click()
        page.locator("h1", has_text=label).wait_for(timeout=20_000)
        desk.ready()


def test_a_click_on_a_mark_leads_to_the_topic(desk: Watched) -> None:
    page = desk.open()
    mark = page.locator("[data-testid=stVegaLiteChart] path[aria-roledescription='point']").nth(1)
    label = mark.get_attribute("aria-label") or ""
    mark.click()
    desk.ready()
    name = re.search(r"Topic: ([^;]+)", label)
    assert name, label
    page.get_by_test_id("stPageLink").filter(has_text=f"Look into {name[1]}").wait_for(timeout=20_000)
    page.get_by_role("link", name=f"Look into {name[1]}").click()
    page.wait_for_url(re.compile("/topic"))
    desk.ready()
    assert page.locator("h1").inner_text() == name[1]


def test_every_export_opens_with_its_own_library(desk: Watched) -> None:
    page = desk.open()
    page.get_by_role("button", name="Take it away").click()
    got = {}
    for name in ("Table (CSV)", "Spreadsheet (XLSX)", "For programs (Parquet)"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        got[download.value.suggested_filename] = Path(download.value.path()).read_bytes()
    rows = list(csv.DictReader(io.StringIO(got["gaps.csv"].decode("utf-8-sig"))))
    assert len(rows) == 14
    assert openpyxl.load_workbook(io.BytesIO(got["gaps.xlsx"])).sheetnames == ["Gaps", "About"]
    assert b"undersaid" in pq.read_table(io.BytesIO(got["gaps.parquet"])).schema.metadata


def test_a_study_from_nothing_by_clicks_alone_gives_a_gap(browser: Browser, url: str, tmp_path: Path) -> None:
    context = browser.new_context(viewport=window("desktop"), locale="en-GB")
    watched = Watched(context.new_page(), url)
    weeks = [(date(2024, 1, 7) + timedelta(weeks=i)).isoformat() for i in range(40)]
    search = "Week,noise: (France),price: (France)\n" + "".join(
        f"{w},{40 + i % 3},{70 + i % 4}\n" for i, w in enumerate(weeks)
    )
    said = "date,noise,price\n" + "".join(f"{w},{10 + i % 3},{90 + i % 5}\n" for i, w in enumerate(weeks))
    page = watched.open("data")
    page.get_by_role("button", name="New study").click()
    form = page.get_by_test_id("stPopoverBody")
    form.get_by_role("textbox", name="Name").fill("Made by clicks")
    form.get_by_role("textbox", name="Topics, one a line").fill("noise\nprice")
    form.get_by_role("button", name="Make the study").click()
    page.get_by_text("Made by clicks").first.wait_for(timeout=30_000)
    page.locator("input[type=file]").set_input_files(
        [
            {"name": "search.csv", "mimeType": "text/csv", "buffer": search.encode()},
            {"name": "said.csv", "mimeType": "text/csv", "buffer": said.encode()},
            {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"<html>sign in</html>"},
        ]
    )
    page.get_by_text("Recognised as searches").wait_for(timeout=30_000)
    assert page.get_by_text("bad.csv").count() > 0
    page.get_by_role("button", name="Import 2 files").click()
    page.get_by_text("said.csv: 80 rows").wait_for(timeout=30_000)
    page.get_by_role("link", name="Gaps").first.click()
    page.wait_for_url(re.compile(r"/(gaps)?(\?.*)?$"))
    watched.ready()
    assert "noise" in page.locator("h1").inner_text()
    assert page.get_by_text("Example data, simulated").count() == 0, "real data never wear the badge of the example"
    other = browser.new_context(locale="en-GB")
    stranger = Watched(other.new_page(), url)
    assert "noise comes first" not in stranger.open().locator("h1").inner_text(), (
        "an upload is seen by no other session"
    )
    other.close()
    context.close()


def test_the_keyboard_alone_reaches_the_export(desk: Watched) -> None:
    page = desk.open()
    for _ in range(60):
        page.keyboard.press("Tab")
        if "Take it away" in page.evaluate("document.activeElement.closest('button')?.innerText || ''"):
            break
    else:
        pytest.fail("Tab never reaches the export")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Table (CSV)").wait_for(timeout=10_000)


def test_a_campaign_is_dragged_into_the_plan_and_is_there_after_a_reload(browser: Browser, tmp_path: Path) -> None:
    study = small_study(tmp_path / "study", weeks=40)
    with served(str(study.path)) as address:
        context = browser.new_context(viewport=window("desktop"), accept_downloads=True, locale="en-GB")
        watched = Watched(context.new_page(), address)
        page = watched.open("plan")
        page.get_by_role("textbox", name="Name of the campaign").fill("Quiet nights")
        page.keyboard.press("Enter")
        chart = page.locator(".st-key-plan__0").get_by_test_id("stVegaLiteChart")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        dates = page.get_by_test_id("stDateInput")
        before = dates.inner_text()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 40, steps=5)
        page.mouse.up()
        page.wait_for_function(
            "was => document.querySelector('[data-testid=stDateInput]').innerText !== was", arg=before, timeout=20_000
        )
        watched.ready()
        dragged = "".join(re.findall(r"\d", dates.inner_text()))
        page.get_by_role("button", name="Keep this campaign").click()
        page.get_by_role("combobox", name="Campaign").wait_for(timeout=20_000)
        page = watched.open("plan")
        (kept,) = read_campaigns(study.path.parent)
        assert dragged == f"{kept.start:%d%m%Y}{kept.end:%d%m%Y}"
        assert timedelta(days=7) < kept.end - kept.start < timedelta(days=30), "a fifth of thirteen weeks"
        page.get_by_role("button", name="Take it away").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="For the calendar (ICS)").click()
        events = Calendar.from_ical(Path(download.value.path()).read_bytes()).walk("VEVENT")
        (own,) = [e for e in events if str(e["summary"]) == "Campaign: Quiet nights"]
        assert (own["dtstart"].dt, own["dtend"].dt) == (kept.start, kept.end + timedelta(days=1))
        assert watched.errors == []
        context.close()


def test_the_timeline_is_changed_by_hand_and_stays_so_after_a_reload(
    browser: Browser, example: Study, tmp_path: Path
) -> None:
    folder = shutil.copytree(example.path.parent, tmp_path / "study")
    # What is said of simulated data goes with the session.
    text = (folder / "study.toml").read_text(encoding="utf-8").replace("simulated = true", "simulated = false")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    with served(str(folder / "study.toml")) as address:
        context = browser.new_context(viewport=window("desktop"), locale="en-GB")
        watched = Watched(context.new_page(), address)
        page = watched.open("alerts")
        page.get_by_role("button", name="Change the timeline").click()
        grid = page.get_by_test_id("stPopoverBody").get_by_test_id("stDataFrame")
        # The grid is drawn on a canvas; the table within it, for readers of screens, tells what it holds and where it is.
        cell = grid.get_by_test_id("glide-cell-3-0")
        cell.wait_for(state="attached")
        box = still(grid)
        page.mouse.click(box["x"] + 60, box["y"] + 52)
        expect(grid.get_by_test_id("glide-cell-1-0")).to_have_attribute("aria-selected", "true")
        for key in ("ArrowRight", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        page.locator("#portal textarea").fill("A neighbour calls us")
        page.keyboard.press("Enter")
        expect(cell).to_have_text("A neighbour calls us")
        page.wait_for_timeout(600)  # the grid hands its changes over a moment after they were made
        page.get_by_role("button", name="Keep the changes").click()
        line = page.get_by_test_id("stMarkdownContainer").get_by_text("A neighbour calls us")
        line.wait_for()
        assert "A neighbour calls us" in (folder / "timeline.jsonl").read_text(encoding="utf-8")
        page.reload()
        watched.ready()
        line.wait_for()
        page.get_by_role("button", name="Change the timeline").click()
        page.get_by_role("button", name="Back to what was computed").click()
        line.wait_for(state="detached")
        assert watched.errors == []
        context.close()


def still(shown: Locator) -> FloatRect:
    """Return where something is on the page once it no longer moves."""
    before, box = None, shown.bounding_box()
    while box is None or box != before:
        shown.page.wait_for_timeout(200)
        before, box = box, shown.bounding_box()
    return box
