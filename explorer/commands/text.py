"""Texts on the command line: train-tone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer
from rich.progress import Progress

from explorer.commands.console import Format, FormatOption, err, line, now, show

if TYPE_CHECKING:
    from explorer.text.encoders import EncoderName


class TaskName(StrEnum):
    """What a head is to tell."""

    tone = "tone"
    emotions = "emotions"


class EncoderChoice(StrEnum):
    """Sentence vectors beside words."""

    none = "none"
    use = "use"
    e5 = "e5"


_ENCODERS: dict[EncoderChoice, EncoderName | None] = {
    EncoderChoice.none: None,
    EncoderChoice.use: "use",
    EncoderChoice.e5: "e5",
}


def train_tone(
    files: Annotated[
        list[Path], typer.Argument(help="CSV with text and label, or NAME_text.txt beside NAME_labels.txt.")
    ],
    lang: Annotated[str, typer.Option(help="Language of the texts, as in fr or en.")] = "fr",
    task: Annotated[TaskName, typer.Option(help="tone, or emotions.")] = TaskName.tone,
    encoder: Annotated[
        EncoderChoice, typer.Option(help="Sentence vectors: use or e5, each an extra.")
    ] = EncoderChoice.none,
    names: Annotated[str, typer.Option(help="For emotions as numbers: their names from 0, with commas.")] = "",
    licence: Annotated[
        str, typer.Option(help="Licence of the labelled texts, for the card of the head.")
    ] = "not stated",
    format: FormatOption = Format.table,
) -> None:
    """Train tone or emotions on labelled files that you hold; the result takes the place of the lexicon."""
    from explorer.text.heads import save_head
    from explorer.text.labelled import read_labelled
    from explorer.text.tone import TONES
    from explorer.text.trained import head_file, heads_folder
    from explorer.text.training import train_head

    given = tuple(n.strip() for n in names.split(",") if n.strip())
    frame = pd.concat([read_labelled(f, task=task, names=given) for f in files], ignore_index=True)
    labels = TONES if task is TaskName.tone else tuple(dict.fromkeys([*given, *sorted(frame["label"].unique())]))
    about = {"data": [f.name for f in files], "licence": licence}
    with Progress(console=err) as bar:
        job = bar.add_task("training", total=None)
        head = train_head(
            frame["text"].tolist(), frame["label"].tolist(), labels, task=task, lang=lang,
            encoder_name=_ENCODERS[encoder], about=about, now=now(),
            progress=lambda done, total: bar.update(job, completed=done, total=total),
        )  # fmt: skip
    folder = heads_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = save_head(head, folder / head_file(task.value, lang, _ENCODERS[encoder] or "light"))
    card = head.card
    row = {"head": file.name, "texts": card["n"], "macro_f1": card["macro_f1"], "se": card["macro_f1_se"]}
    show(pd.DataFrame([{**row, "macro_recall": card["macro_recall"], "penalty": card["penalty"]}]).round(3), format)
    if format is Format.table:
        line(f"{file} is used from now on; macro F1 over folds it had not seen.", "dim")
