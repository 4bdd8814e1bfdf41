"""Answers on the command line: demo, gaps, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.markup import escape

from explorer.commands.console import (
    Format,
    FormatOption,
    LangOption,
    RawOption,
    StudyOption,
    line,
    now,
    open_study,
    out,
    show,
    title_of,
    words_of,
    working,
)
from explorer.words import Words


def demo(
    truth: Annotated[bool, typer.Option("--truth", help="Set what was found beside what was planted.")] = False,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Measure the gaps of the example study (simulated data, made on this machine)."""
    from explorer.answers import find_gaps
    from explorer.demo import compare, example_study

    words = words_of(lang)
    with working(words("Making the example study")):
        study = example_study()
    with working(words("Measuring the gaps")):
        answer = find_gaps(study)
    if not truth:
        _print_gaps(answer, words, format)
        return
    table, checks = compare(answer)
    show(table.round(2), format, title=words("Example data, simulated"))
    if format is Format.table:
        for check in checks:
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
            out.print(mark, escape(f"{check.what}: {check.planted} → {check.found}"), highlight=False, soft_wrap=True)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def gaps(
    study: StudyOption = Path(),
    window: Annotated[int | None, typer.Option(min=4, help="Periods to look back; a year if left out.")] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Coverage of the interval.")] = 0.9,
    raw: RawOption = False,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Rank the topics by how much more they are searched than spoken of."""
    from explorer.answers import find_gaps

    words = words_of(lang)
    opened = open_study(study)
    with working(words("Measuring the gaps")):
        answer = find_gaps(opened, corrected=not raw, window=window, level=level)
    _print_gaps(answer, words, format)


def report(
    study: StudyOption = Path(),
    to: Annotated[Path, typer.Option(help="Folder for the files; made if it is not there.")] = Path("exports"),
    raw: RawOption = False,
    french: Annotated[bool, typer.Option("--french", help="CSV with semicolons and decimal commas.")] = False,
    lang: LangOption = "",
) -> None:
    """Write gaps, forecast, voices, needs and alerts as CSV, Parquet and XLSX with their provenance, pictures and slides."""
    from explorer.outputs.whole import whole_files, write_files
    from explorer.whole import PARTS, work_out

    words = words_of(lang)
    opened = open_study(study)
    write_files({}, to)  # a folder that cannot be written is told before the work, not after it
    with working(words("Writing the report")) as status:
        whole = work_out(
            opened,
            corrected=not raw,
            done=lambda part: status.update(f"{words('Writing the report')} {PARTS.index(part) + 1}/{len(PARTS)}"),
        )
        files = write_files(whole_files(whole, words, now(), french=french), to)
    for file in files:
        line(str(file))
    for part, why in whole.refused.items():
        line(f"· {part}: {why}", "yellow")
    if not files:
        raise typer.Exit(1)


def _print_gaps(answer: Any, words: Words, format: Format) -> None:
    from explorer.outputs.frames import gaps_frame
    from explorer.outputs.provenance import gaps_provenance
    from explorer.phrases import CERTAINTIES, NOTES, REASONS, VERDICTS, WARNINGS

    provenance = gaps_provenance(answer, words, now())
    frame = gaps_frame(answer, words.language, provenance)
    if format is not Format.table:
        show(frame, format)
        return
    shared = set.intersection(*(set(row.split("; ")) for row in frame["warning"])) if len(frame) else set()
    rows, notes = [], []
    for row in frame.to_dict("records"):
        known = pd.notna(row.get("gap"))
        own = [w for w in row["warning"].split("; ") if w and w not in shared]
        if row["verdict"] == "cannot tell" or own:
            said = [REASONS[row["reason"]]] if row["verdict"] == "cannot tell" else []
            notes.append(f"{row['label']}: " + " ".join(words(t) for t in [*said, *(WARNINGS[w] for w in own)]))
        rows.append(
            {
                words("Topic"): row["label"],
                words("Verdict"): words(VERDICTS[row["verdict"]]),
                words("Gap"): words.signed(row["gap"]) if known else "–",
                words("Interval"): f"{words.signed(row['lo'])} … {words.signed(row['hi'])}" if known else "–",
                words("Sure?"): words(CERTAINTIES[row["certainty"]]) if row["verdict"] in ("silent", "loud") else "",
                words("Search"): words.percent(row["share_of_search"]) if known else "–",
                words("Voice"): words.percent(row["share_of_voice"]) if known else "–",
            }
        )
    from explorer.sentences import headline

    show(pd.DataFrame(rows), format, title=title_of(answer.study, words, headline(answer, words)))
    out.print(
        words("Gap in doublings: +1 means twice the share of searches that it has of people speaking."), style="dim"
    )
    notes += [words(WARNINGS[w]) for w in sorted(shared) if w]
    notes += [words(NOTES[note.code], **note.details) for note in answer.panel.notes]
    for note in notes:
        line("· " + note, "dim")
