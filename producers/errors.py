"""What can go wrong at the edge in.

ProducerError
├── InputError            a file as a whole cannot be read
├── ModelError            the endpoint did not answer, or not as asked
└── PublishError          the broker does not take a record
    ├── NoBrokerError     the broker does not answer
    └── MissingTopicError the topic is not on the broker
"""


class ProducerError(Exception):
    """Base of the errors of this package."""


class InputError(ProducerError):
    """Say why nothing of a file can be read."""


class ModelError(ProducerError):
    """Say what was wrong with a model's answer."""


class PublishError(ProducerError):
    """Say what the broker did not do."""


class NoBrokerError(PublishError):
    """Say that nobody answers at the address."""


class MissingTopicError(PublishError):
    """Say which topic is missing."""
