"""Read policies from TOML: the presets that ship with the product, or a user's file.

PolicyError  the file cannot be read, or a value in it is not what a policy takes
"""

import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from schemas.identity import digest
from streams.domain.policy import METRICS, CheckRule, Policy, PolicyVersions

PRESETS = ("tracker",)
LATER_PRESETS = ("mvs", "prs", "monetization")

_OPS = (">=", "<=")


class PolicyError(Exception):
    """Say which file and value is wrong."""


def load_policy(name_or_file: str) -> PolicyVersions:
    """Return the versions of a preset, or of a TOML file."""
    if name_or_file in LATER_PRESETS:
        msg = f"the preset {name_or_file!r} is not in this version; expected {', '.join(PRESETS)}"
        raise PolicyError(msg)
    if name_or_file in PRESETS:
        text = (files("streams") / "policies" / f"{name_or_file}.toml").read_text()
        return parse_policy(text, name_or_file)
    try:
        text = Path(name_or_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            f"policy {name_or_file!r}: neither a preset ({', '.join(PRESETS)}) nor a file: {error}"
        )
        raise PolicyError(msg) from None
    return parse_policy(text, name_or_file)


def parse_policy(text: str, origin: str) -> PolicyVersions:
    """Return the versions in a TOML text; raise PolicyError naming what is wrong."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{origin}: {error}"
        raise PolicyError(msg) from None
    reader = _Reader(content, origin)
    name = reader.take("name", _text)
    versions = [_version(_Reader(each, origin), name) for each in reader.take("version", _tables)]
    reader.finish()
    starts = [each.effective_from_ms for each in versions]
    if not versions or starts != sorted(set(starts)):
        msg = f"{origin}: expected at least one [[version]], in the order of effective_from"
        raise PolicyError(msg)
    return PolicyVersions(versions=tuple(versions))


def _version(reader: "_Reader", name: str) -> Policy:
    values: dict[str, Any] = {
        "effective_from_ms": reader.take("effective_from", _midnight_ms),
        "min_sessions": reader.take("min_sessions", _between(1, 400, int)),
        "cost_bps_per_side": reader.take("cost_bps_per_side", _between(0, 10_000, float)),
        "hold_band": reader.take("hold_band", _between(0, 1, float)),
        "jump_guard": reader.take("jump_guard", _between(0, 100, float)),
    }
    rules = [_rule(_Reader(each, reader.origin)) for each in reader.take("check", _tables)]
    reader.finish()
    if len({each.name for each in rules}) != len(rules):
        msg = f"{reader.origin}: a version names a check twice"
        raise PolicyError(msg)
    content = {"name": name, **values, "checks": [[e.name, e.op, e.required] for e in rules]}
    return Policy(name=name, checks=tuple(rules), hash=digest(content), **values)


def _rule(reader: "_Reader") -> CheckRule:
    rule = CheckRule(
        name=reader.take("name", _one_of(tuple(METRICS))),
        op=reader.take("op", _one_of(_OPS)),
        required=reader.take("required", _between(-1e9, 1e9, float)),
    )
    reader.finish()
    return rule


class _Reader:
    """One TOML table, from which every key has to be taken exactly once."""

    def __init__(self, content: Mapping[str, Any], origin: str) -> None:
        self.origin = origin
        self._content = dict(content)

    def take(self, key: str, convert: Callable[[Any], Any]) -> Any:
        if key not in self._content:
            msg = f"{self.origin}: {key}: missing"
            raise PolicyError(msg)
        value = self._content.pop(key)
        try:
            return convert(value)
        except ValueError as error:
            msg = f"{self.origin}: {key}: expected {error}, was {value!r}"
            raise PolicyError(msg) from None

    def finish(self) -> None:
        if self._content:
            msg = f"{self.origin}: unknown keys: {', '.join(sorted(self._content))}"
            raise PolicyError(msg)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        msg = "a text"
        raise ValueError(msg)
    return value


def _tables(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        msg = "a list of tables"
        raise ValueError(msg)
    return value


def _midnight_ms(value: Any) -> int:
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None:
        msg = "a date YYYY-MM-DD in quotes"
        raise ValueError(msg)
    return int(parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp() * 1000)


def _one_of(allowed: tuple[str, ...]) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in allowed:
            msg = f"one of {', '.join(allowed)}"
            raise ValueError(msg)
        return str(value)

    return convert


def _between(low: float, high: float, kind: type) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high or (kind is int and value != int(value)):
            msg = f"a number from {low} to {high}"
            raise ValueError(msg)
        return kind(value)

    return convert
