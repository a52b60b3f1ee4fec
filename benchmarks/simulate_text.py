"""PURE: the tables of `docs/scale.md`, and of the terminal."""

from collections.abc import Sequence

from benchmarks.simulate_checks import Checked
from benchmarks.simulate_model import FULLNESS, Load, Model, Need

BEGIN = "<!-- written by `python -m benchmarks.simulate --write-docs` -->"
END = "<!-- end of what is written -->"

_KILO = 1_000
_UNITS = ("", "k", "M", "G", "T", "P")
_MINUTE, _HOUR = 60, 3_600
_TENTH = 0.1


def page(model: Model, found: Sequence[tuple[Load, Need]], checked: Checked | None) -> str:
    """Return all tables."""
    parts = ["### Constants", constants(model), "### What loads need", needs(model, found)]
    if checked is not None:
        parts += ["### The model beside a large market", phases(checked)]
        parts += [_memory(model, checked), _core(checked)]
    return "\n\n".join(parts)


def constants(model: Model) -> str:
    """Return the constants and where each is from."""
    rows = [
        (each.what, f"{short(each.value)} {each.unit}", each.source)
        for each in model.constants.values()
    ]
    return table(("constant", "value", "from"), rows)


def needs(model: Model, found: Sequence[tuple[Load, Need]]) -> str:
    """Return what each load needs, a column a load."""
    rows = [(name, *(cell(load, need) for load, need in found)) for name, cell in _ROWS]
    ends = [f"{short(value)} by {why}" for why, value in model.sqlite_ends().items()]
    hottest = (short(model.hottest(columnar=each)) for each in (True, False))
    return "\n\n".join(
        (
            table(("brokers' worth of ticks", *(load.name for load, _ in found)), rows),
            "One ticker is never split: it may have {} columnar ticks a second, or {} JSON ones,"
            " on a core that is {:.0%} full.".format(*hottest, FULLNESS),
            f"One SQLite file is over at so many active signals: {', '.join(ends)}.",
        )
    )


def phases(checked: Checked) -> str:
    """Return predicted beside measured."""
    rows = [
        (
            each.name,
            f"{each.count:,} {each.unit}",
            f"{each.predicted:.2f} s",
            f"{each.measured:.2f} s",
            f"{each.error:+.0%}",
        )
        for each in checked.phases
    ]
    return table(("phase", "of", "predicted", "measured", "error"), rows)


def filled(content: str, tables: str) -> str:
    """Return a page with other tables between its markers; raise ValueError without them."""
    head, begin, rest = content.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        msg = f"expected the markers {BEGIN!r} and {END!r}, was a page without them"
        raise ValueError(msg)
    return f"{head}{BEGIN}\n\n{tables}\n\n{END}{tail}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)


def short(value: float) -> str:
    """Return a number in three digits.

    >>> short(1234567), short(0.2345), short(62)
    ('1.23M', '0.234', '62')
    """
    unit = 0
    while abs(value) >= 0.9995 * _KILO and unit < len(_UNITS) - 1:
        value, unit = value / _KILO, unit + 1
    return f"{value:.3g}{_UNITS[unit]}"


def seconds(value: float) -> str:
    """Return a time.

    >>> seconds(0.01), seconds(90), seconds(7200)
    ('under 0.1 s', '1.5 min', '2 h')
    """
    if value < _TENTH:
        return "under 0.1 s"
    if value < _MINUTE:
        return f"{value:.2g} s"
    return f"{value / _MINUTE:.2g} min" if value < _HOUR else f"{value / _HOUR:.2g} h"


def _core(checked: Checked) -> str:
    core = checked.core
    rows = [
        (name, f"{each.ticker:.0f}", f"{each.signal:.2f}") for name, each in core.shares.items()
    ]
    words = (
        f"CPU in the core alone, without Faust and the wire: {core.tick:.3f} us a tick,"
        f" {core.touched:.1f} a ticker that a chunk touches, {core.close:.1f} a bar without"
        " signals; and in us:"
    )
    return f"{words}\n\n{table(('phase', 'each ticker', 'and each signal'), rows)}"


def _memory(model: Model, checked: Checked) -> str:
    predicted = model.held(checked.signals, checked.bars)
    error = predicted / checked.bytes_used - 1
    return (
        f"Memory at its end, {checked.signals:,} judged signals and {checked.bars:,} bars:"
        f" predicted {short(predicted)}, measured {short(checked.bytes_used)} bytes ({error:+.0%})."
    )


_ROWS = (
    ("ticks a second", lambda load, _: short(load.ticks)),
    ("tickers", lambda load, _: short(load.tickers)),
    ("active signals", lambda load, _: short(load.signals)),
    ("brokers for the ticks, three copies", lambda _, need: f"{need.brokers:,}"),
    ("ticks, bytes a second", lambda _, need: short(need.tick_bytes_a_second)),
    ("cores publishing", lambda _, need: short(need.publishers)),
    ("cores for ticks", lambda _, need: short(need.tick_cores)),
    ("cores for a close within a minute", lambda _, need: short(need.close_cores)),
    ("**workers**, a core each", lambda _, need: f"**{need.workers:,}**"),
    ("partitions of each topic", lambda _, need: f"{need.partitions:,}"),
    ("memory of a worker, bytes", lambda _, need: short(need.worker_bytes)),
    ("open bars to the changelog, bytes a second", lambda _, need: short(need.open_rows_a_second)),
    ("outputs and changelogs of a session, bytes", lambda _, need: short(need.session_bytes)),
    ("changelogs in all, bytes", lambda _, need: short(need.changelog_bytes)),
    ("recovery of all workers at once", lambda _, need: seconds(need.recovery_seconds)),
    ("rows of a session", lambda _, need: short(need.rows_a_session)),
    ("those into one SQLite file", lambda _, need: seconds(need.sqlite_seconds)),
    ("that file, bytes", lambda _, need: short(need.sqlite_bytes)),
    ("a full report of it", lambda _, need: seconds(need.report_seconds)),
    ("memory of that report, bytes", lambda _, need: short(need.report_bytes)),
    ("SQLite", lambda _, need: "holds" if need.sqlite_holds else "**is over**"),
)
