"""Rows 40 to 44: what confidence is worth, and that nothing is made up."""

import ast
import csv
import json
from contextlib import closing
from pathlib import Path

import pytest

from signal_tracker import admin
from signal_tracker.cli import run
from sinks.sqlite_queries import connect_read_only
from tests.builders import make_policy, make_rule
from tests.mistakes.ledger import row
from tests.mistakes.world import (
    Told,
    calm,
    close_ms,
    folded,
    one,
    strict_json,
    tell,
    to_the_end,
    together,
)
from tests.oracle.examples import closes, days, signal
from tests.topology.events import Events

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Ten claims of 1.0 that all missed, and ten of 0.6 that all hit."""
    parts = []
    for at in range(20):
        sure = at < 10
        end, confidence = (90.0 - at, 1.0) if sure else (110.0 + at, 0.6)
        name = f"T{at:02}"
        parts.append(one(to_the_end(end), ticker=name, signal_id=name, confidence=confidence))
    return tell(tmp_path_factory.mktemp("claims"), together(*parts))


@row("40")
def test_calibration_is_by_bins_with_their_n_and_a_wrong_one_shows(claims: Told) -> None:
    cohort = claims.cohort

    assert [each.hit_rate.n for each in cohort.reliability] == [0] * 6 + [10, 0, 0, 10]
    assert [each.hit_rate.value for each in cohort.reliability if each.hit_rate.n] == [1.0, 0.0]
    assert {each.hit_rate.value for each in cohort.reliability if not each.hit_rate.n} == {None}
    assert cohort.brier.value == pytest.approx((10 * 1.0 + 10 * 0.16) / 20)
    assert cohort.ece.value == pytest.approx((10 * 1.0 + 10 * 0.4) / 20)
    assert cohort.ic.value is not None
    assert cohort.ic.value < -0.8


@row("41")
def test_confidence_is_the_probability_of_the_hit(tmp_path: Path) -> None:
    parts = [
        one(
            to_the_end(110.0 if at < 11 else 90.0),
            ticker=f"T{at}",
            signal_id=f"{at}",
            confidence=0.8,
        )
        for at in range(20)
    ]
    buys = tell(tmp_path / "buys", together(*parts))
    hold = tell(tmp_path / "hold", one(to_the_end(101.0), action="HOLD", confidence=0.9))
    schema = json.loads((ROOT / "schemas/avsc/signal.avsc").read_text())
    told = {each["name"]: each.get("doc", "") for each in schema["fields"]}

    # Sure by 0.8 and right in 55 of 100.
    assert buys.cohort.brier.value == pytest.approx(0.31)
    assert hold.cohort.brier.value == pytest.approx(0.01)
    assert "probability" in told["confidence"].lower()


@row("41b")
def test_a_hold_is_an_outcome_of_its_own_and_no_move_is_no_hit_of_a_sell(tmp_path: Path) -> None:
    made = {"HOLD": 90.0, "SELL": 100.0}
    told = tell(
        tmp_path,
        *(
            one(to_the_end(end), ticker=action, signal_id=action, action=action)
            for action, end in made.items()
        ),
    )

    assert {each.signal_id: each.hit for each in told.report.signals} == {
        "HOLD": "miss",
        "SELL": "miss",
    }
    assert {each.name: each.total for each in told.report.counted.by_action} == {
        "HOLD": 1,
        "SELL": 1,
    }
    assert {each.key.action for each in told.cohorts} == {"HOLD", "SELL"}
    assert told.rows["HOLD"].raw_return == pytest.approx(-0.1)
    assert told.rows["HOLD"].net_return == 0.0


@row("41c")
def test_the_screen_sees_nothing_of_the_session_in_which_the_signal_was_made() -> None:
    labels = days("2023-09-01", 101)
    noon = close_ms(labels[-1]) - 4 * 3_600_000

    def screen(*last: float) -> object:
        prices = calm(101)
        prices[-len(last) :] = last
        made = Events(signals=[signal(generated_at_ms=noon)], ticks=closes(prices, first=labels[0]))
        return folded("tracker", made)["one"].screen

    before, today = calm(101)[-2:]
    assert screen(before, today * 5) == screen(before, today / 5) == screen(before, today)
    assert screen(before / 5, today) != screen(before, today)


@row("42")
def test_the_information_coefficient_ranks_confidence_against_return(tmp_path: Path) -> None:
    """All BUY: the signs of actions do not vary, and say nothing."""

    def ic(*, agrees: bool) -> tuple[float | None, int]:
        parts = [
            one(
                to_the_end(90.0 + 2 * at),
                ticker=f"T{at}",
                signal_id=f"{at}",
                confidence=0.5 + (at if agrees else 9 - at) / 20,
            )
            for at in range(10)
        ]
        cohort = tell(tmp_path / str(agrees), together(*parts)).cohort
        [found] = [each for each in cohort.ic_by_horizon if each.horizon == 30]
        assert cohort.ic == found.ic
        return cohort.ic.value, found.n

    assert ic(agrees=True) == (1.0, 10)
    assert ic(agrees=False) == (-1.0, 10)


@row("43")
def test_without_a_loss_there_is_no_profit_factor_and_nothing_is_infinite(tmp_path: Path) -> None:
    told = tell(tmp_path, one([100.0 * 1.01**at for at in range(31)]))

    assert told.cohort.profit_factor.value is None
    assert told.cohort.profit_factor.reason == "no loss"
    assert "profit factor n/a" in told.text()
    for name in ("summary.json", "llm_signal_tracking.json"):
        assert strict_json(told.text(name))
    [shown] = [
        each
        for each in csv.DictReader(told.text("cohorts.csv").splitlines())
        if each["level"] == "cohort"
    ]
    assert shown["profit_factor"] == ""
    assert "profit_factor: no loss" in shown["undefined"]


@row("43")
@pytest.mark.parametrize(("op", "status"), [(">=", "passed"), (">", "failed")])
def test_on_the_threshold_the_operator_of_the_policy_decides_and_is_told(
    op: str, status: str
) -> None:
    events = one(to_the_end(102.1))
    exact = folded("tracker", events)["one"].annual_return
    assert exact is not None

    policy = make_policy(checks=(make_rule("annual_return", exact, op),))
    state = folded(policy, events)["one"]

    assert state.status == status
    assert state.verdict is not None
    assert [(each.op, each.required) for each in state.verdict.checks] == [(op, exact)]


@row("44")
def test_no_command_makes_up_a_price_for_what_it_judges() -> None:
    """Chance has two places: closes that `generate` calls synthetic, and the seeded bootstrap."""
    found = set()
    for package in ("signal_tracker", "producers", "streams", "schemas", "sinks"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    chance = "random" in {each.name for each in node.names}
                else:
                    named = {getattr(node, "module", None), getattr(node, "attr", None)}
                    chance = bool(named & {"random", "numpy.random"})
                if chance:
                    found.add(path.relative_to(ROOT).as_posix())

    assert found == {"producers/prices.py", "sinks/evidence/bootstrap.py"}


@row("44")
@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["validate"],
        ["validate", "--policy", "prs"],
        ["report"],
        ["review"],
        ["explain", "one"],
    ],
    ids=" ".join,
)
def test_looking_writes_nothing_to_the_database(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `status` waits long for a broker that does not answer.
    monkeypatch.setattr(admin, "end_offsets", lambda _broker, _names: {})
    monkeypatch.setattr(admin, "committed_offsets", lambda _broker, _group: {})
    told = tell(tmp_path, one(to_the_end(102.1)))

    def dump() -> list[str]:
        with closing(connect_read_only(told.database)) as connection:
            return list(connection.iterdump())

    before, held = dump(), told.database.read_bytes()

    assert run([*words, "--data", str(tmp_path)]) == 0

    assert dump() == before
    assert told.database.read_bytes() == held
    assert set(told.select("SELECT close FROM bars")) == {(100.0,), (102.1,)}
