"""Bytes that the readers met before: seeds of the fuzzer and what it found, each a table or one helpful sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz_readers import NAMES, Finding, corpus, fault_of, mutated, read_upload, smaller, unpacked

CORPUS = Path(__file__).parent / "corpus"
FILES = corpus(CORPUS)


def test_every_file_of_the_corpus_is_read_or_refused_in_one_sentence(tmp_path: Path) -> None:
    found = [(name, fault_of(name, content, tmp_path, every_way=False)) for name, content in FILES]
    assert [f for f in found if f[1] is not None] == []


def test_the_corpus_is_small_and_every_file_can_be_given_to_the_fuzzer() -> None:
    assert sum(len(content) for _, content in FILES) < 100_000
    assert len(FILES) == len(list(CORPUS.iterdir())) >= 40
    assert {name for name, _ in FILES} == set(NAMES)


def test_a_fault_in_a_reader_is_found_named_and_made_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, content: bytes, **_: object) -> None:
        if b"!" in content:
            raise KeyError(content)

    monkeypatch.setattr("sources.exports.read_bytes", broken)
    fault = fault_of("a.csv", b"date,n\n2024-01-01,1!\n", tmp_path, every_way=False)
    assert fault is not None
    assert fault[0] == "KeyError in readers"
    assert smaller("a.csv", b"date,n\n2024-01-01,1!\n", fault[0], tmp_path) == b"!"


def test_a_file_that_is_taken_as_a_whole_and_refused_in_parts_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"id,date,text\n1,2024-01-01,a\n2,2024-01-02,b\n"
    assert read_upload("mentions.csv", content, tmp_path) == 2
    monkeypatch.setattr("sources.exports.read_in_parts", lambda *_, **__: iter(()))
    with pytest.raises(Finding, match="2 rows as a whole, 0 in parts"):
        read_upload("mentions.csv", content, tmp_path)


def test_what_is_inside_an_archive_is_changed_so_that_it_still_opens() -> None:
    packed = next(content for name, content in FILES if name == "mentions.xlsx")
    seen: list[bytes] = []

    def mutate(data: bytes, _: int) -> bytes:
        seen.append(data)
        return data + b" "

    made = mutated(b"\x89" + packed, 20_000, 1, mutate)
    assert unpacked(made)[0] == "mentions.xlsx"
    assert unpacked(made)[2]
    assert seen[0] not in packed
    assert made[1:3] == b"PK"
