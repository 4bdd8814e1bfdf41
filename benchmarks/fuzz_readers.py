"""Coverage-guided fuzzing of the readers: whatever bytes come, they are a table or one sentence with file and remedy.

    python -m benchmarks.fuzz_readers [--seconds 180] [--corpus tests/corpus] [--keep FOLDER] [--write]

Needs the extra `fuzz` (atheris, on libFuzzer). Findings are an exception or a warning other than the named errors, a sentence
without file or remedy, a file that is taken in one way of reading and refused in the other, one that takes over 5 seconds or
2 GB, and a crash of a native library. Each is printed once, with the smallest bytes found for it, ready for the corpus.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(ROOT))

#: Names an upload may have; readers go by some of them. The first byte of what the fuzzer makes chooses the name, its highest
#: bit whether the slow ways of reading are tried as well.
NAMES = (
    "mentions.csv", "counts.tsv", "multiTimeline.csv", "geoMap.csv", "relatedQueries.csv", "Keyword Stats.csv", "Queries.csv",
    "tweets.json", "tweets.ndjson", "mentions.xlsx", "console.zip", "counts.csv.gz", "mentions.parquet", "upload",
)  # fmt: skip
_SECRET = b"k" * 32
_SECONDS, _MEGABYTES, _LENGTH = 5, 2048, 20_000  # of one file: CPU, memory, bytes
#: What opening and packing a broken archive raises.
_NO_ARCHIVE = (zipfile.BadZipFile, OSError, EOFError, zlib.error, ValueError, LookupError, RuntimeError)
_STUCK = 60  # seconds by the clock until a native library that holds on to the process is stopped


class Finding(Exception):
    """Something that reading a file may not do."""


class Hung(BaseException):
    """A file took longer than it may."""


def corpus(folder: Path) -> list[tuple[str, bytes]]:
    """Return (name the readers are told, content) of a corpus: files called WHAT@NAME."""
    return [(file.name.partition("@")[2], file.read_bytes()) for file in sorted(folder.glob("*@*"))]


def read_upload(name: str, content: bytes, folder: Path, *, every_way: bool = True) -> int | None:
    """Read an upload as the program does: held in memory, proposed, and in parts; return its rows, None where it was refused.

    Parameters
    ----------
    folder : a folder of one's own, for the way that reads from disk.
    every_way : False reads it in memory only.

    Raises
    ------
    Finding : a refusal that does not help, or two ways of reading that do not agree.
    """
    # Not above: the fuzzer has to be there before what it watches is imported.
    from sources.exports import propose, read_bytes, read_in_parts

    whole = _given(name, lambda: len(read_bytes(name, content, secret=_SECRET).table))
    if not every_way:
        return whole
    file = folder / name
    file.write_bytes(content)

    def rows(size: int) -> int:
        return sum(len(part.table) for part in read_in_parts(file, rows=size, secret=_SECRET))

    _given(name, lambda: propose(name, content))
    parts = _given(name, lambda: rows(25_000))
    if whole != parts:
        raise Finding(f"{whole} rows as a whole, {parts} in parts")
    _given(name, lambda: rows(2 + content.count(b"\n") // 3))
    return whole


def _given(name: str, reader: Callable[[], Any]) -> Any:
    from sources.errors import SourceError

    try:
        return reader()
    except SourceError as error:
        text = str(error)
        if not text.endswith(".") or "\n" in text:
            raise Finding("not one sentence") from error
        if name not in text:
            raise Finding("does not name the file") from error
        if not error.remedy:
            raise Finding("names no remedy") from error
        return None


def fault_of(name: str, content: bytes, folder: Path, *, every_way: bool = True) -> tuple[str, str] | None:
    """Return what reading an upload does wrong: a short name of the fault, and its details; None for nothing."""
    before = signal.signal(signal.SIGPROF, _ring)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_upload(name, content, folder, every_way=every_way)
    except (Exception, Hung) as error:  # noqa: BLE001  (whatever it is, it is what is looked for)
        cause = error.__cause__ if isinstance(error, Finding) and error.__cause__ else error
        frames = [f for f in traceback.extract_tb(cause.__traceback__) if f"{os.sep}sources{os.sep}" in f.filename]
        where = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "readers"
        said = re.sub(r"\d+", "N", str(error)) if isinstance(error, Finding) else type(error).__name__
        return f"{said} in {where}", "".join(traceback.format_exception(error)[-6:])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return None


def _ring(*_: object) -> None:
    raise Hung


def unpacked(data: bytes) -> tuple[str, bytes, bool]:
    """Return name, content and `every_way` of what the fuzzer made."""
    choice = data[0] if data else 0
    return NAMES[choice % 128 % len(NAMES)], data[1:], choice >= 128


def mutated(data: bytes, most: int, seed: int, mutate: Callable[[bytes, int], bytes]) -> bytes:
    """Change one file inside an archive and pack it again, three times in four; anything else as it is.

    A changed byte of a packed file is refused by its checksum; the readers are behind that.
    """
    dice, head, packed = random.Random(seed), data[:1], data[1:]
    if dice.random() < 0.25:
        return mutate(data, most)
    try:
        if packed[:2] == b"\x1f\x8b":
            return head + gzip.compress(mutate(gzip.decompress(packed), most), mtime=0)
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            held = {n: archive.read(n) for n in archive.namelist()}
        name = dice.choice(list(held))
        held[name], out = mutate(held[name], most), io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in held.items():
                archive.writestr(member, content)
        return head + out.getvalue()
    except _NO_ARCHIVE:
        return mutate(data, most)


def smaller(name: str, content: bytes, fault: str, folder: Path, tries: int = 400) -> bytes:
    """Return fewer bytes with the same fault: pieces are left out, first large ones, then small ones."""
    size = max(1, len(content) // 2)
    while tries > 0 and size:
        at = 0
        while at < len(content) and tries > 0:
            less, tries = content[:at] + content[at + size :], tries - 1
            found = fault_of(name, less, folder)
            content, at = (less, at) if found and found[0] == fault else (content, at + size)
        size //= 2
    return content


def inside(work: Path, seconds: int, seed: int) -> None:
    """Fuzz until the time is over; does not return (libFuzzer ends the process)."""
    import atheris

    with atheris.instrument_imports(include=["sources"]):
        import sources.exports  # noqa: F401

    def one(data: bytes) -> None:
        name, content, every_way = unpacked(data)
        fault = fault_of(name, content, work / "disk", every_way=every_way)
        if fault is None:
            return
        place = work / "findings" / hashlib.sha256(fault[0].encode()).hexdigest()[:12]
        if not place.exists() or place.stat().st_size > len(data):
            place.write_bytes(data)
            place.with_suffix(".txt").write_text("\n".join((name, *fault)), encoding="utf-8")

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        return mutated(data, most, seed, atheris.Mutate)

    options = [f"-max_total_time={seconds}", f"-timeout={_STUCK}", f"-rss_limit_mb={_MEGABYTES}", f"-max_len={_LENGTH}",
               f"-seed={seed}", "-print_final_stats=1", f"-artifact_prefix={work / 'findings'}/"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(work / "grown"), str(work / "seeds")], one, custom_mutator=mutator)
    atheris.Fuzz()


def fuzz(seconds: int, seeds: list[tuple[str, bytes]], work: Path) -> tuple[int, dict[str, tuple[str, bytes, str]]]:
    """Return how many files were read, and the findings: fault -> (name, bytes, details)."""
    for folder in ("disk", "findings", "grown", "seeds"):
        (work / folder).mkdir(exist_ok=True)
    for number, (name, content) in enumerate(seeds):
        (work / "seeds" / str(number)).write_bytes(bytes([NAMES.index(name)]) + content)
    runs, round_, ends = 0, 0, time.monotonic() + seconds
    while (left := round(ends - time.monotonic())) > 0:
        round_ += 1
        command = [sys.executable, "-m", "benchmarks.fuzz_readers", "--inside", str(work), "--seconds", str(left)]
        done = subprocess.run([*command, "--seed", str(round_)], cwd=ROOT, capture_output=True, text=True, check=False)
        counted = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
        if counted is None:
            raise RuntimeError(f"the fuzzer did not run:\n{done.stderr[-2000:]}")
        runs += int(counted[1])
    return runs, _findings(work)


def _findings(work: Path) -> dict[str, tuple[str, bytes, str]]:
    found = {}
    for file in sorted((work / "findings").iterdir()):
        if file.suffix == ".txt":
            name, fault, details = file.read_text(encoding="utf-8").split("\n", 2)
            content = smaller(name, file.with_suffix("").read_bytes()[1:], fault, work / "disk")
            found[fault] = (name, content, details)
        elif re.match(r"(timeout|oom|crash)-", file.name):  # written by libFuzzer, which ends then
            data = file.read_bytes()
            found[file.name] = (*unpacked(data)[:2], "")
    return found


def main() -> int:
    """Fuzz, and print the figures and what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=180, help="how long to look (default 180)")
    parser.add_argument(
        "--corpus", type=Path, default=ROOT / "tests" / "corpus", help="folder of seeds called WHAT@NAME"
    )
    parser.add_argument("--keep", type=Path, help="folder for the findings, and for what to go on with another time")
    parser.add_argument("--write", action="store_true", help="keep what is printed in docs/benchmarks.md")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        inside(given.inside, given.seconds, given.seed)
    from benchmarks.record import recorded

    with tempfile.TemporaryDirectory(prefix="undersaid-fuzz-") as scratch, recorded("fuzz_readers", write=given.write):
        work, began = given.keep or Path(scratch), time.monotonic()
        work.mkdir(parents=True, exist_ok=True)
        runs, found = fuzz(given.seconds, corpus(given.corpus), work)
        print(f"{runs:,} files read in {time.monotonic() - began:.0f} s, {len(found)} findings")
        for number, (fault, (name, content, details)) in enumerate(found.items(), 1):
            print(f"\n{number}. {fault}\n   {name}, {len(content)} bytes: {content[:300]!r}\n{details}")
            if given.keep:
                (work / f"found-{number}@{name}").write_bytes(content)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
