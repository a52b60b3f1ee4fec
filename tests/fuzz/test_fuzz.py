"""A short run of the fuzzer: the corpus, with all that was ever found, and some hundred more."""

import pytest

from tests.fuzz.running import CORPUS
from tests.fuzz.targets import TARGETS, fuzz

INPUTS = 700
MAX_CORPUS_BYTES = 1_000_000


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_does_what_is_not_declared(name: str) -> None:
    report = fuzz(name, INPUTS, seed=7, bounded=False)

    assert report.found == {}
    assert report.inputs == INPUTS
    assert report.taken


def test_the_corpus_is_small_and_of_the_targets() -> None:
    assert {path.name for path in CORPUS.iterdir()} == TARGETS.keys()
    assert sum(path.stat().st_size for path in CORPUS.glob("*/*")) < MAX_CORPUS_BYTES
