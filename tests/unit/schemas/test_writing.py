"""Avro numbers that are written in another way than the library's are the same bytes."""

import pytest

from schemas.writing import moment, zigzag

EDGES = [0, 1 << 27, 1 << 34, 1 << 40, 1 << 41, 1 << 48, 2**63 - 1, -(2**63)]
TIMES = [1_577_975_400_000 + step * 7_919_333_777 for step in range(50)]


@pytest.mark.parametrize("near", [-1, 0, 1])
def test_a_moment_is_the_number_that_it_is(near: int) -> None:
    values = [value for value in (each + near for each in EDGES) if -(2**63) <= value < 2**63]

    assert [moment(each) for each in values + TIMES] == [zigzag(each) for each in values + TIMES]
