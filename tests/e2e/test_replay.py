"""`replay` and `demo` as processes, on embedded brokers of their own.

The result is that of the oracle and depends on nothing but the set of lines;
nothing is left running.
"""

import json
import random
import signal
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from signal_tracker import cli
from tests.e2e.judged import comparable, csv_rows, differences
from tests.e2e.processes import marked, processes_in, run, wait_until
from tests.oracle.bars import sessions_of
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_market, random_signals, write_files

TICKERS = ("AAPL", "XOM", "BRK.B", "^GSPC", "BTC-USD", "ETH-USD", "Q7")
SIGNALS = 400
HOUR_MS = 3_600_000
BAD_SIGNAL = '{"ticker": "AAPL", "action": "MAYBE", "confidence": 0.5}'
BAD_CLOSE = "1994-03-04,AAPL,minus one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Files to replay, and what the oracle makes of them."""

    folder: Path
    signals: Path
    ticks: Path
    records: list[dict[str, Any]]
    wanted: dict[str, dict[str, Any]]


def make_scenario(
    folder: Path,
    *,
    seed: int,
    first: str,
    last: str,
    splits: Sequence[Mapping[str, Any]] = (),
) -> Scenario:
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    market = random_market(rng, TICKERS, first, last)
    records = random_signals(rng, TICKERS, first, last, SIGNALS)
    signals, ticks = write_files(folder, records, market)
    return Scenario(
        folder=folder,
        signals=signals,
        ticks=ticks,
        records=records,
        wanted=judge(records, market, splits),
    )


def replay_words(scenario: Scenario, out: Path, *more: str) -> list[str]:
    files = ["--signals", str(scenario.signals), "--ticks", str(scenario.ticks)]
    return ["replay", *files, "--out", str(out), *more]


