"""What the front door says in one line instead of a traceback.

TrackerError
├── BrokerError           a broker does not start, answer or hold what it should
│   └── MissingTopicError it does not hold a topic
└── RunError              a part of a run died or made no progress
"""


class TrackerError(Exception):
    """Base of the errors of this package."""


class BrokerError(TrackerError):
    """Say what is wrong with the broker, and where its log is."""


class MissingTopicError(BrokerError):
    """Say which topic is not there."""


class RunError(TrackerError):
    """Say which part of a run failed."""
