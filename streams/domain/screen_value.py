"""The screen of a signal as Avro: what `screen.screen_of` says, for many signals of one market.

Most layers look at the market alone and are judged once for all signals before which the same
bar stands; those that look at the signal are judged for each.
"""

from collections.abc import Callable
from typing import NamedTuple

from schemas.policy import FAIL, INSUFFICIENT, OPERATORS, PASS, CheckRule, Policy, verdict_of
from schemas.records import Signal
from schemas.signal_asked import Asked
from schemas.writing import NULL, double, number, some_double, word
from streams.domain.indicators import Market
from streams.domain.kept import Kept
from streams.domain.screen import GIVES_REASONS, METRICS, Looked, Metric, applies, max_age, why

_OF_THE_SIGNAL = ("confidence", "reasoning", "edge_to_cost")


class _Layer(NamedTuple):
    """One layer: judged already, or the metric that judges it."""

    name: str
    head: bytes
    above: Callable[[float, float], bool]
    required: float
    metric: Metric
    judged: tuple[bytes, str] | None


class _Row(NamedTuple):
    """The layers that are asked of the signals of a kind in one market, and how they may end."""

    layers: tuple[_Layer, ...]
    ends: dict[tuple[str, ...], tuple[bytes, bytes]]


class _Panel(NamedTuple):
    """What a policy asks of a signal before trading."""

    policy: Policy
    bound: int
    rows: Kept[tuple[str, bool, Market | None, int], _Row]


def screen_value(
    policy: Policy, payload: Signal | Asked, market: Market | None, signal_index: int
) -> bytes:
    """Return the screen of a signal, encoded."""
    panel = _PANELS.get(id(policy))
    if panel is None:
        panel = _PANELS[id(policy)] = _Panel(policy, max_age(policy), Kept(256))
    age = signal_index - market.last_index if market else 0
    if age > panel.bound:
        market, age = None, 0
    looked = Looked(
        policy, payload, market, age, f"no bar in the {panel.bound + 1} sessions up to the signal"
    )
    key = payload.action, payload.source_kind in GIVES_REASONS, market, age
    row = panel.rows.get(key)
    if row is None:
        row = panel.rows[key] = _row(looked)
    parts, statuses = [], []
    for layer in row.layers:
        part, status = layer.judged or _judge(layer, looked)
        parts.append(part)
        statuses.append(status)
    said = tuple(statuses)
    end = row.ends.get(said)
    if end is None:
        end = row.ends[said] = _end([each.name for each in row.layers], said)
    return b"".join((end[0], *parts, end[1]))


def _judge(layer: _Layer, looked: Looked) -> tuple[bytes, str]:
    actual, reason = layer.metric(looked)
    if actual is None:
        return layer.head + NULL + _INSUFFICIENT + word(reason), INSUFFICIENT
    status = PASS if layer.above(actual, layer.required) else FAIL
    return layer.head + some_double(b"\2", actual) + word(status) + word(reason), status


def _row(looked: Looked) -> _Row:
    layers = []
    for rule in looked.policy.screen:
        if applies(rule, looked.payload):
            layer = _layer(rule)
            if rule.name not in _OF_THE_SIGNAL:
                layer = layer._replace(judged=_judge(layer, looked))
            layers.append(layer)
    return _Row(tuple(layers), {})


def _layer(rule: CheckRule) -> _Layer:
    head = word(rule.name) + word(rule.op) + double(rule.required)
    return _Layer(rule.name, head, OPERATORS[rule.op], rule.required, METRICS[rule.name], None)


def _end(names: list[str], statuses: tuple[str, ...]) -> tuple[bytes, bytes]:
    """Return what stands before and behind the checks."""
    count, end = (number(len(names)), b"\0") if names else (b"", b"\0")
    reason = word(why(list(zip(names, statuses, strict=True))))
    return word(verdict_of(statuses)) + count, end + reason


_INSUFFICIENT = word(INSUFFICIENT)
_PANELS: Kept[int, _Panel] = Kept(64)
