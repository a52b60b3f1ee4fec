"""A decision goes to the topics that its database is of, and to no others."""

from pathlib import Path

import pytest

from signal_tracker import admin
from signal_tracker.errors import BrokerError
from signal_tracker.same_topics import check_same_topics

PATH = Path("result") / "signals.db"
STORED = {"x.bars": "id-1", "x.signal-states": "id-2"}


def at_the_broker(monkeypatch: pytest.MonkeyPatch, found: dict[str, str]) -> None:
    monkeypatch.setattr(admin, "topic_ids", lambda _broker, _names: found)


@pytest.mark.parametrize("found", [STORED, {}, {"x.bars": "id-1"}], ids=str)
def test_the_same_or_missing_topics_are_no_error(
    found: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_broker(monkeypatch, found)

    check_same_topics("h:1", "x.", STORED, PATH)
    check_same_topics("h:1", "", {}, PATH)


def test_topics_that_were_made_anew_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_broker(monkeypatch, {**STORED, "x.bars": "id-9"})

    with pytest.raises(BrokerError, match=r"topic x\.bars with id id-1, .*, was id-9 at h:1"):
        check_same_topics("h:1", "x.", STORED, PATH)


def test_the_prefix_of_another_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a decision on a signal of `replay` would be one on the live signal of its id."""
    at_the_broker(monkeypatch, {})

    with pytest.raises(BrokerError, match=r"holds the topic x\.bars, none behind the prefix ''"):
        check_same_topics("h:1", "", STORED, PATH)
