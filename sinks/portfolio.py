"""PURE: the portfolio layer of the screen, how much of the capital one ticker would hold.

The other layers look at one ticker's bars and are the worker's; this one looks
at all signals of a model, by event time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from heapq import heappop, heappush
from typing import Any

from schemas.policy import FAIL, INSUFFICIENT, PASS, CheckRule, Policy, status_of, verdict_of
from schemas.records import Check
from sinks.prices import PriceHistory
from sinks.rows import SignalRow

CHECK = "ticker_exposure"

# Weights are summed as multiples of the least float, so that closing a position takes away
# exactly what opening it added, and a sum at its limit is not pushed over it by rounding.
_SCALE_BITS = 1074
_CHECK_STATUS = {"passed": PASS, "failed": FAIL}


def ticker_exposure(
    signals: Iterable[SignalRow], prices: Mapping[str, PriceHistory], policy: Policy
) -> dict[str, tuple[float, str]]:
    """Return, by the id of each BUY and SELL, the share of capital in its ticker, and of what.

    It is what the signal's source and model would hold in the ticker when the
    signal was generated, had they followed all their signals that were open
    then: this one and those before it whose horizon had not closed. Cancelled
    ones were not followed. A short position counts like a long one.
    """
    books: defaultdict[tuple[str, ...], list[SignalRow]] = defaultdict(list)
    for each in signals:
        if each.action != "HOLD":
            books[_book(each)].append(each)
    found: dict[str, tuple[float, str]] = {}
    for book in books.values():
        book.sort(key=lambda each: (each.generated_at_ms, each.signal_id))
        found.update(_exposures(book, prices, policy))
    return found


def portfolio_check(
    signal: SignalRow, exposure: Mapping[str, tuple[float, str]], policy: Policy
) -> Check | None:
    """Return the check of a signal's exposure; None of a HOLD, or where it is not asked."""
    rule = next((each for each in policy.screen if each.name == CHECK), None)
    if rule is None or signal.action == "HOLD":
        return None
    actual, reason = exposure.get(signal.signal_id, (None, "no exposure is known"))
    return _check(rule, actual, reason)


def full_screen(
    signal: SignalRow, exposure: Mapping[str, tuple[float, str]], policy: Policy
) -> dict[str, Any]:
    """Return the stored screen with the portfolio layer, and the status of both."""
    check = portfolio_check(signal, exposure, policy)
    screen = dict(signal.screen)
    if check is None:
        return screen
    others = [each for each in screen["checks"] if each["name"] != CHECK]
    # A screen without checks says by its status alone whether there was anything to look at.
    before = [each["status"] for each in others] or [
        _CHECK_STATUS.get(screen["status"], INSUFFICIENT)
    ]
    checks = [*others, asdict(check)]
    status = verdict_of([*before, check.status])
    reason = "every layer passed" if status == "passed" else _reason(screen, checks)
    return {**screen, "checks": checks, "status": status, "reason": reason}


def weight_of(signal: SignalRow, policy: Policy) -> float:
    """Return the share of capital that a signal asks for: its own, else the policy's."""
    if signal.position_size is not None:
        return abs(signal.position_size)
    short = signal.action == "SELL"
    return policy.paper.max_short_position if short else policy.paper.max_position


def _book(signal: SignalRow) -> tuple[str, ...]:
    return (
        signal.data_class,
        signal.source,
        signal.model_name,
        signal.model_version,
        signal.ticker,
    )


def _exposures(
    book: Sequence[SignalRow], prices: Mapping[str, PriceHistory], policy: Policy
) -> Iterable[tuple[str, tuple[float, str]]]:
    closing: list[tuple[int, str, int]] = []
    held = always = 0
    for signal in book:
        while closing and closing[0][0] <= signal.generated_at_ms:
            held -= heappop(closing)[2]
        own = _scaled(weight_of(signal, policy))
        others = len(closing) + always
        share = (held + own) / (1 << _SCALE_BITS)
        yield signal.signal_id, (share, _words(signal, others))
        if signal.status == "cancelled":
            continue
        held += own
        close_ms = _horizon_close(signal, prices)
        if close_ms is None:
            always += 1
        else:
            heappush(closing, (close_ms, signal.signal_id, own))


def _scaled(weight: float) -> int:
    numerator, denominator = weight.as_integer_ratio()
    return (numerator << _SCALE_BITS) // denominator


def _words(signal: SignalRow, others: int) -> str:
    count = "no" if others == 0 else others
    return (
        f"share of capital in {signal.ticker}, "
        f"with {count} other open signal{'s' if others > 1 else ''}"
    )


def _horizon_close(signal: SignalRow, prices: Mapping[str, PriceHistory]) -> int | None:
    history = prices.get(signal.ticker)
    at = None if history is None else history.position(signal.horizon_session)
    return None if history is None or at is None else int(history.close_ms[at])


def _check(rule: CheckRule, actual: float | None, reason: str) -> Check:
    return Check(
        name=rule.name,
        op=rule.op,
        required=rule.required,
        actual=actual,
        status=status_of(rule.op, rule.required, actual),
        reason=reason,
    )


def _reason(screen: Mapping[str, Any], checks: Sequence[Mapping[str, Any]]) -> str:
    for status in (FAIL, INSUFFICIENT):
        names = [each["name"] for each in checks if each["status"] == status]
        if names:
            return f"{status}: {', '.join(names)}"
    return str(screen["reason"])
