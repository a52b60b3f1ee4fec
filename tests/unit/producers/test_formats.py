"""The registry of formats: each one is whole, and none is taken for another."""

from pathlib import PurePath

import pytest

from producers.errors import InputError
from producers.formats import FORMATS, Format, format_named, format_of


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_each_format_has_a_reader_of_prices_and_of_records(form: Format) -> None:
    assert callable(form.reader.tables)
    assert callable(form.reader.rows)


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_a_suffix_says_the_format_without_a_look_at_the_content(form: Format) -> None:
    for suffix in form.suffixes:
        assert format_of(PurePath(f"x{suffix.upper()}"), _unread) is form
        assert format_of(PurePath(f"x{suffix}.gz"), _unread) is form


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"PAR1\x15", "parquet"),
        (b"\xef\xbb\xbf\n {", "jsonl"),
        (b"[", "jsonl"),
        (b"a,b\n", "csv"),
        (b"", "csv"),
    ],
)
def test_without_a_suffix_the_first_bytes_say_the_format(head: bytes, name: str) -> None:
    assert format_of(PurePath("standard input"), lambda: head).name == name


def test_a_format_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="of csv, parquet, jsonl, was 'xls'"):
        format_named("xls")


def _unread() -> bytes:
    pytest.fail("expected the suffix to be enough")
