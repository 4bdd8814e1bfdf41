"""Running and examining the program: app, doctor."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.markup import escape

from explorer.commands.console import (
    Format,
    FormatOption,
    out,
    show,
)
from explorer.study import read_study


def app(
    study: Annotated[
        Path | None, typer.Option("--study", "-s", help="The study to open; the example if left out.")
    ] = None,
    studies: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps the studies made in the app; whoever can open the app sees them."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the local server.")] = 8501,
    address: Annotated[str, typer.Option(help="Address to answer on; 0.0.0.0 behind a proxy.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open the app in the browser."""
    import subprocess

    from explorer.server import server_options

    if study is not None:
        os.environ["UNDERSAID_STUDY"] = str(read_study(study).path.resolve())
    if studies is not None:
        studies.mkdir(parents=True, exist_ok=True)
        os.environ["UNDERSAID_STUDIES"] = str(studies.resolve())
    options = server_options(port=port, headless=not browser, address=address)
    command = [sys.executable, "-m", "explorer.server", *options]
    raise typer.Exit(subprocess.call(command))  # noqa: S603  (our own interpreter and file)


def doctor(format: FormatOption = Format.table) -> None:
    """Say what works here, what is missing and how to mend it."""
    from explorer.doctor import examine

    checks = examine()
    frame = pd.DataFrame([vars(c) for c in checks])
    if format is not Format.table:
        show(frame, format)
    else:
        for check in checks:
            mark = {"ok": "[green]✓[/]", "optional": "[yellow]–[/]", "missing": "[red]✗[/]"}[check.state]
            remedy = f" → {check.remedy}" if check.remedy else ""
            out.print(mark, escape(f"{check.name}: {check.found}{remedy}"), highlight=False, soft_wrap=True)
    if any(check.state == "missing" for check in checks):
        raise typer.Exit(1)
