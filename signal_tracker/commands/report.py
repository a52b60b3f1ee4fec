"""`signal-tracker report`: the report of signals.db, on the terminal or in a file."""

from pathlib import Path

import click

from signal_tracker.logs import PipelineLog
from signal_tracker.options import checked_output, data_option, option


@click.command("report")
@data_option
@option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "csv", "html"]),
    default="text",
    help="The text report, its figures as JSON, a CSV row a signal, or one HTML page.",
)
@option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=checked_output,
    help="Replace this file in one step, instead of printing.",
)
def command(*, data: Path, format_: str, output: Path | None) -> None:
    """Write the report from DATA/signals.db alone; no broker is needed."""
    from sinks.replacing import replace_pieces
    from sinks.snapshot import DATABASE, rendered

    pieces = rendered(data / DATABASE, format_)
    if output is None:
        last = b""
        for each in pieces:
            click.echo(each, nl=False)
            last = each or last
        click.echo("", nl=not last.endswith(b"\n"))
        return
    replace_pieces(output, pieces)
    PipelineLog(data).track(f"report written: {output}")
    click.echo(f"wrote {output}", err=True)
