"""Draws: the same for a seed everywhere, others for another seed."""

import numpy as np

from studies.draws import Draws


def test_a_seed_gives_these_numbers_on_every_machine() -> None:
    drawn = Draws(1, 0).uniforms(3)

    assert drawn.tolist() == PINNED
    assert Draws(1, 0).many_below(1000, 3).tolist() == [int(1000 * each) for each in PINNED]


def test_another_seed_or_purpose_gives_others() -> None:
    streams = [Draws(*seed).uniforms(8).tolist() for seed in ((1, 0), (2, 0), (1, 1))]

    assert len({tuple(each) for each in streams}) == 3


def test_every_whole_number_below_the_limit_is_as_likely() -> None:
    counts = np.bincount(Draws(3).many_below(7, 70_000), minlength=7)

    assert len(counts) == 7
    assert abs(counts - 10_000).max() < 400


PINNED = [0.5118216247002567, 0.9504636963259353, 0.14415961271963373]
