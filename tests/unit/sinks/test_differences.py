"""What a comparison of rows finds and counts."""

from sinks.differences import Comparison, Difference

COLUMNS = ("close", "screen")


def compared(
    expected: dict[str, tuple[object, str]], stored: dict[str, tuple[object, str]]
) -> tuple[Comparison, list[Difference]]:
    found: list[Difference] = []
    comparison = Comparison(found.append)
    sides = ([(key, *row) for key, row in side.items()] for side in (expected, stored))
    comparison.rows("bars", COLUMNS, *sides, "AAPL")
    return comparison, found


def test_equal_rows_are_counted_and_nothing_is_said() -> None:
    comparison, found = compared({"a": (1.0, "x")}, {"a": (1.0, "x")})

    assert not found
    count = comparison.counts["bars"]
    assert (count.expected, count.stored, count.equal, comparison.compared) == (1, 1, 1, 1)


def test_each_value_that_differs_is_named_with_both() -> None:
    comparison, found = compared({"a": (1.0, "x")}, {"a": (None, "y")})

    assert [(each.column, each.expected, each.was) for each in found] == [
        ("close", 1.0, None),
        ("screen", "x", "y"),
    ]
    assert (found[0].table, found[0].ticker, found[0].key) == ("bars", "AAPL", ("a",))
    assert comparison.counts["bars"].equal == 0
    assert comparison.differences["bars"] == 2


def test_a_row_that_is_missing_and_one_too_many_are_whole_rows() -> None:
    _, found = compared({"a": (1.0, "x")}, {"c": (3.0, "z"), "b": (2.0, "y")})

    assert [(each.key, each.column, each.expected, each.was) for each in found] == [
        (("a",), None, {"close": 1.0, "screen": "x"}, None),
        (("b",), None, None, {"close": 2.0, "screen": "y"}),
        (("c",), None, None, {"close": 3.0, "screen": "z"}),
    ]


def test_one_json_value_may_be_written_in_two_ways() -> None:
    """What a migration wrote, SQLite wrote; a text that is no JSON differs."""
    assert not compared({"a": (1, '{"a":1,"b":[]}')}, {"a": (1, '{ "b": [], "a": 1}')})[1]
    assert compared({"a": (1, '{"a":1}')}, {"a": (1, '{"a":')})[1]
    assert compared({"a": ("1", "x")}, {"a": ("1.0", "x")})[1], "close is no JSON column"


def test_a_stranger_is_a_row_that_should_not_be() -> None:
    comparison, found = compared({}, {})
    comparison.stranger("decisions", ("s", "d"), None, {"kind": "stage"})

    assert [(each.table, each.was, each.expected) for each in found] == [
        ("decisions", {"kind": "stage"}, None)
    ]
    assert comparison.counts["decisions"].stored == 1
