"""10,000 bad files: no crash, no hang over 5 seconds, no partial import, and every refusal says where and why in one sentence.

Files are made from valid exports of every kind and a seed: flipped, cut, doubled and shuffled bytes, rows and cells, wrong
encodings, other names, gzip and zip around them, bombs. Every refused file is also imported into a study, which must not change.

    python benchmarks/bad_files.py [FILES] [SEED] [PROCESSES]
"""

from __future__ import annotations

import collections
import csv
import gzip
import io
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import openpyxl
import pandas as pd

from explorer.importing import import_bytes
from explorer.study import new_study
from sources.errors import SourceError
from sources.exports import propose, read_bytes

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SECONDS = 5.0  # of CPU: other processes share the cores
DAYS = [f"2024-{m:02d}-{d:02d}" for m in range(1, 13) for d in (1, 8, 15, 22)]


class Hung(BaseException):
    """A file took longer than it may."""


def table(rows: list[list[object]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def book(rows: list[list[object]]) -> bytes:
    made, out = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = made.create_sheet("Data")
    for row in rows:
        sheet.append(row)
    made.save(out)
    return out.getvalue()


def parquet(rows: list[list[object]]) -> bytes:
    out = io.BytesIO()
    pd.DataFrame(rows[1:], columns=rows[0]).to_parquet(out)
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def seeds() -> dict[str, bytes]:
    """Valid exports of every kind, by file name."""
    posts = [["Resource Id", "Date", "Full Text", "Author", "Url", "Sentiment", "Likes", "Country Code"]]
    posts += [[f"r{i}", f"{d}T10:00:00Z", f"la pompe fait du bruit, n°{i} \"ça\"", f"a{i % 7}", f"https://x.org/{i}", "negative", i, "FR"]
              for i, d in enumerate(DAYS)]  # fmt: skip
    counts = [["date", "bruit", "prix"], *[[d, i % 5, i % 7] for i, d in enumerate(DAYS)]]
    trends = [["Category: All categories"], [], ["Week", "bruit: (France)", "prix: (France)"]]
    trends += [
        [d, "<1" if i % 9 == 0 else i % 100, i % 50]
        for i, d in enumerate(pd.date_range("2023-01-01", periods=60, freq="W").astype(str))
    ]
    keywords = [["Keyword", "Currency", "Avg. monthly searches", "Competition"]]
    keywords += [[f"pompe {i}", "EUR", 10 * i, "Low"] for i in range(40)]
    console = [
        ["Date", "Clicks", "Impressions", "CTR", "Position"],
        *[[d, i, 10 * i, "10%", "3.2"] for i, d in enumerate(DAYS)],
    ]
    queries = [
        ["Top queries", "Clicks", "Impressions", "CTR", "Position"],
        *[[f"q {i}", i, 9 * i, "11%", "4"] for i in range(30)],
    ]
    content = [
        ["url", "title", "text"],
        *[[f"https://a.org/{i}", f"Page {i}", "Une pompe silencieuse " * 5] for i in range(30)],
    ]
    tweets = [{"id": str(i), "created_at": f"{d}T10:00:00Z", "text": f"bruit {i} 😀", "author": {"username": f"u{i % 5}"},
               "public_metrics": {"like_count": i}} for i, d in enumerate(DAYS)]  # fmt: skip
    return {
        "mentions.csv": b"\xef\xbb\xbf" + table(posts), "mentions.xlsx": book(posts), "mentions.parquet": parquet(posts),
        "counts.csv": table(counts), "counts_fr.csv": table(counts, ";"), "counts.tsv": table(counts, "\t"), "counts.xlsx": book(counts),
        "multiTimeline.csv": table(trends), "Keyword Stats.csv": table(keywords, "\t").decode().encode("utf-16"),
        "keywords.csv": table(keywords), "console.zip": zipped({"Chart.csv": table(console), "Queries.csv": table(queries)}),
        "pages.csv": table(content), "tweets.json": json.dumps({"data": tweets}).encode(),
        "tweets.ndjson": "\n".join(json.dumps(t, ensure_ascii=False) for t in tweets).encode(),
        "twarc.csv": table([["start", "end", "tweet_count"], *[[f"{d}T00:00:00.000Z", f"{d}T01:00:00.000Z", i] for i, d in enumerate(DAYS)]]),
        "counts.csv.gz": gzip.compress(table(counts), mtime=0),
    }  # fmt: skip


NASTY = [b"\0", b'"', b"\r", b"\n", b";", b",", b"\xff\xfe", b"\xed\xa0\x80", b"<!DOCTYPE x [", b"=1+1", b"9" * 400, b"-", b"1e999",
         b"NaN", b"31/02/2024", b"0000-00-00", b"9999-12-31", b"{", b"[" * 50, b"\x1a", b"\xe2\x80\xae", b"%00", b"../", b"<script>",
         b"Infinity", b"\t\t\t", b"'", b"2024-01-01T25:61:61+99:99", b"null", b"\\ud800"]  # fmt: skip
NAMES = [
    "a.csv",
    "a.xlsx",
    "a.json",
    "a.ndjson",
    "a.parquet",
    "a.zip",
    "a.csv.gz",
    "multiTimeline.csv",
    "a",
    "geoMap.csv",
    "x\n.csv",
    "é.txt",
]


def bad_file(number: int, seed: int, valid: dict[str, bytes]) -> tuple[str, bytes, list[str]]:
    """Return name and content of the bad file of a number, and what was done to make it."""
    dice = random.Random(f"{seed}-{number}")
    name = dice.choice(list(valid))
    data, done = valid[name], [name]
    for _ in range(dice.randint(1, 4)):
        change = dice.choice(CHANGES)
        data = change(data, dice)[:4_000_000]
        done.append(change.__name__)
    if dice.random() < 0.25:
        name = dice.choice(NAMES)
    return name, data, done


def flip(data: bytes, dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.choice([1, 3, 30])):
        if out:
            out[dice.randrange(len(out))] = dice.randrange(256)
    return bytes(out)


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def behead(data: bytes, dice: random.Random) -> bytes:
    return data[dice.randrange(min(len(data), 300) + 1) :]


def insert(data: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.choice([1, 5])):
        at = dice.randrange(len(data) + 1)
        data = data[:at] + dice.choice(NASTY) + data[at:]
    return data


def double(data: bytes, dice: random.Random) -> bytes:
    return data + data[dice.randrange(len(data) + 1) :]


def lines(data: bytes, dice: random.Random) -> bytes:
    rows = data.split(b"\n")
    choice = dice.randrange(4)
    if choice == 0:
        dice.shuffle(rows)
    elif choice == 1:
        del rows[dice.randrange(len(rows))]
    elif choice == 2:
        rows.insert(dice.randrange(len(rows)), dice.choice(rows) + b",extra,cells" * dice.choice([1, 3000]))
    else:
        rows = rows[:1] * dice.choice([2, 50]) + rows
    return b"\n".join(rows)


def cells(data: bytes, dice: random.Random) -> bytes:
    rows = data.split(b"\n")
    for _ in range(dice.choice([1, 10])):
        at = dice.randrange(len(rows))
        parts = rows[at].split(b",")
        parts[dice.randrange(len(parts))] = dice.choice([*NASTY, b""])
        rows[at] = b",".join(parts)
    return b"\n".join(rows)


def recode(data: bytes, dice: random.Random) -> bytes:
    to = dice.choice(["utf-16", "utf-16-le", "utf-32", "cp1252", "cp037", "shift_jis", "utf-7", "utf-8-sig"])
    return data.decode("utf-8", "replace").encode(to, "replace")


def misread(data: bytes, dice: random.Random) -> bytes:
    return data.decode("latin-1").encode("utf-8")


def pack(data: bytes, dice: random.Random) -> bytes:
    return (
        gzip.compress(data, mtime=0)
        if dice.random() < 0.5
        else zipped({dice.choice(["a.csv", "../a.csv", "Queries.csv", "a.zip"]): data})
    )


def bomb(data: bytes, dice: random.Random) -> bytes:
    kind = dice.randrange(6)
    if kind == 0:
        return gzip.compress(b"2024-01-01,1\n" * 600_000, mtime=0)
    if kind == 1:
        return zipped({"Queries.csv": b"q,1\n" * 2_000_000})
    if kind == 2:
        return b"[" * 200_000
    if kind == 3:
        return b"," * 3_000_000
    if kind == 4:
        return b'"' + b"a\n" * 1_000_000
    return b",".join(b"c%d" % i for i in range(4_000)) + b"\n" + b"1,2\n" * 200_000


def members(data: bytes, dice: random.Random) -> bytes:
    """Change one member of a workbook or archive, and pack it again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            held = {n: archive.read(n) for n in archive.namelist()}
    except Exception:  # noqa: BLE001  (whatever it is, it is what is looked for)
        return flip(data, dice)
    name = dice.choice(list(held))
    held[name] = dice.choice([flip, cut, insert, lines])(held[name], dice)
    return zipped(held)


CHANGES = 2 * [flip, cut, behead, insert, double, lines, cells, cells, recode, misread, pack, members, members] + [bomb]


def judge(job: tuple[int, int]) -> tuple[int, str, float, str]:
    """Read one bad file; return its number, what became of it, CPU seconds, and details of a fault."""
    number, seed = job
    name, data, done = bad_file(number, seed, VALID)
    began, fault, outcome = time.process_time(), "", "read"
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        for what in (lambda: propose(name, data), lambda: read_bytes(name, data, secret=b"k" * 32)):
            try:
                what()
            except SourceError as error:
                outcome, fault = "refused", sentence(name, error)
    except Hung:
        outcome, fault = "HUNG", "\n".join(traceback.format_exc().splitlines()[-8:])
    except Exception:  # noqa: BLE001  (whatever it is, it is what is looked for)
        outcome, fault = "CRASHED", "\n".join(traceback.format_exc().splitlines()[-8:])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    took = time.process_time() - began
    if outcome == "refused":
        fault = fault or half_imported(name, data)
        outcome = "UNCLEAR" if fault else outcome
    return number, outcome, took, f"{name} {done}: {fault}" if fault else ""


def sentence(name: str, error: SourceError) -> str:
    """Return what a refusal lacks; '' when it is one sentence with file and remedy or reason."""
    text = str(error)
    if not text.endswith(".") or "\n" in text.replace(name, ""):
        return f"not one sentence: {text!r}"
    if name not in text and not any(part and part in text for part in name.split("\n")):
        return f"does not name the file: {text!r}"
    return "" if error.remedy else f"says no way out: {text!r}"


def half_imported(name: str, data: bytes) -> str:
    """Return what is wrong with the import of a file that cannot be read: it must be refused and change nothing."""
    before = STUDY.store.version()
    try:
        import_bytes(STUDY, name, data, now=NOW)
    except SourceError:
        return "" if STUDY.store.version() == before else "refused, but the store has changed"
    except Exception:  # noqa: BLE001  (whatever it is, it is what is looked for)
        return "the import crashed: " + "\n".join(traceback.format_exc().splitlines()[-8:])
    return "refused by one way of reading, taken by the other"


def prepare() -> None:
    global VALID, STUDY
    signal.signal(signal.SIGPROF, _ring)
    VALID = seeds()
    STUDY = new_study(Path(tempfile.mkdtemp(prefix="undersaid-bad-")) / "study", name="bad files")
    import_bytes(STUDY, "counts.csv", VALID["counts.csv"], now=NOW)


def _ring(*_: object) -> None:
    raise Hung


def main(files: int = 10_000, seed: int = 0, processes: int = 2) -> int:
    began, found, slow = time.monotonic(), collections.Counter(), (0.0, -1)
    faults: list[str] = []
    with multiprocessing.get_context("spawn").Pool(processes, prepare) as pool:
        for number, outcome, took, fault in pool.imap_unordered(judge, ((n, seed) for n in range(files)), chunksize=20):
            found[outcome] += 1
            slow = max(slow, (took, number))
            if fault:
                faults.append(f"#{number} {outcome} {fault}")
                print(faults[-1], flush=True)
    print(
        f"{files:,} files in {time.monotonic() - began:.0f} s: "
        + ", ".join(f"{n:,} {o}" for o, n in found.most_common())
    )
    print(f"slowest: {slow[0]:.1f} s of CPU (number {slow[1]}); faults: {len(faults)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
