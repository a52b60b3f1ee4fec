"""A dead letter for people and for programs; its bytes are those of strangers, so escaped."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from signal_tracker.columns import aligned, counted
from signal_tracker.dead_letters import Letter, Tally, ordered
from signal_tracker.printing import fields

_DETAIL = 100


def tally_lines(tally: Tally) -> Iterator[str]:
    """Yield counts by reason and by origin, then the rows."""
    again = f", {tally.again} of them of records that were replayed" if tally.again else ""
    yield f"{counted(tally.letters, 'dead letter')}{again}"
    for title, counts in (("reason", tally.by_reason), ("origin", tally.by_topic)):
        if counts:
            yield ""
            yield from aligned((title, "records"), list(ordered(counts).items()))
    if tally.rows:
        yield ""
        yield from row_lines(tally.rows)
    if 0 < len(tally.rows) < tally.letters:
        yield f"the last {len(tally.rows)} of {tally.letters}; --limit N shows more"


def row_lines(letters: Iterable[Letter]) -> Iterator[str]:
    """Yield a table of letters."""
    rows = [
        (each.place, each.reason, _time(each.published_ms), each.replay_of, _short(each.detail))
        for each in letters
    ]
    yield from aligned(("place", "reason", "published", "replay of", "detail"), rows)


def row_line(letter: Letter) -> str:
    """Return a letter as one line."""
    return f"{letter.place} {letter.reason}: {_short(letter.detail)}"


def letter_lines(letter: Letter, encoding: str) -> Iterator[str]:
    """Yield the whole letter, its bytes last."""
    kept = f", of which the first {len(letter.value)} are kept" if letter.is_cut else ""
    key = None if letter.key is None else _shown(letter.key, encoding)
    yield f"DEAD LETTER {letter.place}"
    yield from fields(
        (
            ("reason", letter.reason),
            ("detail", letter.detail),
            ("published", _time(letter.published_ms)),
            ("replay of", letter.replay_of),
            ("key", key),
            ("bytes", f"{letter.original_size}{kept}"),
        )
    )
    for name, value in letter.headers:
        yield f"  header {name}: {'-' if value is None else _shown(value, encoding)}"
    yield ""
    yield _shown(letter.value, encoding)


def tally_json(tally: Tally) -> dict[str, Any]:
    """Return counts and rows for programs."""
    return {
        "dead_letters": tally.letters,
        "replayed_before": tally.again,
        "by_reason": ordered(tally.by_reason),
        "by_topic": ordered(tally.by_topic),
        "rows": [_row(each) for each in tally.rows],
    }


def letter_json(letter: Letter) -> dict[str, Any]:
    """Return the whole letter for programs, bytes in base64."""
    return {
        **_row(letter),
        "key_base64": None if letter.key is None else _base64(letter.key),
        "headers": [
            {"name": name, "value_base64": None if value is None else _base64(value)}
            for name, value in letter.headers
        ],
        "value_base64": _base64(letter.value),
    }


def _row(letter: Letter) -> dict[str, Any]:
    return {
        "place": str(letter.place),
        "topic": letter.place.topic,
        "partition": letter.place.partition,
        "offset": letter.place.offset,
        "index": letter.place.element,
        "reason": letter.reason,
        "detail": letter.detail,
        "published_ms": letter.published_ms,
        "replay_of": None if letter.replay_of is None else str(letter.replay_of),
        "original_size": letter.original_size,
        "cut": letter.is_cut,
    }


def _shown(value: bytes, encoding: str) -> str:
    match encoding:
        case "base64":
            return _base64(value)
        case "hex":
            return value.hex()
    # what is not UTF-8 shows as \xff, what is not printable is escaped where lines are printed
    return value.decode(errors="backslashreplace")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _short(detail: str) -> str:
    return detail if len(detail) <= _DETAIL else f"{detail[: _DETAIL - 3]}..."


def _time(ms: int) -> str:
    from sinks.times import iso_utc

    try:
        return iso_utc(ms)
    except OverflowError:
        return str(ms)
