"""Imports a listening export of a million rows into a study, and prints rows, seconds, peak memory and progress steps.

    python benchmarks/import_rows.py [--rows 1000000] [--limit 600]

The file is written first, in the shape of a Brandwatch export (preamble, 28 columns, UTF-8 with mark). The import runs in a
process of its own, so that its peak resident memory is that of the import and of nothing else: reading, pseudonyms, the search
for copies, and the commit to the store.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

HEADER = [
    "Query Id", "Query Name", "Date", "Title", "Url", "Domain", "Sentiment", "Page Type", "Language", "Country Code",
    "Country", "Account Type", "Author", "Full Name", "Full Text", "Gender", "Hashtags", "Impact", "Impressions", "Latitude",
    "Longitude", "Resource Id", "Thread Entry Type", "Twitter Followers", "Twitter Retweets", "Twitter Likes", "Reach (new)",
    "Region",
]  # fmt: skip


def write(path: Path, rows: int) -> None:
    """Write an export of `rows` posts by 200,000 authors, one every 30 seconds."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerows([["Report:", "Bulk Mentions Download"], [], HEADER])
        for i in range(rows):
            who, when = f"user{i % 200_000}", start + timedelta(seconds=30 * i)
            text = f"La pompe à chaleur du voisin fait un bruit étonnant, numéro {i}, et @{who} le dit aussi #pac"
            row = dict.fromkeys(HEADER, "") | {
                "Query Name": "PAC",
                "Date": f"{when:%Y-%m-%dT%H:%M:%S}.000Z",
                "Url": f"https://twitter.com/{who}/status/{1_700_000_000_000_000_000 + i}",
                "Sentiment": ("positive", "neutral", "negative")[i % 3],
                "Page Type": "twitter",
                "Language": "fr",
                "Country Code": "FRA",
                "Author": who,
                "Full Text": text,
                "Impressions": i % 1000,
                "Resource Id": 1_700_000_000_000_000_000 + i,
                "Thread Entry Type": "post",
                "Twitter Followers": i % 5000,
                "Twitter Likes": i % 11,
                "Reach (new)": i % 9000,
                "Region": "Bretagne",
            }
            out.writerow(row.values())


def run(path: Path, folder: Path) -> None:
    """Import `path` into a new study below `folder` and print the figures as JSON."""
    import resource
    import time

    from explorer.importing import import_file
    from explorer.study import new_study

    steps: list[tuple[int, int]] = []
    study = new_study(folder / "study", name="benchmark", geo="FR", languages=["fr"])
    wall, cpu = time.perf_counter(), time.process_time()
    done = import_file(study, path, now=datetime.now(UTC), progress=lambda at, of: steps.append((at, of)))
    unit = 1024 if sys.platform != "darwin" else 1024**2
    figures = {
        "rows": done.receipt.rows,
        "refused": done.refused,
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu seconds": round(time.process_time() - cpu, 1),
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit),
        "progress steps": len(steps),
        "file MB": round(steps[-1][1] / 1024**2),
    }
    print(json.dumps(figures))


def main() -> int:
    """Write the file, import it, print the figures; 1 if a row is missing or the memory is above the limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--limit", type=int, default=600, help="MB of resident memory that the import may take")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.file:
        run(arguments.file, arguments.file.parent)
        return 0
    with tempfile.TemporaryDirectory(prefix="undersaid-rows-") as folder:
        path = Path(folder) / "mentions.csv"
        write(path, arguments.rows)
        command = [sys.executable, __file__, "--file", str(path)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parent.parent)
    figures = json.loads(ran.stdout.splitlines()[-1])
    for name, value in figures.items():
        print(f"{name:16} {value:>12,}")
    right = figures["rows"] == arguments.rows and figures["peak MB"] < arguments.limit
    print(f"{'all rows, below ' + str(arguments.limit) + ' MB':24} {'yes' if right else 'NO'}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
