"""Finds every text of the interface in the code. `python tests/catalogue.py` adds the missing ones to the French catalogue."""

from __future__ import annotations

import ast
import io
from pathlib import Path

from babel.messages.pofile import read_po, write_po

from sources.connector import connectors
from sources.errors import SourceError

ROOT = Path(__file__).resolve().parent.parent
FRENCH = ROOT / "explorer" / "locales" / "fr" / "LC_MESSAGES" / "undersaid.po"
#: Names under which a Words object is called.
SPEAKERS = {"say", "words"}


def texts() -> set[str]:
    """Return every English text that is translated: what is said, the phrases behind codes, what connectors say."""
    found: set[str] = set()
    for file in [ROOT / "streamlit_app.py", *sorted((ROOT / "explorer").rglob("*.py"))]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in SPEAKERS
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
        if file.name.endswith("phrases.py"):
            for node in ast.walk(tree):
                if isinstance(node, ast.Dict):
                    found |= {ast.literal_eval(v) for v in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["text"]:
                # A text chosen before it is spoken: `text = "..."`.
                value = getattr(node.value, "value", None)
                found |= {value} if isinstance(value, str) and "{" in value else set()
    for kind in connectors().values():
        if not isinstance(kind, SourceError):  # what a connector says of itself is shown where sources are connected
            caps = kind.caps
            found |= {
                caps.title,
                caps.gives,
                caps.limits,
                caps.terms,
                *caps.options.values(),
                *(n.why for n in caps.needs),
            }
    return found


def french() -> dict[str, str]:
    """Return the French catalogue as English -> French."""
    with FRENCH.open("rb") as source:
        return {str(m.id): str(m.string) for m in read_po(source) if m.id}


def main() -> None:
    """Bring the catalogue up to date: new texts added without translation, texts no longer used removed."""
    wanted = texts()
    with FRENCH.open("rb") as source:
        catalogue = read_po(source)
    for message in list(catalogue):
        if message.id and str(message.id) not in wanted:
            catalogue.delete(message.id)
    for text in sorted(wanted):
        if text not in catalogue:
            catalogue.add(text, "")
    out = io.BytesIO()
    write_po(out, catalogue, width=120, sort_output=True, omit_header=False, no_location=True)
    FRENCH.write_bytes(out.getvalue())


if __name__ == "__main__":
    main()
