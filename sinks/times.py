"""PURE: event times as the text that rows and reports show."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso_utc(ms: int) -> str:
    """Return ISO 8601 UTC of one width, so that text order is time order.

    >>> iso_utc(0)
    '1970-01-01T00:00:00.000Z'
    """
    return _at(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_date(ms: int) -> str:
    """Return the UTC date as YYYY-MM-DD.

    >>> utc_date(86_400_000 - 1)
    '1970-01-01'
    """
    return _at(ms).date().isoformat()


def utc_seconds(ms: int) -> str:
    """Return YYYY-MM-DD HH:MM:SS in UTC.

    >>> utc_seconds(1_762_152_035_999)
    '2025-11-03 06:40:35'
    """
    return _at(ms).strftime("%Y-%m-%d %H:%M:%S")


def _at(ms: int) -> datetime:
    # A timedelta of integers: datetime.fromtimestamp rounds through a float.
    return _EPOCH + timedelta(milliseconds=ms)
