"""What has to be right before anything is started: policy and calendars."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from streams.domain.policy import PolicyVersions
    from streams.sessions import CalendarBook


def check_judging(policy: str, calendars: Sequence[str]) -> "tuple[PolicyVersions, CalendarBook]":
    """Return the policy and the calendars; raise UsageError where one cannot be had."""
    from streams.policy_files import PolicyError, load_policy
    from streams.sessions import DEFAULT_SUFFIXES, CalendarBook, CalendarError

    book = CalendarBook({**DEFAULT_SUFFIXES, **dict(_pair(each) for each in calendars)})
    try:
        policies = load_policy(policy)
        book.check()
    except (PolicyError, CalendarError) as error:
        raise click.UsageError(str(error)) from None
    return policies, book


def _pair(text: str) -> tuple[str, str]:
    suffix, equals, name = text.partition("=")
    if not (suffix and equals and name):
        msg = f"--calendars: expected SUFFIX=NAME, was {text!r}"
        raise click.UsageError(msg)
    return suffix, name
