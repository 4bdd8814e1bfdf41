"""Ten people use the app in browsers of their own for minutes on end: does the server's memory keep growing?

`python -m benchmarks.soak [--minutes 10] [--users 10]`; exit 1 when a page is not drawn, or when the last quarter of the time
holds more than a tenth more memory than the quarter after the first round, in which everybody has opened every page once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
import time
from itertools import count

import numpy as np
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from benchmarks.app import children, resident
from tests.screenshots import ARGUMENTS, PAGES, READY, served

#: Seconds between two measurements of memory.
EVERY = 10.0
ALLOWED = 1.1
#: Milliseconds that one look at a page may take before it counts as failed; in the first round answers are worked out.
PATIENCE, FIRST_PATIENCE = 60_000, 300_000


def main() -> int:
    """Let the users walk through the pages, print the memory as it goes, and judge its growth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--users", type=int, default=10)
    asked = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with served() as url:
        server = children()  # before there is a browser
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            seen, looks, failed = walk(browser, url, server, asked.users, asked.minutes * 60)
            browser.close()
    print(f"{looks} pages looked at by {asked.users} users after the first round, {failed} not drawn")
    return verdict(seen, looks, failed)


def walk(
    browser: Browser, url: str, server: list[int], users: int, seconds: float
) -> tuple[list[tuple[float, float]], int, int]:
    """Return (seconds since the first round, resident MB), the pages looked at since then, and those that failed.

    Every user has a browser context (cookies, connection, session) of their own, and all go to their next page at once. Who has
    seen all pages leaves and comes back as a new session, as people do.
    """
    people = [browser.new_context() for _ in range(users)]
    pages = [person.new_page() for person in people]
    failed = sum(_together(url, pages, step, FIRST_PATIENCE) for step in range(len(PAGES)))
    began, looks = time.monotonic(), 0
    seen: list[tuple[float, float]] = []
    ended = threading.Event()

    def measure() -> None:
        while not ended.wait(EVERY):
            seen.append((time.monotonic() - began, resident(server)))
            print(f"{seen[-1][0]:6.0f} s  {seen[-1][1]:7.0f} MB  {looks} pages", flush=True)

    meter = threading.Thread(target=measure)
    meter.start()
    try:
        for step in count():
            if time.monotonic() - began >= seconds:
                break
            failed += _together(url, pages, step, PATIENCE)
            looks += users
            leaving = step % users
            people[leaving].close()
            people[leaving], pages[leaving] = _anew(browser)
    finally:
        ended.set()
        meter.join()
    return seen, looks, failed


def _anew(browser: Browser) -> tuple[BrowserContext, Page]:
    person = browser.new_context()
    return person, person.new_page()


def _together(url: str, pages: list[Page], step: int, patience: int) -> int:
    """Send every user to a page, each to another one, and wait for all; return how many pages were not drawn."""
    failed = set()
    for user, page in enumerate(pages):
        name = PAGES[(step + user) % len(PAGES)]
        try:
            address = f"{url}/{'' if name == 'gaps' else name}?lang={'FR' if user % 2 else 'EN'}"
            page.goto(address, wait_until="commit", timeout=patience)
        except Error:
            failed.add(user)
    for user, page in enumerate(pages):
        try:
            page.wait_for_selector("[data-testid=stMain] h1", timeout=patience)
            page.wait_for_selector(READY, timeout=patience)
        except Error:
            failed.add(user)
    return len(failed)


def verdict(seen: list[tuple[float, float]], looks: int, failed: int) -> int:
    """Print the growth from the first quarter to the last; return 1 when it is more than a tenth, or pages were not drawn."""
    if len(seen) < 8:
        print("too short to tell: fewer than eight measurements after the first round")
        return 1
    memory = np.array([mb for _, mb in seen])
    quarter = len(memory) // 4
    early, late = float(np.median(memory[:quarter])), float(np.median(memory[-quarter:]))
    grown = f"{late / early - 1:+.1%} (at most {ALLOWED - 1:+.0%})"
    print(f"{early:.0f} MB in the first quarter, {late:.0f} MB in the last, most {memory.max():.0f} MB: {grown}")
    return int(late > ALLOWED * early or failed > 0 or looks == 0)


if __name__ == "__main__":
    sys.exit(main())
