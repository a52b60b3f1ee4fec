"""The option words: several values, variables, and the broker's address."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from signal_tracker.options import ManyOption, broker_option, data_option, option


@click.command
@option("--ticks", cls=ManyOption)
@option("--out")
@option("--loud/--quiet", default=False)
@click.argument("rest", nargs=-1)
def probe(**values: Any) -> None:
    click.echo(repr(values))


@click.command
@broker_option
@data_option
def broker(broker: str, data: object) -> None:
    click.echo(f"{broker} {data}")


def run(command: click.Command, words: str, **env: str) -> Any:
    return CliRunner().invoke(command, words.split(), env=env)


@pytest.mark.parametrize(
    ("words", "ticks"),
    [
        ("--ticks a b --out x", ("a", "b")),
        ("--ticks a --ticks b --out x", ("a", "b")),
        ("--out x --ticks a b", ("a", "b")),
        ("--ticks=a b --out x", ("a", "b")),
        ("--ticks - b --out x", ("-", "b")),
        ("--ticks a b --ticks c --out x", ("a", "b", "c")),
        ("--out x", ()),
    ],
)
def test_an_option_of_many_takes_words_up_to_the_next_option(
    words: str, ticks: tuple[str, ...]
) -> None:
    told = run(probe, words)

    assert told.exit_code == 0, told.output
    assert f"'ticks': {ticks!r}" in told.output
    assert "'out': 'x'" in told.output
    assert "'rest': ()" in told.output


def test_two_dashes_end_an_option_of_many() -> None:
    assert "'rest': ('c',)" in run(probe, "--ticks a b -- c").output


def test_an_option_of_many_needs_a_value() -> None:
    assert run(probe, "--ticks").exit_code == 2


def test_each_option_has_its_variable() -> None:
    told = run(probe, "", SIGNAL_TRACKER_TICKS="a b", SIGNAL_TRACKER_LOUD="1").output

    assert "'ticks': ('a', 'b')" in told
    assert "'loud': True" in told
    assert "SIGNAL_TRACKER_OUT" in run(probe, "--help").output


def test_the_word_on_the_command_line_wins_over_the_variable() -> None:
    told = run(broker, "--broker a:1", SIGNAL_TRACKER_BROKER="b:2", SIGNAL_TRACKER_DATA="d")

    assert told.output == "a:1 d\n"


@pytest.mark.parametrize("value", ["", "host", "host:", ":9092", "host:0", "host:x", "a:1,b"])
def test_a_broker_address_is_host_and_port(value: str) -> None:
    told = CliRunner().invoke(broker, ["--broker", value])

    assert told.exit_code == 2
    assert "expected HOST:PORT" in told.output


def test_several_brokers_stand_with_commas() -> None:
    assert run(broker, "--broker a:1,b:2").output == "a:1,b:2 data\n"
