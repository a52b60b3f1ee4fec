"""The evidence of a cohort in words: no rate without its n, no annual figure without its mark."""

from schemas.policy import PASS
from signal_tracker.columns import percent
from sinks.evidence.cohort import Cohort, CohortKey
from sinks.evidence.rates import Rate


def rate_words(rate: Rate) -> str:
    """Return a share with its n and interval.

    >>> from sinks.evidence.rates import rate
    >>> rate_words(rate(18, 30)), rate_words(rate(0, 0))
    ('60.00% of 30 (95% 42.32% to 75.41%)', 'n/a of 0')
    """
    if rate.value is None:
        return f"n/a of {rate.n}"
    return f"{percent(rate.value)} of {rate.n} (95% {percent(rate.low)} to {percent(rate.high)})"


def key_words(key: CohortKey) -> str:
    """Return what the signals of a cohort have in common.

    >>> key_words(CohortKey(data_class="live", source="desk", model="m", action="BUY"))
    'live desk m BUY'
    """
    return " ".join(each for each in key if each not in ("", "*"))


def speaks_for(cohort: Cohort) -> list[str]:
    """Return the checks that a cohort passes, each with what it rests on."""
    return [
        f"{each.name} {each.actual:.4g} {each.op} {each.required:.4g} ({each.reason})"
        for each in cohort.checks
        if each.status == PASS
    ]
