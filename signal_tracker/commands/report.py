"""`signal-tracker report`: the report of signals.db, on the terminal or in a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from signal_tracker.logs import PipelineLog
from signal_tracker.options import checked_output, data_option, option

if TYPE_CHECKING:
    from sinks.report import Report


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
    from sinks.snapshot import DATABASE, load_report, replace_file

    text = _rendered(load_report(data / DATABASE), format_)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    replace_file(output, text)
    PipelineLog(data).track(f"report written: {output}")
    click.echo(f"wrote {output}", err=True)


def _rendered(report: "Report", format_: str) -> str:
    from sinks.report_csv import signals_csv
    from sinks.report_html import report_html
    from sinks.report_html_page import html_page
    from sinks.report_json import summary_json
    from sinks.report_text import report_text

    match format_:
        case "json":
            return summary_json(report)
        case "csv":
            return signals_csv(report)
        case "html":
            return report_html(html_page(report))
    return report_text(report)
