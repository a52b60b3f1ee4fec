"""What to do where a broker lacks the topics: said in one way, with the addresses in use."""

from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote

from signal_tracker.errors import MissingTopicError
from signal_tracker.options import DEFAULT_BROKER


def create_topics_command(broker: str, prefix: str) -> str:
    """Return the command line that makes the topics on this broker, behind this prefix.

    >>> create_topics_command("127.0.0.1:9092", ""), create_topics_command("kafka:9092", "x.")
    ('signal-tracker topics create', 'signal-tracker topics create --broker kafka:9092 --prefix x.')
    """
    words = "signal-tracker topics create"
    words += f" --broker {quote(broker)}" if broker != DEFAULT_BROKER else ""
    return words + (f" --prefix {quote(prefix)}" if prefix else "")


@contextmanager
def topics_remedied(broker: str, prefix: str) -> Iterator[None]:
    """Say how to make the topics where one is missing, whichever part missed it."""
    import producers.errors
    import sinks.errors

    try:
        yield
    except (
        MissingTopicError,
        producers.errors.MissingTopicError,
        sinks.errors.MissingTopicError,
    ) as error:
        msg = f"{error}: run `{create_topics_command(broker, prefix)}`"
        raise MissingTopicError(msg) from error
