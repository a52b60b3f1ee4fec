"""The option words of the command line; one meaning each, and each with its variable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from schemas.cluster import Cluster
from schemas.topics import DEFAULT_PARTITIONS, MAX_PARTITIONS

F = TypeVar("F", bound=Callable[..., Any])

ENV_PREFIX = "SIGNAL_TRACKER_"
DEFAULT_BROKER = "127.0.0.1:9092"
DEFAULT_DATA = Path("data")
DEFAULT_APP_ID = "signal-tracker"


class ManyOption(click.Option):
    """An option that takes every word up to the next option; repeating it is the same."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "multiple": True})

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the parser of this option go on to the next word that begins with a dash."""
        super().add_to_parser(parser, ctx)
        for name in self.opts:
            known = parser._long_opt if name.startswith("--") else parser._short_opt  # noqa: SLF001 click has no public way
            known[name].process = _greedy(known[name].process)


def _greedy(process: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def take_words(value: Any, state: Any) -> None:
        process(value, state)
        while state.rargs and not _is_option(state.rargs[0]):
            process(state.rargs.pop(0), state)

    return take_words


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """Return click's option with its SIGNAL_TRACKER_* variable and default in the help."""
    long_name = next(name for name in names if name.startswith("--"))
    variable = long_name.split("/")[0].lstrip("-").replace("-", "_").upper()
    settings.setdefault("envvar", f"{ENV_PREFIX}{variable}")
    settings.setdefault("show_default", True)
    return click.option(*names, show_envvar=True, **settings)


def checked_broker(
    ctx: click.Context, _param: click.Parameter, value: str | None
) -> Cluster | None:
    """Return the cluster at HOST:PORT, several with commas, or say what is wrong with it."""
    from signal_tracker.security import security_of
    from signal_tracker.settings import Settings

    for each in (value or "").split(",") if value is not None else ():
        host, _, port = each.strip().rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 the greatest port
            msg = f"expected HOST:PORT, was {each!r}"
            raise click.BadParameter(msg)
    if value is None:
        return None
    settings = ctx.find_object(Settings) or Settings()
    return Cluster(servers=value, security=security_of(settings.security))


def checked_output(
    _ctx: click.Context, _param: click.Parameter, value: str | Path | None
) -> str | Path | None:
    """Return the file to write, or say that it cannot be put there.

    It is replaced, and never written through: /dev/stdout would be a file then.
    """
    if value in (None, "-"):
        return value
    path = Path(value)
    if not path.parent.is_dir():
        msg = f"there is no folder {path.parent}"
        raise click.BadParameter(msg)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        msg = f"expected a file, which is replaced; {path} is a link, a device or a pipe"
        raise click.BadParameter(msg)
    return value


broker_option = option(
    "--broker",
    metavar="HOST:PORT",
    default=DEFAULT_BROKER,
    callback=checked_broker,
    help="The Kafka broker; TLS and login by variables, see docs/security.md.",
)
data_option = option(
    "--data",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DATA,
    help="The folder of signals.db, the reports and the logs.",
)
prefix_option = option(
    "--prefix", metavar="TEXT", default="", help="Stands before every topic name."
)
partitions_option = option(
    "--partitions",
    metavar="N",
    type=click.IntRange(1, MAX_PARTITIONS),
    default=DEFAULT_PARTITIONS,
    help="Partitions of every topic.",
)
heartbeat_option = option(
    "--heartbeat",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=checked_output,
    help="Touch this file every few seconds while all is well.",
)
