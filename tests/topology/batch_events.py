"""Little markets with everything in them that a batch computation has to get right.

Sessions are missing, come late or are restated; splits and dividends are announced,
corrected, withdrawn or kept quiet; signals contest ids and are published late;
decisions of every kind come in any order, most of them in vain.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.policy import Policy, hashed
from tests.builders import DAY_MS, make_paper_rules, make_policy, make_rule
from tests.oracle.bars import Session, sessions_of
from tests.oracle.scenarios import HOUR_MS
from tests.topology.events import KAFKA_MS, Events, Row

BENCHMARK = "^GSPC"
TICKERS = ("AAPL", "MSFT", "BTC-USD")
KINDS = ("cancel", "stage", "start-paper", "promote", "reject", "archive", "accept-price")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is published, and the policies that judge it."""

    events: Events
    policies: tuple[Policy, ...]


@dataclass(kw_only=True)
class _Market:
    """One ticker's sessions, and those where its price jumped."""

    ticker: str
    sessions: list[Session]
    jumps: list[str]


def random_scenario(seed: int, *, signals: int = 70) -> Scenario:
    """A market of some months under one or two versions of a policy."""
    rng = random.Random(seed)
    first = f"{1995 + seed % 28}-0{rng.randint(1, 9)}-02"
    events, markets = Events(), []
    past = rng.choice((5, 5, 40, 100))
    for ticker in (*TICKERS, BENCHMARK):
        sessions = [each for each in sessions_of(ticker) if each.label >= first]
        markets.append(_market(rng, ticker, sessions[: past + rng.randint(30, 60)], events))
    span = markets[0].sessions[past].open_ms, markets[0].sessions[-1].close_ms
    for number in range(signals):
        events.signals += _published(rng, rng.choice(markets[:3]), span, number)
    for signal in list(events.signals):
        market = next(each for each in markets if each.ticker == signal["ticker"])
        if "signal_id" in signal and rng.random() < 0.6:
            events.decisions += _decisions(rng, signal, market)
    return Scenario(events=events, policies=_policies(rng, sum(span) // 2))


def parts_of(rng: random.Random, events: Events, count: int) -> list[Events]:
    """The events in some parts, each row in any of them."""
    parts = [Events() for _ in range(count)]
    for (_, rows), *into in zip(events.by_topic(), *(e.by_topic() for e in parts), strict=True):
        for row in rows:
            rng.choice(into)[1].append(row)
    return parts


def _policies(rng: random.Random, later_ms: int) -> tuple[Policy, ...]:
    first = make_policy(
        name="random",
        min_sessions=rng.choice((3, 6, 10)),
        # Odd: a move of just the costs would hit or miss by the last bit of a quotient.
        cost_bps_per_side=rng.choice((1.37, 5.21, 40.93)),
        hold_band=rng.choice((0.02, 0.05)),
        jump_guard=rng.choice((0.2, 0.4)),
        total_return=rng.random() < 0.5,
        also_ready=rng.choice(((), ("fallback",), ("synthetic", "backdated", "replay"))),
        screen=_some(rng, (
            make_rule("confidence", 0.3), make_rule("data_age", 3.0, "<="),
            make_rule("ticker_exposure", 0.2, "<="), make_rule("reasoning", 5.0),
            make_rule("against_trend", 1.0, "<="), make_rule("volatility_percentile", 0.9, "<="),
            make_rule("edge_to_cost", 0.5),
        )[: rng.choice((3, 7))]),
        checks=_some(rng, (
            make_rule("annual_return", -0.9), make_rule("max_drawdown", 0.6, "<="),
            make_rule("stayed_flat", 0.1, "<="), make_rule("validation_period", 5.0),
        )),
        cohort=_some(rng, (
            make_rule("trades", 3.0), make_rule("mean_net", -0.5, ">"),
            make_rule("hit_low", 0.1), make_rule("sharpe", -20.0),
            make_rule("max_drawdown", 0.9, "<="), make_rule("q_value", 0.9, "<="),
        )[: rng.choice((3, 6))]),
        paper=make_paper_rules(
            max_position=rng.choice((0.02, 0.3)), max_short_position=rng.choice((0.01, 0.2)),
            max_gross=rng.choice((0.5, 3.0)), max_ticker=rng.choice((0.2, 1.0)),
            cost_bps=rng.choice((0.0, 30.0)),
        ),
    )  # fmt: skip
    second = replace(
        first,
        effective_from_ms=later_ms,
        min_sessions=rng.choice((3, 8)),
        total_return=not first.total_return,
        cohort=first.cohort[:2],
    )
    return (first, hashed(second)) if rng.random() < 0.4 else (first,)


def _some(rng: random.Random, rules: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(rule for rule in rules if rng.random() < 0.6)


def _market(rng: random.Random, ticker: str, sessions: list[Session], events: Events) -> _Market:
    """The ticks and actions of one ticker go into the events."""
    price, daily = rng.uniform(20, 300), rng.choice((0.002, 0.01, 0.03))
    quiet = rng.random() < 0.2
    market = _Market(ticker=ticker, sessions=sessions, jumps=[])
    for session in sessions:
        price *= 1 + rng.gauss(0.0, daily) * (not quiet or rng.random() < 0.5)
        if ticker != BENCHMARK and rng.random() < 0.03:
            ratio = rng.choice((2.0, 3.0, 0.5))
            price /= ratio
            market.jumps.append(session.label)
            events.actions += _told(rng, ticker, session.label, ratio)
        if rng.random() < 0.01:
            price *= rng.choice((1.5, 0.55))
            market.jumps.append(session.label)
        if rng.random() < 0.03:
            amount = round(price * rng.choice((0.005, 0.02, 0.3)), 4)
            events.actions += _dividends(rng, ticker, session.label, amount)
            price -= amount * rng.choice((0, 1, 1))
        if rng.random() > 0.03:
            events.ticks += _ticks(rng, ticker, session, round(price, 4))
    return market


def _told(rng: random.Random, ticker: str, ex_date: str, ratio: float) -> list[Row]:
    """What is announced of a split: the truth, nothing, a correction, or one that is taken back."""
    split = {
        "ticker": ticker,
        "ex_date": ex_date,
        "kind": rng.choice(("split", "Split")),
        "ratio": ratio,
    }
    return rng.choice((
        [split], [split], [split, split], [],
        [{**split, "ratio": 7.0}, {**split, "revision": 2}, {**split, "ratio": 5.0, "revision": 1}],
        [{**split, "ratio": ratio / 4}, split],
        [split, {**split, "ratio": 1.0, "revision": 1}],
        [{**split, "ratio": 1.0}, split],
    ))  # fmt: skip


def _dividends(rng: random.Random, ticker: str, ex_date: str, amount: float) -> list[Row]:
    paid = {"ticker": ticker, "ex_date": ex_date, "kind": "dividend", "amount": amount}
    return rng.choice((
        [paid], [paid, {**paid, "amount": amount / 2}],
        [paid, {**paid, "amount": 0.0, "revision": 1}],
        [paid, {**paid, "amount": amount * 2, "revision": 3}],
    ))  # fmt: skip


def _ticks(rng: random.Random, ticker: str, session: Session, close: float) -> list[Row]:
    """One close, four ticks of a bar, or ticks without an official close; some restated."""
    last = {"ticker": ticker, "session": session.label, "price": close, "final": True}
    form = rng.random()
    if form < 0.6:
        found = [last]
    elif form < 0.8:
        moves = [1 + rng.gauss(0, 0.01) for _ in range(3)]
        parts = [{**last, "price": round(close * each, 4), "final": False} for each in moves]
        found = [{**parts[0], "open": True}, *parts[1:], last]
    else:
        times = [rng.randint(session.open_ms, session.close_ms) for _ in range(3)]
        found = [
            {"ticker": ticker, "price": close + at, "ts_event_ms": time}
            for at, time in enumerate(times)
        ]
    if rng.random() < 0.04:
        moved = round(close * rng.choice((0.9, 1.02, 1.6)), 4)
        found.append(
            {**last, "price": moved, "revision": rng.choice((0, 1, 1)), "final": rng.random() < 0.7}
        )
    if rng.random() < 0.01:
        found.append(
            {"ticker": ticker, "price": close, "ts_event_ms": session.close_ms + 2 * HOUR_MS}
        )
    return found


def _published(
    rng: random.Random, market: _Market, span: tuple[int, int], number: int
) -> list[Row]:
    """A signal, now and then again, late, or with a rival for its id."""
    close_ms = rng.choice(market.sessions).close_ms
    moment = rng.choice((rng.randint(*span), close_ms + rng.choice((-1, 0, 1, -3 * HOUR_MS))))
    signal = _signal(rng, market.ticker, max(moment, span[0]), number)
    signal[KAFKA_MS] = signal["generated_at_ms"] + rng.choice((0, 0, 1000, HOUR_MS, 40 * DAY_MS))
    found = [signal]
    if rng.random() < 0.1:
        found.append({**signal, KAFKA_MS: signal["generated_at_ms"] + rng.choice((5, 60 * DAY_MS))})
    if "signal_id" in signal and rng.random() < 0.1:
        rival = {**signal, "action": rng.choice(("BUY", "Sell")), "ticker": rng.choice(TICKERS)}
        rival["generated_at_ms"] += rng.choice((-DAY_MS, 0, 0, 1))
        found.append(rival)
    return found


def _signal(rng: random.Random, ticker: str, generated_at_ms: int, number: int) -> Row:
    often = rng.random() < 0.6
    signal: Row = {
        "ticker": ticker,
        "action": "BUY" if often else rng.choice(("BUY", "SELL", "sell", "HOLD")),
        "confidence": rng.choice((0, 0.25, 0.5, 0.65, 0.8, 1)),
        "generated_at_ms": generated_at_ms,
        "source": "desk",
        "source_kind": "llm" if often else rng.choice(("llm", "rule", "human", "fallback")),
        "model": "m" if often else rng.choice(("m", "n")),
        "horizon_sessions": 4 if often else rng.choice((1, 4, 12, None)),
        "data_kind": "live" if often else rng.choice(("live", "live", "replay", "synthetic")),
    }
    if rng.random() < 0.9:
        signal["signal_id"] = f"sig-{number:03d}"
    for name, values in (
        ("reasoning", ("short", "the trend is up and the news are good")),
        ("expected_return", (0.02, -0.01)),
        ("position_size", (0.01, 0.1, 0.0)),
        ("entry_price", (100.0, 25.5)),
        ("target_price", (110.0, 60.0, 30.0)),
        ("stop_loss", (95.0, 20.0)),
    ):
        if rng.random() < 0.25:
            signal[name] = rng.choice(values)
    return signal


def _decisions(rng: random.Random, signal: Row, market: _Market) -> list[Row]:
    """Most often the way of a signal that is staged; else anything at any time."""
    after = [e for e in market.sessions if e.close_ms > signal["generated_at_ms"]]
    moments = [signal["generated_at_ms"], *(e.close_ms for e in after), *(e.open_ms for e in after)]
    if rng.random() < 0.6:
        way = ("stage", "start-paper", rng.choice(("promote", "reject")), "archive")
        kinds = list(way[: rng.randint(1, 4)])
        times = sorted(rng.choice(moments[len(moments) // 4 :]) for _ in kinds)
    elif rng.random() < 0.3:
        kinds, times = ["cancel"], [signal["generated_at_ms"] + rng.choice((0, 1, HOUR_MS))]
    else:
        kinds = [rng.choice(KINDS) for _ in range(rng.randint(1, 3))]
        times = [rng.choice(moments) + rng.choice((-1, 0, 0, 1, DAY_MS)) for _ in kinds]
    sessions = [_session(rng, market, *each) for each in zip(kinds, times, strict=True)]
    accepted = [label for label in market.jumps if rng.random() < 0.2]
    kinds += ["accept-price" for _ in accepted]
    times += [rng.choice(moments) for _ in accepted]
    decided = zip(kinds, times, [*sessions, *accepted], strict=True)
    found = [
        {
            "decision_id": f"{signal['signal_id']}-{signal['ticker']}-{at}",
            "signal_id": signal["signal_id"],
            "ticker": signal["ticker"],
            "kind": kind,
            "decided_at_ms": time,
            "session": session,
        }
        for at, (kind, time, session) in enumerate(decided)
    ]
    return found + [_rival(rng, each) for each in found if rng.random() < 0.1]


def _session(rng: random.Random, market: _Market, kind: str, decided_at_ms: int) -> str | None:
    if kind != "accept-price" and rng.random() < 0.7:
        return None
    near = [e.label for e in market.sessions if abs(e.close_ms - decided_at_ms) < 9 * DAY_MS]
    return rng.choice(near or [market.sessions[0].label])


def _rival(rng: random.Random, decision: Row) -> Row:
    """Another decision under the same id."""
    return {
        **decision,
        "decided_at_ms": decision["decided_at_ms"] + rng.choice((-DAY_MS, 0, DAY_MS)),
        "kind": rng.choice((decision["kind"], "stage")),
        "by": rng.choice(("", "me")),
    }
