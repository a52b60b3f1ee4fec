"""What can be wrong with a record that came from outside.

SchemaError
└── DecodeError   bytes, JSON or a field break the schema or a rule of it
"""


class SchemaError(Exception):
    """Base of the errors of this package."""


class DecodeError(SchemaError):
    """Say why a record is refused, or the element of it whose own JSON is `element`."""

    def __init__(
        self, message: str, *, error_class: str = "InvalidRecord", element: bytes | None = None
    ) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.element = element
