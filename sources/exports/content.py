"""What a brand answers already: pages, questions with their answers, products; one row each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.errors import BadFile
from sources.exports.columns import match_columns
from sources.exports.headers import Table
from sources.exports.mapping import Mapping
from sources.exports.post_columns import tidied
from sources.exports.post_texts import plain_text
from sources.exports.post_values import languages
from sources.exports.reading import Reading, fitted


def read_content(table: Table, mapping: Mapping) -> Reading:
    """Read a table of pages or of questions and answers.

    The id is the address of the page, with a number from the second entry on where one page holds several; without an
    address it is the id column, else file name and row.

    Raises
    ------
    BadFile : neither a title or question nor a text or answer.
    BadQuery : the mapping names a column that is not there.
    """
    named = {field: table.column(header) for field, header in mapping.columns.items()}
    known = match_columns(table.headers, "content")
    found = {**{f: c for f, c in known.items() if c not in named.values()}, **named}
    if "title" not in found and "text" not in found:
        raise BadFile(
            "no column is called like a question, title, answer or text",
            table.name,
            "name them in the mapping: columns = {'title': '<header>', 'text': '<header>'}",
        )
    get = {f: tidied(table.cells[c]) for f, c in found.items()}
    nothing = pd.Series(None, index=range(len(table.rows)), dtype="object")
    frame = pd.DataFrame({"title": plain_text(get["title"]) if "title" in get else nothing})
    frame["text"] = plain_text(get["text"]) if "text" in get else nothing
    frame["lang"] = languages(get.get("lang"), len(frame), mapping.lang)
    empty = (frame["title"].isna() & frame["text"].isna()).to_numpy()
    table.rejects.add(table.rows[empty], "", "", "neither title nor text; row left out")
    by_row = pd.Series([f"{table.name}#{r}" for r in table.rows], dtype="object")
    base = get.get("url", nothing).astype("object")
    base = base.where(base.notna(), get.get("id", nothing).astype("object"))
    base = base.where(base.notna(), by_row)
    frame["id"] = base
    frame = frame[~empty]
    if frame.empty:
        raise BadFile("no row has a title or a text", table.name, "export it again")
    count = frame.groupby("id").cumcount()
    frame["id"] = np.where(count == 0, frame["id"], frame["id"] + "#" + (count + 1).astype(str))
    left = [h for i, h in enumerate(table.headers) if i not in found.values()]
    if left:
        table.notes.append(f"Columns not read: {', '.join(left[:20])}{' …' if len(left) > 20 else ''}.")
    filled = mapping.filled(
        kind="content",
        source="table",
        columns={f: table.headers[c] for f, c in found.items()},
    )
    return Reading(
        "content", fitted(frame, "content"), table.notes, table.rejects.frame(), "table", filled, table.fingerprint
    )
