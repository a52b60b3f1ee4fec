"""The profile that is written beside the figures."""

import sys

from benchmarks.sampler import Sampler, name_of


def inner() -> None:
    SAMPLER.take(sys._getframe())


def outer() -> None:
    inner()


SAMPLER = Sampler()


def test_a_sample_counts_for_the_function_and_for_all_that_called_it() -> None:
    outer()
    inner()

    own = {name.rpartition(":")[2]: count for name, count in SAMPLER.own.items()}
    below = {name.rpartition(":")[2]: count for name, count in SAMPLER.below.items()}
    assert own == {"inner": 2}
    assert (below["inner"], below["outer"]) == (2, 1)
    assert "100.0%  benchmarks/test_sampler.py:inner" in SAMPLER.text("a test")


def test_a_name_holds_no_folder_of_this_machine() -> None:
    code = inner.__code__

    here = name_of(code)
    library = name_of(code.replace(co_filename="/somewhere/lib/site-packages/faust/app/base.py"))

    assert here == "benchmarks/test_sampler.py:inner"
    assert library == "faust/app/base.py:inner"
