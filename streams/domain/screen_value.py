"""The screen of a signal as Avro: what `screen.screen_of` says, for many signals of one market.

Most layers look at the market alone and are judged once for all signals before which the same
bar stands; those that look at the signal are judged for each.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from schemas.policy import FAIL, INSUFFICIENT, OPERATORS, PASS, CheckRule, Policy, verdict_of
from schemas.records import Signal
from schemas.signal_asked import Asked
from schemas.writing import NULL, double, number, some_double, word
from streams.domain.indicators import Market
from streams.domain.kept import Kept
from streams.domain.screen import GIVES_REASONS, METRICS, Looked, Metric, applies, max_age, why

_OF_THE_SIGNAL = ("confidence", "reasoning", "edge_to_cost")


class _Layer(NamedTuple):
    """One layer, and whether it looks at the market alone."""

    name: str
    head: bytes
    above: Callable[[float, float], bool]
    required: float
    metric: Metric
    of_market: bool


class _Kind(NamedTuple):
    """The layers that are asked of one kind of signals, and how they may end."""

    layers: tuple[_Layer, ...]
    ends: dict[tuple[str, ...], tuple[bytes, bytes]]


# What of a signal and its market the layers of a market look at.
_Market: TypeAlias = tuple[str, bool, Market | None, int]
# Of each layer: judged already, or None.
_Row: TypeAlias = tuple[tuple[bytes, str] | None, ...]


class _Panel(NamedTuple):
    """What a policy asks of a signal before trading."""

    policy: Policy
    bound: int
    missing: str
    kinds: dict[tuple[str, bool], _Kind]
    rows: Kept[_Market, _Row]
    screens: Kept[tuple[_Market, float, float | None, int | None], bytes]


def screen_value(
    policy: Policy, payload: Signal | Asked, market: Market | None, signal_index: int
) -> bytes:
    """Return the screen of a signal, encoded."""
    panel = _PANELS.get(id(policy))
    if panel is None:
        panel = _PANELS[id(policy)] = _panel(policy)
    age = signal_index - market.last_index if market else 0
    if age > panel.bound:
        market, age = None, 0
    gives_reasons = payload.source_kind in GIVES_REASONS
    key = payload.action, gives_reasons, market, age
    # A reason is a text of its own; of a target price the sign of nothing would show.
    if gives_reasons or payload.target_price is not None:
        return _screen(panel, key, payload)
    asked = key, payload.confidence, payload.expected_return, payload.horizon_sessions
    found = panel.screens.get(asked)
    if found is None:
        found = panel.screens[asked] = _screen(panel, key, payload)
    return found


def _screen(panel: _Panel, key: _Market, payload: Signal | Asked) -> bytes:
    action, gives_reasons, market, age = key
    looked = Looked(panel.policy, payload, market, age, panel.missing)
    kind = panel.kinds.get((action, gives_reasons))
    if kind is None:
        kind = panel.kinds[action, gives_reasons] = _kind(panel.policy, payload)
    row = panel.rows.get(key)
    if row is None:
        row = panel.rows[key] = tuple(
            [_judge(each, looked) if each.of_market else None for each in kind.layers]
        )
    parts, statuses = [], []
    for judged, layer in zip(row, kind.layers, strict=True):
        part, status = judged or _judge(layer, looked)
        parts.append(part)
        statuses.append(status)
    said = tuple(statuses)
    end = kind.ends.get(said)
    if end is None:
        end = kind.ends[said] = _end([each.name for each in kind.layers], said)
    return b"".join((end[0], *parts, end[1]))


def _judge(layer: _Layer, looked: Looked) -> tuple[bytes, str]:
    actual, reason = layer.metric(looked)
    if actual is None:
        return layer.head + NULL + _INSUFFICIENT + word(reason), INSUFFICIENT
    status = PASS if layer.above(actual, layer.required) else FAIL
    return layer.head + some_double(b"\2", actual) + word(status) + word(reason), status


def _panel(policy: Policy) -> _Panel:
    bound = max_age(policy)
    missing = f"no bar in the {bound + 1} sessions up to the signal"
    return _Panel(policy, bound, missing, {}, Kept(1024), Kept(1024))


def _kind(policy: Policy, payload: Signal | Asked) -> _Kind:
    return _Kind(tuple([_layer(each) for each in policy.screen if applies(each, payload)]), {})


def _layer(rule: CheckRule) -> _Layer:
    return _Layer(
        rule.name,
        word(rule.name) + word(rule.op) + double(rule.required),
        OPERATORS[rule.op],
        rule.required,
        METRICS[rule.name],
        rule.name not in _OF_THE_SIGNAL,
    )


def _end(names: list[str], statuses: tuple[str, ...]) -> tuple[bytes, bytes]:
    """Return what stands before and behind the checks."""
    count = number(len(names)) if names else b""
    reason = word(why(list(zip(names, statuses, strict=True))))
    return word(verdict_of(statuses)) + count, b"\0" + reason


_INSUFFICIENT = word(INSUFFICIENT)
_PANELS: Kept[int, _Panel] = Kept(64)
