"""The 47 mistakes of the original tracker, by their numbers, and the mark of a test that holds one.

A test may hold several; `test_every_row.py` sees that each has one.
"""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TypeVar

T = TypeVar("T", bound=Callable[..., object])

ROWS = {
    # state, identity, durability
    "1": "the screen before and the evidence after share one status and one counter",
    "2": "a counter is stepped at each validation: 3 of 1 validated",
    "3": "an id without model, time and horizon: the second signal is lost",
    "4": "a signal that is validated too early has failed",
    "5": "executed and archived become failed",
    "6": "a later screen overwrites the evidence",
    "7": "what was observed is not saved",
    "8": "every call rewrites the whole file, a report too, and a crash halves it",
    "9": "a replay or a second call observes again",
    "10": "a failed screen rewrites the prediction to HOLD",
    "11": "fallback and synthetic signals look like the model's own",
    "12": "local times without a zone",
    "13": "a missing action is a KeyError, and a lower-case one a HOLD",
    # observations and returns
    "14": "calls are counted as days",
    "15": "sessions are annualised by 365",
    "16": "the entry is the first observation, too",
    "17": "two observations become an annual return",
    "18": "a HOLD returns 0 and can never pass",
    "19": "only the last price counts",
    "20": "a short that loses more than all gives a complex number",
    "21": "a price of zero stops the tracker, NaN poisons the entry",
    "22": "a late price becomes the entry, or the last word",
    "23": "costs, dividends and splits are left out",
    "24": "target, stop and horizon are left out: nothing ever matures",
    "25": "a forward return of 5 days is one of 2, 3 or 4 sessions",
    "26": "the average return is that of the validated, over those without one, too",
    # metrics and inference
    "27": "a check without a figure is left out, and the rest passes",
    "28": "drawdown, capital and costs are not checked",
    "29": "30 observations of one signal tell nothing, and 45 % of nothing passes",
    "30": "validated again and again until it passes",
    "31": "one pass among many opens the gate for all",
    "32": "a Sharpe ratio of trades that overlap, as if they were days",
    "33": "an annual return that compounds trades that overlap",
    "34": "alpha is an annual return less a total one, against the ticker itself",
    "35": "an information ratio is shown as alpha",
    "36": "a test that is blind to the sign",
    "37": "the win rate is the share of SELL orders",
    "38": "the drawdown of an equity curve that was taken for returns",
    "39": "a hit rate without interval, ties or base rate",
    "40": "calibration as a correlation of five bins, never below 0",
    "41": "nobody says what confidence means",
    "41b": "a HOLD counts as a SELL, and no move as its hit",
    "41c": "the screen sees the close of the day on which the signal was made",
    "42": "an information coefficient of signs alone",
    "43": "an infinite profit factor, and thresholds that are sometimes strict",
    "44": "the monitor judges real signals on random prices, and writes to the database",
    "45": "signals that overlap are counted as independent ones",
}


def row(*numbers: str) -> Callable[[T], T]:
    """Mark a test as one that holds these rows."""
    unknown = set(numbers) - ROWS.keys()
    if unknown or not numbers:
        msg = f"expected rows of the ledger, was {sorted(unknown)}"
        raise KeyError(msg)

    def mark(test: T) -> T:
        test.__dict__["rows"] = numbers
        return test

    return mark


def held_by(module: ModuleType) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name of each test of a module, and the rows that it holds."""
    for name, value in vars(module).items():
        if name.startswith("test_") and callable(value):
            yield name, vars(value).get("rows", ())
