"""`signal-tracker explain`: the whole life of one signal, from signals.db alone."""

from pathlib import Path

import click

from signal_tracker.options import data_option
from signal_tracker.printing import say_lines


@click.command("explain")
@data_option
@click.argument("signal_id", metavar="SIGNAL_ID")
def command(*, data: Path, signal_id: str) -> None:
    """Show the whole life of a signal.

    Its payload, screen, entry, observations, outcome, verdict and readiness; the
    evidence of its cohort; transitions, the log of events with their revisions,
    decisions with what became of them, the paper trade, and quarantined payloads.
    """
    from signal_tracker.story import read_story
    from signal_tracker.story_claim import claim_lines
    from signal_tracker.story_history import history_lines
    from sinks.snapshot import DATABASE

    story = read_story(data / DATABASE, signal_id)
    say_lines(claim_lines(story))
    say_lines(history_lines(story))
