"""What a study must not keep: forget an author, an address, or whatever was deleted at its source."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from explorer.commands.console import Format, FormatOption, StudyOption, line, show, working
from explorer.study import read_study
from sources.errors import BadQuery


def forget(
    study: StudyOption,
    author: Annotated[str, typer.Option(help="Forget every post of this author; needs --platform.")] = "",
    platform: Annotated[str, typer.Option(help="The network of --author, as the posts name it.")] = "",
    url: Annotated[list[str] | None, typer.Option(help="Forget the post at this address; may be repeated.")] = None,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Ask the sources which posts are gone, forget those.")
    ] = False,
    source: Annotated[list[str] | None, typer.Option(help="With --deleted: only this source; may be repeated.")] = None,
    certain: Annotated[
        bool, typer.Option("--certain", help="With --deleted: even where a source says that most posts are gone.")
    ] = False,
    format: FormatOption = Format.table,
) -> None:
    """Forget posts for good: from the tables, their history and the raw answers; a new import does not bring them back."""
    from explorer.collecting import recheck_study
    from explorer.kept import forget_answers
    from sources.forgetting import forget_author, forget_urls

    opened = read_study(study)
    asked = [bool(author or platform), bool(url), deleted]
    if sum(asked) != 1:
        raise BadQuery("what is to be forgotten?", "forget", "pass --author with --platform, or --url, or --deleted")
    if deleted:
        with working("Looking at the posts again"):
            found = recheck_study(opened, only=source, certain=certain)
        show(pd.DataFrame([vars(r) for r in found], columns=["source", "stored", "looked", "gone", "note"]), format)
        if any(r.looked < r.stored or r.note for r in found):
            raise typer.Exit(1)
        return
    with working("Forgetting"):
        done = forget_author(opened.store, platform, author) if author else forget_urls(opened.store, url or [])
        forget_answers(opened.path)
    if format is not Format.table:
        show(pd.DataFrame([vars(done)]), format)
        return

    line(
        f"{done.posts} posts forgotten ({done.rows} rows, {done.answers} raw answers); they stay forgotten on every import"
    )
