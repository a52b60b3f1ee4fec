"""Whether a broker's topics are those that a signals.db was filled from."""

from collections.abc import Mapping
from pathlib import Path

from schemas.cluster import Broker
from schemas.sources import is_same_source
from schemas.topics import OUTBOUND, prefixed
from signal_tracker import admin
from signal_tracker.errors import BrokerError


def check_same_topics(
    broker: Broker, prefix: str, stored_ids: Mapping[str, str], path: Path
) -> None:
    """Raise BrokerError where decisions on these rows would reach other signals.

    A database without offsets was filled from no broker; missing topics are not its matter.
    """
    if not stored_ids:
        return
    names = [prefixed(prefix, topic) for topic in OUTBOUND]
    known = {name: stored_ids[name] for name in names if name in stored_ids}
    if not known:
        msg = f"{path} holds the topic {min(stored_ids)}, none behind the prefix {prefix!r}"
        raise BrokerError(f"{msg}: name the --prefix and --broker of its sink")  # noqa: EM102 two ends of one message
    there = admin.topic_ids(broker, known)
    for name, stored_id in known.items():
        if not is_same_source(stored_id, there.get(name, stored_id)):
            msg = (
                f"expected the topic {name} with id {stored_id}, of which {path} is, "
                f"was {there[name]} at {broker}: name the --broker of its sink"
            )
            raise BrokerError(msg)