@pytest.fixture(scope="module")
def nineties(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    folder = tmp_path_factory.mktemp("nineties") / "in"
    return make_scenario(folder, seed=3, first="1993-01-04", last="1995-06-30")


@pytest.fixture(scope="module")
def replayed(nineties: Scenario) -> Path:
    """The result of the plain files with one worker, which others are compared with."""
    out = nineties.folder.parent / "out"
    mark = f"MARK={uuid.uuid4().hex}"
    run(*replay_words(nineties, out), env=dict([mark.split("=")]))
    assert marked(mark) == {}
    return out


def shuffled_and_doubled(scenario: Scenario, folder: Path, seed: int, *, bad: bool) -> Scenario:
    rng = random.Random(seed)
    folder.mkdir()
    head, *closes = scenario.ticks.read_text(encoding="utf-8").splitlines()
    lines = scenario.signals.read_text(encoding="utf-8").splitlines() * 2
    closes *= 2
    rng.shuffle(lines)
    rng.shuffle(closes)
    if bad:
        lines.insert(100, BAD_SIGNAL)
        closes.insert(500, BAD_CLOSE)
    signals, ticks = folder / "S.jsonl", folder / "C.csv"
    signals.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    ticks.write_text("".join(f"{line}\n" for line in [head, *closes]), encoding="utf-8")
    return Scenario(
        folder=folder,
        signals=signals,
        ticks=ticks,
        records=scenario.records,
        wanted=scenario.wanted,
    )


def test_the_scenario_has_the_edges(nineties: Scenario) -> None:
    """A millisecond before, at and after a close, half days, weekends, horizons 5 to 45."""
    around: set[int] = set()
    half_days = outside = 0
    for each in nineties.records:
        moment = each["generated_at_ms"]
        hours = {one.close_ms: one.open_ms for one in sessions_of(each["ticker"])}
        near = [moment - apart for apart in (-1, 0, 1) if moment - apart in hours]
        around.update(moment - close_ms for close_ms in near)
        half_days += any(close_ms - hours[close_ms] < 5 * HOUR_MS for close_ms in near)
        outside += not any(open_ms <= moment <= close_ms for close_ms, open_ms in hours.items())

    assert around == {-1, 0, 1}
    assert half_days > 5
    assert outside > 20
    assert {5, 45} <= {each.get("horizon_sessions") for each in nineties.records}
    rows = nineties.wanted.values()
    assert {row["status"] for row in rows} == {"awaiting_entry", "tracking", "passed", "failed"}
    assert {row["ticker"] for row in rows} == set(TICKERS)


def test_a_replay_of_the_nineties_agrees_with_the_oracle(
    nineties: Scenario, replayed: Path
) -> None:
    assert differences(csv_rows(replayed), nineties.wanted) == []


def test_a_replay_of_later_years_with_splits_agrees_with_the_oracle(tmp_path: Path) -> None:
    splits = [
        {"ticker": ticker, "ex_date": ex_date, "kind": "split", "ratio": ratio}
        for ticker, ex_date, ratio in (
            ("AAPL", "2020-08-31", 4.0),
            ("AAPL", "2019-06-07", 0.5),
            ("XOM", "2019-01-02", 1.5),
            ("BTC-USD", "2020-02-29", 10.0),
        )
    ]
    later = make_scenario(
        tmp_path / "in", seed=11, first="2018-06-01", last="2021-03-31", splits=splits
    )
    actions = tmp_path / "A.csv"
    rows = [",".join(map(str, each.values())) for each in splits]
    actions.write_text("".join(f"{row}\n" for row in ["ticker,ex_date,kind,ratio", *rows]))
    out = tmp_path / "out"

    run(*replay_words(later, out, "--actions", str(actions)))

    assert differences(csv_rows(out), later.wanted) == []


def test_bad_lines_are_named_and_the_rest_is_judged_whatever_the_order(
    nineties: Scenario, replayed: Path, tmp_path: Path
) -> None:
    other = shuffled_and_doubled(nineties, tmp_path / "in", 1, bad=True)
    out = tmp_path / "out"

    done = run(*replay_words(other, out), expect=1)

    assert "S.jsonl: line 101: " in done.stderr
    assert "C.csv: line 502: " in done.stderr
    assert "2 lines were refused" in done.stderr
    assert comparable(out) == comparable(replayed)


@pytest.mark.parametrize("workers", [2, 4])
def test_shuffled_and_doubled_files_give_the_same_bytes_with_more_workers(
    workers: int, nineties: Scenario, replayed: Path, tmp_path: Path
) -> None:
    other = shuffled_and_doubled(nineties, tmp_path / "in", workers, bad=False)
    out = tmp_path / "out"

    run(*replay_words(other, out, "--workers", str(workers)))

    assert comparable(out) == comparable(replayed)


def test_an_existing_result_is_refused_without_force(
    nineties: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "signals.csv").write_text("mine\n")

    assert cli.run(replay_words(nineties, out)) == 1
    assert "--force" in capsys.readouterr().err
    assert [each.name for each in out.iterdir()] == ["signals.csv"]
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--policy", "no-such-policy"], "no-such-policy"),
        (["--calendars", ".L=NOWHERE"], "NOWHERE"),
        (["--calendars", "XLON"], "SUFFIX=NAME"),
        (["--tz", "Mars/Phobos"], "Mars/Phobos"),
        (["--workers", "0"], "--workers"),
        (["--broker", "nowhere"], "HOST:PORT"),
    ],
)
def test_what_cannot_be_right_is_a_usage_error_before_anything_starts(
    words: list[str],
    told: str,
    nineties: Scenario,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(replay_words(nineties, tmp_path / "out", *words)) == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A demo over the folder of an earlier one, and what it printed."""
    out = tmp_path_factory.mktemp("demo") / "out"
    out.mkdir()
    (out / "run.json").write_text(json.dumps({"kind": "demo"}))
    (out / "stale.txt").write_text("of the demo before\n")
    yield out, run("demo", "--out", str(out)).stdout


def test_a_demo_replaces_a_demo_and_prints_its_report(demo: tuple[Path, str]) -> None:
    out, told = demo
    assert not (out / "stale.txt").exists()
    assert told.rstrip("\n") == (out / "llm_performance.txt").read_text(encoding="utf-8")
    rows = csv_rows(out).values()
    assert len(rows) >= 1000
    assert {"passed", "failed", "tracking"} <= {row["status"] for row in rows}
    assert {"fallback", "rule"} == {row["source_kind"] for row in rows}
    assert {"AAPL", "MSFT", "JPM", "XOM", "WMT"} == {row["ticker"] for row in rows}


def test_a_demo_replaces_nothing_but_a_demo(
    replayed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(each.name for each in replayed.iterdir())

    assert cli.run(["demo", "--out", str(replayed)]) == 1
    assert "--force" in capsys.readouterr().err
    assert sorted(each.name for each in replayed.iterdir()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends orphans and has /proc")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_replay_that_is_ended_early_leaves_nothing_running(
    number: int, status: int, nineties: Scenario, tmp_path: Path
) -> None:
    name, value = "MARK", uuid.uuid4().hex
    with processes_in(tmp_path / "words") as processes:
        replay = processes.start(*replay_words(nineties, tmp_path / "out"), env={name: value})
        wait_until("a broker, a worker and a sink", lambda: _parts(value) >= 3, replay)

        assert replay.end(number, within=30) == status
        wait_until("the end of what it started", lambda: marked(value) == {}, seconds=10)
    assert not (tmp_path / "out").exists()


def _parts(mark: str) -> int:
    kinds = ("broker --listener-url", "signal_tracker worker", "signal_tracker sink")
    lines = marked(mark).values()
    return sum(any(kind in line for line in lines) for kind in kinds)
