"""Random series for the oracles, on a grid of a basis point, as hypothesis shrinks them best."""

from hypothesis import settings
from hypothesis import strategies as st

from sinks.evidence.figures import Figure

ORACLE = settings(max_examples=60, deadline=None)
FEW = settings(max_examples=25, deadline=None)

returns = st.integers(-2_000, 2_000).map(lambda basis: basis / 10_000)
confidences = st.integers(0, 100).map(lambda percent: percent / 100)


def series(min_size: int = 0, max_size: int = 60) -> st.SearchStrategy[list[float]]:
    return st.lists(returns, min_size=min_size, max_size=max_size)


def varying(min_size: int = 2, max_size: int = 60) -> st.SearchStrategy[list[float]]:
    return series(min_size, max_size).filter(lambda values: len(set(values)) > 1)


def undefined_because(figure: Figure, words: str) -> bool:
    return figure.value is None and words in (figure.reason or "")


def value_of(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value
