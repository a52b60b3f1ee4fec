"""A few models of the study through the real pipeline: it says what the direct tests say."""

from pathlib import Path

import pytest

from streams.policy_files import load_policy
from studies.design import APART, IN_A_ROW, PLANTED, panel
from studies.direct import judge
from studies.replay import replay
from studies.world import read_world


def test_a_replay_of_a_few_models_is_what_is_judged_directly(tmp_path: Path) -> None:
    world, policy = read_world(), load_policy("tracker").versions[-1]
    models = [each for each in panel(world, 1, 16) if each.n <= 40][::2]
    folder = tmp_path / "replay"

    replayed = replay(models, world, folder)

    assert {each.design for each in models} == {APART, IN_A_ROW, PLANTED}
    for ours, theirs in zip(replayed, judge(models, world, policy), strict=True):
        assert ours.model is theirs.model
        assert ours.p_value == pytest.approx(theirs.p_value, abs=1e-12)
        assert ours.q_value == pytest.approx(theirs.q_value, abs=1e-12)
        assert ours.ready == theirs.ready
        hits = world.hits(ours.model.action, ours.model.horizon)
        counted = hits[ours.model.tickers, ours.model.entries]
        assert ours.hit_rate == counted.sum() / ours.model.n
        assert ours.hit_low < ours.hit_rate < ours.hit_high
        assert 0 <= ours.validated <= ours.model.n
    assert not folder.exists()
