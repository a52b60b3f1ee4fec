"""What became of an input, in words that are the same for the same way through the code."""


def refused(error: Exception) -> str:
    """Return the way of an input that was refused as declared."""
    return f"refused {type(error).__name__} {str(error)[:32]}"


def taken(*what: object) -> str:
    """Return the way of an input that was read."""
    return " ".join(("taken", *map(str, what)))
