"""What the front door says in one line instead of a traceback.

TrackerError
├── BrokerError           a broker does not start, answer, allow or hold what it should
│   ├── SilentBrokerError nobody answers
│   └── MissingTopicError it does not hold a topic
├── JournalError          the journal of the embedded broker cannot be used as it is
├── StateInUseError       another worker has the folder of rows that was asked for
└── RunError              a part of a run died or made no progress
"""


class TrackerError(Exception):
    """Base of the errors of this package."""


class BrokerError(TrackerError):
    """Say what is wrong with the broker, and where its log is."""


class SilentBrokerError(BrokerError):
    """Say that nobody answers at the address."""


class MissingTopicError(BrokerError):
    """Say which topic is not there."""


class JournalError(TrackerError):
    """Say what is wrong with a journal, and what to do."""


class StateInUseError(TrackerError):
    """Say which folder of rows another worker has."""


class RunError(TrackerError):
    """Say which part of a run failed."""
