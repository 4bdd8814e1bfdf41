"""What is no table, or a broken one: one sentence with file, row and remedy; nothing crashes."""

from __future__ import annotations

import csv
import gc
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources import read_export
from sources.errors import BadFile, SourceError
from sources.exports import propose, read_bytes, sniff
from sources.exports.cycles import no_cycles

TABLE = b"Date,a\n2024-01-01,5\n2024-01-02,6\n"


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return out.getvalue()


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.csv: the file is empty .0 bytes.; export it again"),
        (b" \r\n\t\n", "holds nothing but blanks"),
        (b"\0" * 100, "holds nothing but blanks"),
        (b"\xef\xbb\xbf", "holds nothing but blanks"),
        (b"Date,a\n", "column names and no rows"),
        (b"Date,a\n,\n", "column names and no rows"),
        (b"Date\n2024-01-01\n", "one column only"),
        (b"%PDF-1.7 ...", "a PDF document.*export the table again as CSV or XLSX"),
        (b"\x89PNG\r\n\x1a\n....", "a picture .PNG."),
        (b"\xff\xd8\xff\xe0....", "a picture .JPEG."),
        (b"RIFF....WEBPVP8 ", "a picture .WebP."),
        (b"SQLite format 3\0.....", "a SQLite database"),
        (b"7z\xbc\xaf\x27\x1c....", "a 7z archive"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page saved under the name of a table"),
        (b"\xef\xbb\xbf  <html><table></table></html>", "a web page"),
        ("<html><table></table></html>".encode("utf-16"), "a web page"),
        (b"<?xml version='1.0'?><a/>", "an XML file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer.*git lfs pull"),
        (b"../.git/annex/objects/aa/bb/MD5E-s1--0.csv/MD5E-s1--0.csv", "git-annex pointer.*git annex get"),
        (b"/annex/objects/MD5E-s12--0.csv\n", "git-annex pointer"),
        (b"PK\x03\x04broken", "damaged ZIP archive or workbook"),
        (b"\x1f\x8bbroken", "gzip archive is damaged"),
        (gzip.compress(TABLE * 50, mtime=0)[:-20], "gzip archive is (cut off|damaged)"),
        (gzip.compress(gzip.compress(TABLE, mtime=0), mtime=0), "a gzip archive inside a gzip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (b"PAR1xxxxPAR1", "Parquet file is damaged"),
        (b'[{"a": 1}', None),
        (b"\xff\xfeD\x00", "one column only|holds no row|no row"),
        (bytes(range(1, 32)) * 40, "does not hold text"),
    ],
)
def test_what_is_no_table_is_refused_with_its_name_and_a_remedy(content: bytes, sentence: str | None) -> None:
    with pytest.raises(BadFile, match=sentence) as caught:
        read_bytes("a.csv", content)
    assert "a.csv" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (zipped(Queries_dot_csv=TABLE, Pages_dot_csv=TABLE), "a ZIP archive holding Queries.csv, Pages.csv; unpack it"),
        (zipped(word__document_dot_xml=b"<a/>"), "Word or PowerPoint"),
        (zipped(mimetype=b"x", content_dot_xml=b"<a/>"), "OpenDocument"),
        (zipped(xl__workbook_dot_bin=b"x"), "binary Excel"),
        (zipped(Index__Document_dot_iwa=b"x"), "Numbers document"),
        (zipped(xl__workbook_dot_xml=b"<a/>"), "workbook is damaged"),
        (zipped(), "a ZIP archive holding nothing"),
        (workbook(One=[]), "no sheet of the workbook holds a table"),
    ],
)
def test_archives_and_office_files_are_told_apart(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        read_bytes("a.xlsx", content)


def test_a_path_that_leads_nowhere_or_to_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"missing\.csv: there is no such file"):
        read_export(tmp_path / "missing.csv")
    with pytest.raises(BadFile, match="a folder, not a file"):
        read_export(tmp_path)


def test_bounds_on_size_can_be_set_and_name_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniff, "MAX_BYTES", 20)
    (tmp_path / "a.csv").write_bytes(TABLE)
    with pytest.raises(BadFile, match="MB that one import may have; export a shorter period"):
        read_export(tmp_path / "a.csv")
    monkeypatch.setattr(sniff, "MAX_BYTES", 10_000)
    with pytest.raises(BadFile, match="MB that one import may have"):
        read_bytes("a.csv.gz", gzip.compress(b"a,b\n" * 10_000))  # a small archive of a large file
    monkeypatch.setattr(sniff, "MAX_ROWS", 2)
    with pytest.raises(BadFile, match="more than 2 rows"):
        read_bytes("a.csv", TABLE)
    monkeypatch.setattr(sniff, "MAX_COLUMNS", 3)
    with pytest.raises(BadFile, match=r"row 2 of a\.csv: the row has 5 cells; export at most 3 columns"):
        read_bytes("a.csv", b"a,b\n1,2,3,4,5\n1,2\n")


