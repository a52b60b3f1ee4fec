"""What has to be right before anything is started: policy and calendars."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from schemas.policy import PolicyVersions
    from streams.sessions import CalendarBook


def check_judging(policy: str, calendars: Sequence[str]) -> "tuple[PolicyVersions, CalendarBook]":
    """Return the policy and the calendars; raise UsageError where one cannot be had."""
    from streams.sessions import DEFAULT_SUFFIXES, CalendarBook, CalendarError

    book = CalendarBook({**DEFAULT_SUFFIXES, **dict(_pair(each) for each in calendars)})
    policies = check_policy(policy)
    try:
        book.check()
    except CalendarError as error:
        raise click.UsageError(str(error)) from None
    return policies, book


def check_policy(policy: str) -> "PolicyVersions":
    """Return the versions of a preset or a policy file; raise UsageError where they are wrong."""
    from streams.policy_files import PolicyError, load_policy

    try:
        return load_policy(policy)
    except PolicyError as error:
        raise click.UsageError(str(error)) from None


def _pair(text: str) -> tuple[str, str]:
    suffix, equals, name = text.partition("=")
    if not (suffix and equals and name):
        msg = f"--calendars: expected SUFFIX=NAME, was {text!r}"
        raise click.UsageError(msg)
    return suffix, name
