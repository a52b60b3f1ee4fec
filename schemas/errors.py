"""What can be wrong with a record that came from outside.

SchemaError
└── DecodeError   bytes, JSON or a field break the schema or a rule of it
"""


class SchemaError(Exception):
    """Base of the errors of this package."""


class DecodeError(SchemaError):
    """Say why a record or an element of it is refused."""

    def __init__(self, message: str, *, error_class: str = "InvalidRecord") -> None:
        super().__init__(message)
        self.error_class = error_class