def test_a_fraction_in_a_row_without_a_date_does_not_decide_what_the_others_are() -> None:
    reading = read_bytes("a.csv", b"date;a;b\n2024-01-01;1;2\nI024-01-08;,2;0\n2024-01-15;3;4\n")
    assert (reading.kind, reading.table["posts"].tolist(), len(reading.rejected)) == ("counts", [1, 3, 2, 4], 1)


def test_a_parquet_file_whose_text_is_no_utf8_is_damaged() -> None:
    text = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(np.array([0, 3], "<i4")), pa.py_buffer(b"a\x95b")])
    out = io.BytesIO()
    pq.write_table(pa.table({"Date": ["2024-01-01"], "Content": text}), out)
    with pytest.raises(BadFile, match="the Parquet file is damaged"):
        read_bytes("a.parquet", out.getvalue())


def test_the_search_for_cycles_goes_on_after_reading_also_when_the_file_is_refused() -> None:
    with no_cycles():
        read_bytes("a.csv", TABLE)
        assert not gc.isenabled()
    with pytest.raises(BadFile):
        read_bytes("a.csv", b"a\nb\n")
    assert gc.isenabled()


def test_a_workbook_named_csv_and_a_text_named_xlsx_are_read_by_their_bytes_and_said() -> None:
    reading = read_bytes("a.csv", workbook(Sheet1=[["Date", "a"], ["2024-01-01", 5], ["2024-01-02", 6]]))
    assert reading.table["posts"].tolist() == [5, 6]
    assert any("an XLSX workbook by its content" in note for note in reading.notes)
    assert any("a text file by its content" in note for note in read_bytes("a.xlsx", TABLE).notes)


def test_a_gzip_of_one_table_is_read_and_said() -> None:
    reading = read_bytes("a.csv.gz", gzip.compress(TABLE))
    assert reading.table["posts"].tolist() == [5, 6]
    assert any("gzip" in note for note in reading.notes)


def test_the_sheet_that_looks_like_a_table_is_read_and_the_others_named() -> None:
    content = workbook(
        Notes=[["Exported for you"], ["x", "y"]],
        Data=[["Date", "a"], *[[f"2024-01-{d:02d}", d] for d in range(1, 20)]],
    )
    reading = read_bytes("a.xlsx", content)
    assert len(reading.table) == 19
    assert any("'Data' is read, 'Notes' not" in note for note in reading.notes)
    with pytest.raises(SourceError, match="no sheet 'Other'; its sheets are 'Notes', 'Data'"):
        read_bytes("a.xlsx", content, mapping={"sheet": "Other"})


def test_formulas_of_a_workbook_count_by_their_value_or_stay_text() -> None:
    content = workbook(
        S=[["Date", "text", "id"], ["2024-01-01", '=HYPERLINK("http://a.example","x")', 1], ["2024-01-02", "plain", 2]]
    )
    reading = read_bytes("a.xlsx", content)
    assert reading.table["text"].tolist() == ['=HYPERLINK("http://a.example","x")', "plain"]
    assert any("1 formulas" in note for note in reading.notes)


def test_an_unclosed_quote_is_named_by_its_row() -> None:
    with pytest.raises(
        BadFile, match=r"row 3 of a\.csv: a quote is opened here and never closed; close it or remove it"
    ):
        read_bytes("a.csv", b'id,date,text\n1,2024-01-01,a\n2,2024-01-02,"b\n3,2024-01-03,c\n')


def test_short_rows_are_filled_with_nulls_and_long_rows_are_refused() -> None:
    reading = read_bytes("a.csv", b"id,date,text,likes\n1,2024-01-01,a\n2,2024-01-02,b,5,surplus\n3,2024-01-03,c,7,,\n")
    assert reading.table["id"].tolist() == ["1", "3"]
    assert reading.table["like_count"].isna().tolist() == [True, False]
    assert reading.rejected[["row", "value"]].to_numpy().tolist() == [[3, "surplus"]]
    assert "more cells than the 4 columns" in reading.rejected["reason"].iloc[0]


def test_a_long_row_far_down_is_refused_by_its_line() -> None:
    body = b"".join(b'%d,2024-01-01,"two\nlines"\n' % i for i in range(300))
    reading = read_bytes("a.csv", b"id,date,text\n" + body + b"x,2024-01-01,a,b,c\n9999,2024-01-01,a\n")
    assert len(reading.table) == 301
    assert reading.rejected["row"].tolist() == [602]


def test_nul_bytes_are_left_out_and_said() -> None:
    reading = read_bytes("a.csv", b"id,date,text\n1,2024-01-01,a\0b\n2,2024-01-02,c\n")
    assert reading.table["text"].tolist() == ["ab", "c"]
    assert any("NUL" in note for note in reading.notes)


