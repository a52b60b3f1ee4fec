"""What to do where a broker lets nobody in or lacks the topics: said in one way, with addresses."""

from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote

from schemas.cluster import Broker
from signal_tracker.doors import check_once, explained
from signal_tracker.errors import MissingTopicError
from signal_tracker.options import DEFAULT_BROKER


def create_topics_command(broker: Broker, prefix: str) -> str:
    """Return the command line that makes the topics on this broker, behind this prefix.

    >>> create_topics_command("127.0.0.1:9092", ""), create_topics_command("kafka:9092", "x.")
    ('signal-tracker topics create', 'signal-tracker topics create --broker kafka:9092 --prefix x.')
    """
    words = "signal-tracker topics create"
    words += f" --broker {quote(str(broker))}" if str(broker) != DEFAULT_BROKER else ""
    return words + (f" --prefix {quote(prefix)}" if prefix else "")


@contextmanager
def topics_remedied(broker: Broker, prefix: str) -> Iterator[None]:
    """Say how to make the topics where one is missing, whichever part missed it.

    And say why a broker refuses this process, where its client only got no answer.
    """
    import producers.errors
    import sinks.errors

    check_once(broker)
    try:
        yield
    except (producers.errors.NoBrokerError, sinks.errors.NoBrokerError) as error:
        raise explained(broker, str(error)) from error
    except (
        MissingTopicError,
        producers.errors.MissingTopicError,
        sinks.errors.MissingTopicError,
    ) as error:
        msg = f"{error}: run `{create_topics_command(broker, prefix)}`"
        raise MissingTopicError(msg) from error
