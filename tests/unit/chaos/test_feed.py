"""What a seed of the fault harness brings: enough faults of each kind, and the same ones again."""

import random
from collections import Counter

from chaos.feed import make_feed
from chaos.plan import FULL, SHORT, InputKind, Kind, disturbances_of, faults_of
from schemas.topics import SIGNALS
from tests.oracle.identity import holding_payloads


def test_a_seed_has_forty_faults_of_five_kinds_without_counting_the_input() -> None:
    faults = Counter(faults_of(random.Random(1), FULL))

    assert faults.total() >= 40
    assert len(faults) >= 5
    assert min(faults.values()) >= 5


def test_a_seed_has_160_input_faults_of_three_kinds_each_a_batch() -> None:
    kinds = Counter(disturbances_of(random.Random(1), FULL))

    assert kinds.total() == FULL.batches
    assert kinds.total() - kinds[None] >= 160
    assert min(kinds[each] for each in InputKind) >= 50


def test_the_short_length_has_every_kind() -> None:
    assert set(faults_of(random.Random(1), SHORT)) == set(Kind)
    assert set(disturbances_of(random.Random(1), SHORT)) >= set(InputKind)


def test_a_seed_publishes_the_same_again_and_another_seed_does_not() -> None:
    assert make_feed(5, SHORT, 4).slots == make_feed(5, SHORT, 4).slots
    assert make_feed(5, SHORT, 4).slots != make_feed(6, SHORT, 4).slots


def test_whatever_befalls_a_batch_all_of_it_is_published() -> None:
    feed = make_feed(5, SHORT, 4)
    sent = b"".join(
        each.value for slot in feed.slots for each in slot.records if each.topic is SIGNALS
    )

    ids = [each for each in holding_payloads(feed.events.signals) if each.startswith("sig-")]
    assert ids
    assert all(each.encode() in sent for each in ids)