def test_a_cell_beyond_the_bound_of_the_csv_module_is_read() -> None:
    long = "x" * 200_000
    reading = read_bytes("a.csv", f"id,date,text\n1,2024-01-01,{long}\n".encode())
    assert len(reading.table["text"].iloc[0]) == 200_000


def test_a_table_without_column_names_is_named_by_its_first_row() -> None:
    with pytest.raises(BadFile, match="row 1 already holds data: there are no column names"):
        read_bytes("a.csv", b"2024-01-01,5\n2024-01-02,6\n")


def test_dates_that_mostly_do_not_exist_stop_the_import_with_the_first_row() -> None:
    with pytest.raises(
        BadFile,
        match=r"row 2 of a\.csv: 2 of 3 rows have no date that can be read, the first says: the date '2024-02-30'",
    ):
        read_bytes("a.csv", b"Date,a\n2024-02-30,1\n2024-02-31,2\n2024-03-01,3\n")


def test_a_broken_line_of_json_is_named() -> None:
    with pytest.raises(BadFile, match=r"row 2 of a\.ndjson: this line is not a JSON object"):
        read_bytes("a.ndjson", b'{"id": 1, "created_at": "2024-01-01", "text": "a"}\n{"id": 2,\n')
    with pytest.raises(BadFile, match="the JSON is broken"):
        read_bytes("a.json", b"[1, 2")
    with pytest.raises(BadFile, match="no list of objects"):
        read_bytes("a.json", b"[1, 2]")


def test_halves_of_surrogate_pairs_in_json_do_no_harm() -> None:
    reading = read_bytes("a.json", b'[{"id": "1", "created_at": "2024-01-01T00:00:00Z", "text": "a \\ud83d b"}]')
    assert reading.table["text"].tolist() == ["a \ufffd b"]


def test_a_polish_file_in_its_old_encoding_is_read_and_the_guess_said() -> None:
    text = "id,data,tekst\n1,2024-01-01,Pompa ciepła jest głośna\n"
    reading = read_bytes("a.csv", text.encode("cp1250"), mapping={"columns": {"date": "data", "text": "tekst"}})
    assert reading.table["text"].tolist() == ["Pompa ciepła jest głośna"]
    assert any("cp1250 was guessed" in note for note in reading.notes)


SNIPPETS = st.sampled_from(
    [
        *(
            b",",
            b";",
            b"\t",
            b"\n",
            b"\r",
            b'"',
            b"\0",
            b"\xff\xfe",
            b"<1",
            b"%",
            b": (",
            b")",
            b"date",
            b"text",
            b"count",
            b"{",
            b"[",
        ),
        *(
            b"2024-01-01",
            b"31/02/2024",
            b"1/2/24",
            b"1999",
            b"1e400",
            b"99999999999999999999",
            b"Week,a: (France)",
            b"TOP",
            b"RISING",
        ),
        *(
            b"PK\x03\x04",
            b"\x1f\x8b",
            b"PAR1",
            b'{"a": ',
            b"\xed\xa0\x80",
            b"\xe2\x80\xaf",
            b"-",
            b"9" * 40,
            b"0000-00-00",
            b"24:61",
        ),
    ]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=400), name=st.sampled_from(["a.csv", "a.json", "a.xlsx", "a.parquet", "geoMap.csv"]))
def test_any_bytes_give_a_table_or_one_sentence(content: bytes, name: str) -> None:
    given_or_refused(name, content)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts=st.lists(st.one_of(SNIPPETS, st.binary(max_size=6)), max_size=40))
def test_bytes_that_look_like_tables_give_a_table_or_one_sentence(parts: list[bytes]) -> None:
    given_or_refused("multiTimeline.csv", b"".join(parts))


CELLS = st.one_of(
    st.sampled_from(["", "<1", "n/a", "1,234", "12%", "Total", "2024-02-30", "x", "1e308", "-5", "日本", "0.5", "100"]),
    st.integers(-5, 10**12).map(str),
    st.dates().map(str),
    st.text(max_size=8),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    header=st.lists(
        st.sampled_from(["date", "text", "count", "topic", "a: (France)", "b", "", "id", "url", "likes"]),
        min_size=1,
        max_size=5,
    ),
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=8),
    kind=st.sampled_from([None, "posts", "counts", "interest", "content"]),
)
def test_any_table_under_known_names_gives_a_table_or_one_sentence(
    header: list[str], rows: list[list[str]], kind: str | None
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    given_or_refused("table.csv", out.getvalue().encode("utf-8", "replace"), kind)


def given_or_refused(name: str, content: bytes, kind: str | None = None) -> None:
    mapping = {"kind": kind} if kind else None
    for what in (
        lambda: read_bytes(name, content, mapping=mapping, secret=b"k" * 32),
        lambda: propose(name, content, mapping),
    ):
        sentence = "."
        try:
            what()
        except SourceError as error:
            sentence = str(error)
        assert sentence.endswith(".")
