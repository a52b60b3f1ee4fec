"""Results as text for a terminal, and as Markdown for the manual."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

Content = Mapping[str, Any]


def number(value: float) -> str:
    """Return a value as people read it.

    >>> number(1234567.8), number(12.345), number(0.45678)
    ('1,234,568', '12.3', '0.457')
    """
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.3f}".rstrip("0").rstrip(".")


def bound(line: Content) -> str:
    """Return the bound of a result and whether it holds, empty where there is none."""
    if line["floor"] is None:
        return ""
    verdict = "holds" if line["holds"] else "DOES NOT HOLD"
    return f"{line['direction']} {number(line['floor'])}: {verdict}"


def text(lines: Sequence[Content], runs: Mapping[str, Content]) -> str:
    """Return medians and ranges of the runs, then results and bounds."""
    out = [f"{'scenario':<16} {'contestant':<26} {'median':>12} {'lowest':>12} {'highest':>12}"]
    for scenario, told in runs.items():
        for series in told["series"]:
            values = series["values"]
            cells = "".join(
                f" {number(each):>12}" for each in (median(values), min(values), max(values))
            )
            out.append(
                f"{scenario:<16} {series['contestant']:<26}{cells}  {series['unit']},"
                f" {len(values)} run{'s'[: len(values) != 1]}"
            )
    out.append("")
    for line in lines:
        ratio = "" if line["ratio"] is None else f"{line['ratio']:.2f} x {line['against']}"
        out.append(
            f"{line['scenario']:<16} {line['metric']:<34} {number(line['value']):>11}"
            f" {line['unit']:<12} {ratio:<28} {bound(line)}".rstrip()
        )
    notes = [f"{name}: {note}" for name, told in runs.items() for note in told["notes"]]
    return "\n".join([*out, "", *notes])


def markdown(lines: Sequence[Content], runs: Mapping[str, Content]) -> str:
    """Return the results as Markdown: how they were run, the bounds, then every contestant."""
    out = [*_how(runs), "", *_bounds(lines), "", *_contestants(runs), ""]
    return "\n".join([*out, *_notes(runs)]).rstrip() + "\n"


def _how(runs: Mapping[str, Content]) -> Iterator[str]:
    kinds = sorted({told["broker"] for told in runs.values()})
    quick = [name for name, told in runs.items() if told["quick"]]
    seconds = sum(told["seconds"] for told in runs.values())
    yield f"Broker: {'; '.join(kinds)}. {len(runs)} scenarios in {seconds / 60:.0f} minutes" + (
        f", of them quick: {', '.join(quick)}." if quick else "."
    )


def _bounds(lines: Sequence[Content]) -> Iterator[str]:
    yield "| scenario | metric | value | unit | against | bound | holds |"
    yield "|---|---|---:|---|---|---|---|"
    for line in lines:
        limit = "" if line["floor"] is None else f"{line['direction']} {number(line['floor'])}"
        holds = {True: "yes", False: "**no**", None: ""}[line["holds"]]
        against = line["against"] or ""
        if line["ratio"] is not None and line["ratio"] != line["value"]:
            against += f": {number(line['ratio'])} x"
        yield (
            f"| `{line['scenario']}` | {line['metric']} | {number(line['value'])} |"
            f" {line['unit']} | {against} | {limit} | {holds} |"
        )


def _contestants(runs: Mapping[str, Content]) -> Iterator[str]:
    yield "| scenario | contestant | median | range | unit | runs |"
    yield "|---|---|---:|---|---|---:|"
    for scenario, told in runs.items():
        for series in told["series"]:
            values = series["values"]
            span = f"{number(min(values))} - {number(max(values))}" if len(values) > 1 else ""
            yield (
                f"| `{scenario}` | {series['contestant']} | {number(median(values))} | {span} |"
                f" {series['unit']} | {len(values)} |"
            )


def _notes(runs: Mapping[str, Content]) -> Iterator[str]:
    for scenario, told in runs.items():
        for note in told["notes"]:
            yield f"- `{scenario}`: {note}"
