"""Read the versions of a policy from a TOML text, or say in which line it is wrong."""

import re
import tomllib
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from schemas.policy import (
    COHORT_METRICS,
    OPERATORS,
    SCREEN_METRICS,
    CheckRule,
    PaperRules,
    Policy,
    PolicyVersions,
    hashed,
)
from streams.domain.policy import METRICS
from streams.policy_bounds import BOUNDS
from streams.policy_lines import Lines
from streams.policy_tables import Convert, Place, PolicyError, Table, UnexpectedError
from streams.policy_values import flag, moment_ms, name, number, one_of, ticker, whole

_SETTINGS = {
    "effective_from": moment_ms,
    "min_sessions": whole(1, 400),
    "cost_bps_per_side": number(0, 10_000),
    "hold_band": number(0, 1),
    "jump_guard": number(0, 10),
    "total_return": flag,
    "benchmark": ticker,
    "risk_free_rate": number(-1, 1),
}
_PAPER = {
    "capital": number(1, 1e15),
    "max_position": number(0, 1),
    "max_short_position": number(0, 1),
    "max_ticker": number(0, 1),
    "max_gross": number(0, 10),
    "slippage_bps": number(0, 10_000),
    "impact_bps_per_10k": number(0, 10_000),
    "cost_bps": number(0, 10_000),
}
_ASKED: Mapping[str, Collection[str]] = {
    "screen": SCREEN_METRICS,
    "check": METRICS,
    "cohort": COHORT_METRICS,
}
_VERSION = (*_SETTINGS, "also_ready", *_ASKED, "paper")
_DATA_CLASSES = ("backdated", "fallback", "synthetic")
_AT_LINE = re.compile(r"(.*) \(at line ([0-9]+), column ([0-9]+)\)", re.DOTALL)


def parse_policy(text: str, origin: str) -> PolicyVersions:
    """Return the versions in a TOML text; raise PolicyError naming what is wrong, and where."""
    content = _loaded(text, origin)
    file = Table(content, Place(origin=origin, lines=Lines(text)), ("name", "version"))
    policy_name = file.take("name", name)
    tables = file.tables("version", _VERSION)
    versions = [_version(each, policy_name) for each in tables]
    if not versions:
        msg = "version: expected at least one [[version]], was none"
        raise file.place.at("version").error(msg)
    for (before, earlier), (table, later) in pairwise(zip(tables, versions, strict=True)):
        if later.effective_from_ms <= earlier.effective_from_ms:
            line = before.place.at("effective_from").line
            msg = f"effective_from: expected a time after that in line {line}, was no later"
            raise table.place.at("effective_from").error(msg)
    return PolicyVersions(versions=tuple(versions))


def _loaded(text: str, origin: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, message = _syntax(str(error), text)
    except RecursionError:
        line, message = 1, "expected the tables of a policy, was nested without end"
    except ValueError as error:
        # a whole number of thousands of digits
        line, message = 1, str(error)
    msg = f"{origin}:{line}: {message}"
    raise PolicyError(msg)


def _syntax(message: str, text: str) -> tuple[int, str]:
    """Return the line that the end of a message of tomllib tells, and the message without."""
    found = _AT_LINE.fullmatch(message)
    if found is None:
        return text.rstrip().count("\n") + 1, message
    return int(found[2]), f"{found[1]} (column {found[3]})"


def _version(table: Table, policy_name: str) -> Policy:
    settings = {key: table.take(key, convert) for key, convert in _SETTINGS.items()}
    ready = table.each("also_ready", one_of(_DATA_CLASSES))
    starts, sessions = settings.pop("effective_from"), settings["min_sessions"]
    paper = table.table("paper", _PAPER)
    rules = {key: _rules(table, key, sessions) for key in _ASKED}
    return hashed(
        Policy(
            name=policy_name,
            effective_from_ms=starts,
            also_ready=tuple(sorted(set(ready))),
            screen=rules["screen"],
            checks=rules["check"],
            cohort=rules["cohort"],
            paper=PaperRules(**{key: paper.take(key, value) for key, value in _PAPER.items()}),
            **settings,
        )
    )


def _rules(version: Table, key: str, sessions: int) -> tuple[CheckRule, ...]:
    found: dict[str, CheckRule] = {}
    lines: dict[str, int] = {}
    for table in version.tables(key, ("name", "op", "required")):
        rule = _rule(table, key, sessions)
        place = table.place.at("name")
        if rule.name in found:
            line = lines[rule.name]
            msg = f"name: expected each check once, was that of line {line} again: {rule.name}"
            raise place.error(msg)
        found[rule.name], lines[rule.name] = rule, place.line
    return tuple(found.values())


def _rule(table: Table, key: str, sessions: int) -> CheckRule:
    metric = table.take("name", _metric_of(key))
    bounds = BOUNDS[metric]
    op = table.take("op", _operator_of(metric))
    required = table.take("required", number(bounds.low, bounds.high))
    place = table.place.at("required")
    if bounds.hopeless(op, required):
        msg = f"required: expected what can be met, was {metric} {op} {required:g}"
        raise place.error(msg)
    if metric == "validation_period" and not OPERATORS[op](sessions, required):
        msg = f"required: expected what min_sessions ({sessions}) meets, was {op} {required:g}"
        raise place.error(msg)
    return CheckRule(name=metric, op=op, required=required)


def _metric_of(key: str) -> Convert:
    known = one_of(_ASKED[key])

    def convert(value: Any) -> str:
        for other, metrics in _ASKED.items():
            if isinstance(value, str) and value not in _ASKED[key] and value in metrics:
                expected = f"one of {', '.join(_ASKED[key])}"
                raise UnexpectedError(expected, f"it is a check of [[version.{other}]]")
        return str(known(value))

    return convert


def _operator_of(metric: str) -> Convert:
    operators = BOUNDS[metric].operators

    def convert(value: Any) -> str:
        if value not in operators:
            expected = f"{' or '.join(operators)} for {metric}"
            raise UnexpectedError(expected)
        return str(value)

    return convert
