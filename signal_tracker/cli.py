"""The `signal-tracker` command: a table of names; a command's module is imported when called."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import click

from signal_tracker.printing import plain
from signal_tracker.settings import Settings
from signal_tracker.stopping import Stopped, is_of_a_signal, take_asked, unwind_on_signals

PROGRAM = "signal-tracker"

COMMANDS = {
    "demo": ("demo", "Run the whole pipeline on bundled prices, from signals to the report."),
    "replay": ("replay", "Judge your own signals on your own prices."),
    "broker": ("broker", "Run a broker on this machine."),
    "topics": ("topics", "List the topics, or create them."),
    "publish": ("publish", "Publish signals, ticks, corporate actions or decisions from a file."),
    "generate": ("generate", "Make signals with a model or the deterministic fallback."),
    "worker": ("worker", "Run the Faust worker that joins signals and prices."),
    "sink": ("sink", "Write SQLite rows or report files from the topics."),
    "events": ("events", "Read the validation events as JSON lines."),
    "report": ("report", "Write the report from SQLite."),
    "validate": ("validate", "Show each signal's checks, as stored or by another policy."),
    "review": ("review", "Show which signals are ready, and stage them for paper trading."),
    "decide": ("decide", "Publish a decision on one signal."),
    "dlq": ("dlq", "List, show and replay dead letters."),
    "status": ("status", "Show lag, counts, as-of time and dead letters."),
    "explain": ("explain", "Show the whole life of one signal."),
    "audit": ("audit", "Fold the source topics again and compare every row."),
    "rebuild": ("rebuild", "Make signals.db anew from the topics."),
}

LATER = {
    "dashboard": "the live page",
}

# By name, so that no library is imported for an error it did not raise.
_KNOWN_ERRORS = (
    ("builtins", "OSError"),
    ("signal_tracker.errors", "TrackerError"),
    ("schemas.errors", "SchemaError"),
    ("producers.errors", "ProducerError"),
    ("streams.policy_files", "PolicyError"),
    ("streams.sessions", "CalendarError"),
    ("sinks.errors", "SinkError"),
    ("kafka.errors", "KafkaError"),
    ("aiokafka.errors", "KafkaError"),
    ("sqlite3", "Error"),
    ("streams.rows", "StateError"),
    ("streams.run", "WorkerError"),
    ("streams.shelf", "ShelfError"),
)


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, imported now."""
        if cmd_name in LATER:
            return _later(cmd_name)
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"signal_tracker.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


@click.group(name=PROGRAM, cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=PROGRAM, prog_name=PROGRAM)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Forward testing of trading signals: did it come true, after costs?

    Data goes to stdout, words to stderr. Exit status: 0 ok, 1 failed, 2 usage.
    """
    ctx.obj = Settings.from_env(os.environ)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit status."""
    unwind_on_signals()
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command; return 0, 1 or 2, or 128 + the signal that ended it."""
    status = 0
    try:
        with cli.make_context(PROGRAM, list(argv)) as ctx:
            cli.invoke(ctx)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        status = leave.exit_code
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except BrokenPipeError:
        # the reader has gone; without this Python complains again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        status = 128 + signal.SIGINT
    except Stopped:
        status = 128 + signal.SIGTERM
    except tuple(_known_errors()) as error:
        # a log on a full disk takes no word more; the status says it
        with suppress(OSError):
            click.echo(f"Error: {plain(str(error) or type(error).__name__)}", err=True)
        status = 1
    except Exception as error:
        # a library that took a signal's exception for its own may fail of it
        if not is_of_a_signal(error):
            raise
    asked = take_asked()
    return status if asked is None else 128 + asked


def _known_errors() -> Iterator[type[Exception]]:
    for module, name in _KNOWN_ERRORS:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _later(name: str) -> click.Command:
    @click.command(
        name,
        hidden=True,
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    def wait(words: tuple[str, ...]) -> None:
        del words
        click.echo(f"`{name}` is not in this version: {LATER[name]} comes later.", err=True)
        raise click.exceptions.Exit(2)

    return wait
