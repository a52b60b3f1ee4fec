"""Which ids are of the same topic: a journal's topics are, at every start of its broker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.sources import cluster_id_of, is_later_start, is_same_source, source_id

OLD = source_id(cluster_id_of("5f", 9), "a")
NEW = source_id(cluster_id_of("5f", 10), "b")
OTHER = source_id(cluster_id_of("60", 10), "b")


@pytest.mark.parametrize(
    ("stored", "found", "later", "same"),
    [
        (OLD, NEW, True, True),
        (NEW, OLD, False, True),
        (OLD, OLD, False, True),
        (OLD, OTHER, False, False),
        ("a", NEW, False, False),
        (NEW, "a", False, False),
        ("a", "a", False, True),
        ("a", "b", False, False),
    ],
)
def test_a_later_start_is_of_the_same_journal(
    stored: str, found: str, later: bool, same: bool
) -> None:
    assert is_later_start(stored, found) is later
    assert is_same_source(stored, found) is same


@pytest.mark.parametrize("cluster_id", [None, "", "prod", "tansu_cluster"])
def test_any_other_cluster_leaves_the_topics_id_as_it_is(cluster_id: str | None) -> None:
    assert source_id(cluster_id, "a1") == "a1"


@given(st.text(), st.text())
def test_any_ids_can_be_asked(stored: str, found: str) -> None:
    assert is_later_start(stored, found) is False
    assert is_same_source(stored, stored)
