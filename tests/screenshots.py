"""Pictures of every page in both themes and sizes: `python -m tests.screenshots FOLDER [--lang FR] [page …]`."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("gaps", "topic", "needs", "voices", "plan", "alerts", "data", "method")
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
READY = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
DRAWN = """() => !document.querySelector('[data-stale=true], [data-testid=stSkeleton], [data-testid=stSpinner]')
    && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(e => e.querySelector('svg.marks, canvas.marks'))"""
#: The page scrolls inside its main part: the whole of it shows only in a window as high as it is.
HEIGHT = "() => document.querySelector('[data-testid=stMain]').scrollHeight"


@contextmanager
def served(study: str | None = None) -> Iterator[str]:
    """Serve the app on a free port of this machine while the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, **({"UNDERSAID_STUDY": study} if study else {})}
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    command = [sys.executable, "-m", "explorer.server", *options]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                    if answer.read() == b"ok":
                        break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the server did not start")
        yield address
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:  # on a busy machine it may still be loading
            server.kill()
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", default=list(PAGES))
    parser.add_argument("--lang", default="EN", choices=["EN", "FR"])
    parser.add_argument("--small", action="store_true", help="the upper part in WebP, for the documentation")
    parser.add_argument("--study", help="the study to show; the example if left out")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with served(asked.study) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for size, (width, height) in SIZES.items():
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=theme, locale=f"{asked.lang.lower()}-FR"
                )
                page = context.new_page()
                for name in asked.pages:
                    path = "" if name == "gaps" else name
                    page.set_viewport_size({"width": width, "height": height})
                    page.goto(f"{url}/{path}?lang={asked.lang}")
                    page.wait_for_selector("[data-testid=stMain] h1", timeout=180_000)
                    page.wait_for_selector(READY, timeout=180_000)
                    page.wait_for_function(DRAWN, timeout=60_000)
                    page.set_viewport_size({"width": width, "height": min(int(page.evaluate(HEIGHT)) + 80, 6000)})
                    page.wait_for_function(DRAWN, timeout=60_000)
                    page.wait_for_timeout(400)
                    file = asked.folder / f"{name}-{size}-{theme}"
                    picture = Image.open(io.BytesIO(page.screenshot()))
                    if asked.small:
                        picture.crop((0, 0, width, min(picture.height, 2 * height))).save(f"{file}.webp", quality=55)
                    else:
                        picture.save(f"{file}.png")
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
