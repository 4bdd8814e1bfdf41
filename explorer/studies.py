"""The studies of one folder: which there are, a new one, and one less."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from explorer.kept import forget_answers
from explorer.proposals import slug, topics_of_terms
from explorer.study import FILE_NAME, BadStudy, Study, new_study, read_study
from explorer.study_edit import add_topics


def listed(root: Path) -> list[Path]:
    """Return the folders below `root` that hold a study, by name."""
    if not root.is_dir():
        return []
    return sorted(f for f in root.iterdir() if (f / FILE_NAME).is_file() and not f.is_symlink())


def make(
    root: Path, name: str, *, geo: str = "", languages: Iterable[str] = ("fr",), topics: Iterable[str] = ()
) -> Study:
    """Make a study in a folder of its own below `root`.

    Parameters
    ----------
    topics : subjects in plain words, one topic each; their search term and the query of their posts are a start that the user
        corrects (`proposals.topics_of_terms`).

    Raises
    ------
    BadStudy : no name, a study of that name is here already, the folder cannot be written.
    """
    if not name.strip():
        raise BadStudy("the study has no name", remedy="give it one")
    proposed = topics_of_terms([t.strip() for t in topics if t.strip()])
    study = new_study(root / slug(name), name=name.strip(), geo=geo, languages=languages)
    return add_topics(study, proposed) if proposed else study


def delete(study: Study, root: Path) -> None:
    """Delete a study of `root` with all its tables; nothing outside of `root` is ever touched.

    Raises
    ------
    BadStudy : the study is not one of `root`, or a file of it cannot be deleted.
    """
    folder = study.path.parent.resolve()
    if folder.parent != root.resolve() or not (folder / FILE_NAME).is_file():
        raise BadStudy("this study does not belong to the app", str(folder), "delete its folder by hand")
    # Renamed first: a deletion that is cut short leaves no half study in the list.
    gone = folder.with_name(f".{folder.name}.deleted.{os.getpid()}")
    try:
        folder.rename(gone)
        shutil.rmtree(gone)
        forget_answers(study.path)
    except OSError as error:
        raise BadStudy(f"the study cannot be deleted ({error.strerror})", str(folder)) from error


def of_name(root: Path, name: str) -> Study | None:
    """Return the study in the folder `name` of `root`; None when there is none."""
    return next((read_study(f) for f in listed(root) if f.name == name), None)
