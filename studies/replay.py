"""A panel through the real pipeline: broker, worker, SQLite sink and the reports it writes."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from importlib.resources import as_file
from pathlib import Path

import orjson

from schemas.codec import to_fields
from schemas.records import Signal
from signal_tracker.pipeline import Run, run_pipeline
from studies.design import Model
from studies.outcomes import Replayed
from studies.world import CLOSES, World

POLICY = "tracker"
SOURCE = "study"
# within every session, half days too, so that a signal enters at that session's close
_PUBLISHED_AT = time(15, 0, tzinfo=UTC)


class ReplayError(Exception):
    """The replay did not judge what was published."""


def replay(models: Sequence[Model], world: World, folder: Path) -> list[Replayed]:
    """Return what the product's reports say of each model; the folder is used up."""
    folder.mkdir(parents=True)
    signals = folder / "published.jsonl"
    lines = (orjson.dumps(_fields(each)) for each in signals_of(models, world))
    signals.write_bytes(b"\n".join(lines) + b"\n")
    with as_file(CLOSES) as prices:
        refused = run_pipeline(Run(signals=signals, ticks=[prices], policy=POLICY), folder)
    if refused:
        msg = f"expected no line to be refused, was {refused}"
        raise ReplayError(msg)
    validated = _validated(_rows(folder / "signals.csv"), sum(each.n for each in models))
    found = read_cohorts(models, _rows(folder / "cohorts.csv"), validated)
    shutil.rmtree(folder)
    return found


def signals_of(models: Iterable[Model], world: World) -> Iterable[Signal]:
    """Yield every signal of the models as it is published."""
    times = [_published_ms(each) for each in world.sessions]
    for model in models:
        for at, (ticker, entry) in enumerate(
            zip(model.tickers.tolist(), model.entries.tolist(), strict=True)
        ):
            yield Signal(
                ticker=world.tickers[ticker],
                action=model.action,
                confidence=0.55,
                # one drawn twice is two signals, a millisecond apart
                generated_at_ms=times[entry] + at,
                source=SOURCE,
                source_kind="rule",
                model=model.name,
                horizon_sessions=model.horizon,
                data_kind="replay",
            )


def read_cohorts(
    models: Sequence[Model], rows: Iterable[dict[str, str]], validated: Counter[str]
) -> list[Replayed]:
    """Return each model with its cohort's row; raise where one is missing or incomplete."""
    by_name = {row["model"]: row for row in rows if row["level"] == "cohort"}
    if by_name.keys() != {each.name for each in models}:
        msg = f"expected {len(models)} cohorts, a model each, was {len(by_name)}"
        raise ReplayError(msg)
    return [_replayed(each, by_name[each.name], validated[each.name]) for each in models]


def _replayed(model: Model, row: dict[str, str], validated: int) -> Replayed:
    if int(row["matured"]) != model.n:
        msg = f"{model.name}: expected {model.n} matured signals, was {row['matured']}"
        raise ReplayError(msg)
    return Replayed(
        model=model,
        p_value=float(row["p_value"] or 1.0),
        q_value=float(row["q_value"] or 1.0),
        p_strict=float(row["p_strict"] or 1.0),
        q_strict=float(row["q_strict"] or 1.0),
        ready=row["ready"] == "true",
        hit_rate=float(row["hit_rate"]),
        hit_low=float(row["hit_low"]),
        hit_high=float(row["hit_high"]),
        excess_low=float(row["excess_hit_low"]) if row["excess_hit_low"] else None,
        excess_high=float(row["excess_hit_high"]) if row["excess_hit_high"] else None,
        psr=float(row["psr"]),
        validated=validated,
    )


def _validated(rows: Iterable[dict[str, str]], expected: int) -> Counter[str]:
    """Return by model how many signals the policy's own checks passed, one by one."""
    found: Counter[str] = Counter()
    seen = 0
    for row in rows:
        seen += 1
        found[row["model"]] += row["verdict"] == "passed"
    if seen != expected:
        msg = f"expected {expected} signals, was {seen}"
        raise ReplayError(msg)
    return found


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _fields(signal: Signal) -> dict[str, object]:
    return {name: value for name, value in to_fields(signal).items() if value is not None}


def _published_ms(session: str) -> int:
    moment = datetime.combine(date.fromisoformat(session), _PUBLISHED_AT)
    return int(moment.timestamp()) * 1000
