"""Small files that would become large: each is refused in a second, by what it names and not by what it claims."""

from __future__ import annotations

import gzip
import io
import json
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.errors import BadFile
from sources.exports import propose, read_bytes, records, sniff

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TABLE = '<row r="1"><c r="A1" t="inlineStr"><is><t>Date</t></is></c><c r="B1" t="inlineStr"><is><t>a</t></is></c></row>'
DAY = '<row r="2"><c r="A2" t="inlineStr"><is><t>2024-01-01</t></is></c><c r="B2"><v>5</v></c></row>'
OUTSIDE = '<!ENTITY a SYSTEM "file:///etc/hostname">'
LAUGHS = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))


def parquet(columns: dict[str, object]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def book(rows: str = "", *, doctype: str = "", day: str = DAY, sheets: int = 1, strings: str = "") -> bytes:
    """A workbook as a hand without a library would write it."""
    kinds = {
        "xl/workbook.xml": "sheet.main",
        "xl/worksheets/sheet1.xml": "worksheet",
        "xl/sharedStrings.xml": "sharedStrings",
    }
    parts = "".join(
        f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
        for part, kind in kinds.items()
    )
    names = "".join(f'<sheet name="S{i}" sheetId="{i + 1}" r:id="r1"/>' for i in range(sheets))
    members = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{parts}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{doctype}<worksheet xmlns="{SHEET}">'
        f"<sheetData>{TABLE}{day}{rows}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f'{doctype}<sst xmlns="{SHEET}">{strings}</sst>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


def test_the_workbook_that_the_bombs_are_made_of_is_read_when_nothing_is_wrong_with_it() -> None:
    assert read_bytes("a.xlsx", book()).table["posts"].tolist() == [5]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (book('<row r="99999999999"><c r="A1"><v>1</v></c></row>'), "more rows than a workbook can"),
        (book('<row r="3"><c r="XFD3"><v>1</v></c></row>'), "16,384 columns"),
        (book("".join(f'<row r="{n}"><c r="XFD{n}"/></row>' for n in range(3, 1_500))), "far more than the file has"),
        (book(" " * 6_000_000), "unpacks to .* times its size"),
        (book(strings="<si><t>a</t></si>" * 400_000), "unpacks to .* times its size"),
        (book(sheets=300), "300 sheets"),
        (book(day=DAY.replace("2024-01-01", "&a;"), doctype=f"<!DOCTYPE x [{OUTSIDE}]>"), "damaged"),
        (book(strings="<si><t>&j;</t></si>", doctype=f'<!DOCTYPE x [<!ENTITY a "ha">{LAUGHS}]>'), "damaged"),
        (gzip.compress(b"2024-01-01,5\n" * 500_000), "unpacks to .* times its size"),
    ],
    ids=["far row", "far column", "far blanks", "blanks", "words", "sheets", "outside entity", "entities", "gzip"],
)
def test_a_bomb_is_refused_before_it_takes_time_or_memory(content: bytes, sentence: str) -> None:
    began = time.process_time()
    for read in (read_bytes, propose):
        with pytest.raises(BadFile, match=sentence) as caught:
            read("a.xlsx", content)
        assert str(caught.value).startswith("a.xlsx: ")
        assert caught.value.remedy
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "content",
    [
        b",".join(b"c%d" % i for i in range(400)) + b"\n" + b"a,b\n" * 2_000,
        json.dumps([{f"k{i % 400}": 1} for i in range(2_000)]).encode(),
        b"\n".join(b'{"k%d": 1}' % (i % 400) for i in range(2_000)),
    ],
    ids=["short rows", "sparse objects", "sparse lines"],
)
def test_rows_that_would_be_padded_beyond_measure_are_refused(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniff, "FREE_CELLS", 100_000)
    with pytest.raises(BadFile, match="cells, far more than the file has characters"):
        read_bytes("a.csv", content)


def test_a_long_word_that_every_row_repeats_is_counted_as_often_as_it_is_repeated() -> None:
    words = pa.DictionaryArray.from_arrays([0] * 20_000, ["x" * 50_000])
    content = parquet({"date": ["2024-01-01"] * 20_000, "n": words})
    assert len(content) < 20_000
    with pytest.raises(BadFile, match="954 MB, more than the 500 MB"):
        read_bytes("a.parquet", content)


def test_columns_of_nothing_take_no_bytes_and_are_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_CELLS", 1_000)
    with pytest.raises(BadFile, match="300 rows and 4 columns"):
        read_bytes("a.parquet", parquet({f"c{i}": pa.nulls(300, pa.string()) for i in range(4)}))


def test_a_long_line_with_one_odd_byte_at_its_end_is_looked_through_once() -> None:
    began = time.process_time()
    with pytest.raises(BadFile):
        read_bytes("a.csv", b"," * 3_000_000 + b"\n\xe9")
    assert time.process_time() - began < 5


def test_a_damaged_member_of_an_archive_is_named() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Queries.csv", "Top queries,Clicks\n" + "".join(f"q{i},{i}\n" for i in range(200)))
    data = bytearray(out.getvalue())
    at = data.index(b"Queries.csv") + len("Queries.csv")
    data[at : at + 8] = b"\xff" * 8
    with pytest.raises(BadFile, match=r"a\.zip: the file 'Queries\.csv' inside the archive is damaged"):
        read_bytes("a.zip", bytes(data))


def test_what_is_wrong_in_a_member_names_the_archive_and_the_member() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "Chart.csv", "Date,Clicks,Impressions,CTR,Position\n" + "2024-01-01,1,2,50%,3\n2024-01-01,2,3,50%,3\n"
        )
    with pytest.raises(BadFile, match=r"^posts\.zip, Chart\.csv"):
        read_bytes("posts.zip", out.getvalue())
