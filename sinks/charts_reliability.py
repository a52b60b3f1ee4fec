"""PURE: the reliability diagram: how often signals came true by how sure they were."""

from collections.abc import Sequence

from sinks.charts import HEIGHT, WIDTH, Box, label, line, no_data, svg
from sinks.charts_scales import Scale
from sinks.charts_text import count, percent
from sinks.evidence.cohort import ReliabilityBin
from sinks.evidence.rates import Rate

TITLE = "Reliability: hit rate by stated confidence"
_BOX = Box(left=40.0, right=WIDTH - 14.0, top=22.0, bottom=HEIGHT - 50.0)
_ACROSS = Scale(0.0, 1.0, _BOX.left, _BOX.right)
_UPWARDS = Scale(0.0, 1.0, _BOX.bottom, _BOX.top)


def reliability_chart(ident: str, bins: Sequence[ReliabilityBin], base: float | None) -> str:
    """Return hit rate by confidence with Wilson bars, n of each bin, and the base rate."""
    held = [each for each in bins if each.hit_rate.n]
    if not held:
        return no_data(ident, TITLE, "no matured signal yet that says how sure it is")
    parts = [*_axes(), *_ideal(), *_base(base), *_counts(bins)]
    for each in held:
        parts.extend(_bar(each))
    return svg(ident, TITLE, _described(held), parts)


def _axes() -> list[str]:
    parts = [label(2, 10, "hit rate", anchor="start", css="t unit")]
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _UPWARDS.at(value)
        parts.append(line(_BOX.left, y, _BOX.right, y, "grid"))
        parts.append(label(_BOX.left - 5, y + 3.5, percent(value, 0), anchor="end"))
    for value in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts.append(label(_ACROSS.at(value), _BOX.bottom + 15, percent(value, 0)))
    parts.append(line(_BOX.left, _BOX.bottom, _BOX.right, _BOX.bottom, "axis"))
    middle = (_BOX.left + _BOX.right) / 2
    parts.append(label(middle, HEIGHT - 5, "stated confidence", css="t unit"))
    return parts


def _ideal() -> list[str]:
    return [
        line(_BOX.left, _BOX.bottom, _BOX.right, _BOX.top, "ideal"),
        label(_ACROSS.at(0.17), _UPWARDS.at(0.09), "calibrated", anchor="start"),
    ]


def _base(base: float | None) -> list[str]:
    if base is None:
        return []
    y = _UPWARDS.at(base)
    words = f"base rate {percent(base)}"
    return [
        line(_BOX.left, y, _BOX.right, y, "base"),
        label(_BOX.left + 4, y - 4, words, anchor="start", css="t base"),
    ]


def _counts(bins: Sequence[ReliabilityBin]) -> list[str]:
    parts = [label(2, _BOX.bottom + 28, "n", anchor="start", css="t n")]
    for each in bins:
        x = _ACROSS.at(each.low)
        parts.append(line(x, _BOX.bottom, x, _BOX.bottom + 4, "axis"))
        middle = _ACROSS.at((each.low + each.high) / 2)
        parts.append(label(middle, _BOX.bottom + 28, f"{each.hit_rate.n:,}", css="t n"))
    return parts


def _bar(found: ReliabilityBin) -> list[str]:
    rate = found.hit_rate
    if rate.value is None or rate.low is None or rate.high is None:
        return []
    middle = (found.low + found.high) / 2
    x = _ACROSS.at(middle if found.mean_confidence is None else found.mean_confidence)
    low, high = _UPWARDS.at(rate.low), _UPWARDS.at(rate.high)
    return [
        line(x, low, x, high, "whisker"),
        line(x - 4, low, x + 4, low, "whisker"),
        line(x - 4, high, x + 4, high, "whisker"),
        f'<circle class="dot" cx="{x:.1f}" cy="{_UPWARDS.at(rate.value):.1f}" r="4"/>',
    ]


def _described(bins: Sequence[ReliabilityBin]) -> str:
    return "; ".join(
        f"confidence {percent(each.low, 0)} to {percent(each.high, 0)}: {_rate(each.hit_rate)}"
        for each in bins
    )


def _rate(found: Rate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "undefined"
    return (
        f"hit rate {percent(found.value)} of {count(found.n, 'signal')}, "
        f"95% interval {percent(found.low)} to {percent(found.high)}"
    )
