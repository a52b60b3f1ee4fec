"""PURE: cohort evidence and the paper account as text, for people who read the report.

No rate stands without its n, nothing annualised without its mark.
"""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from sinks.evidence.cohort import ALL, Cohort
from sinks.evidence.figures import Figure, Interval
from sinks.report import Report
from sinks.rows import DATA_CLASSES

WIDTH = 80
MOST_SHOWN = 20
_RULE = "-" * WIDTH
_NA = "n/a"
_CLASS_NOTES = {
    "live": "the only evidence of the real thing",
    "replay": "the past judged again: what it was chosen with, it was chosen to fit",
    "backdated": "published after the entry's close: not live evidence",
    "fallback": "the deterministic fallback spoke, not the model: not live evidence",
    "synthetic": "made up: not live evidence",
}


def cohort_lines(report: Report) -> Iterator[str]:
    """Yield the section of cohort evidence, a part a data class."""
    for line in _cohort_lines(report):
        yield from _fitted(line)


def _cohort_lines(report: Report) -> Iterator[str]:
    policy = report.policy
    if policy is None:
        yield from ("", "COHORT EVIDENCE", _RULE, "No policy has judged a signal yet.")
        return
    for data_class in DATA_CLASSES:
        own = [each for each in report.cohorts if each.key.data_class == data_class]
        finest = [each for each in own if each.key.level == "cohort"]
        if not finest:
            continue
        yield from ("", f"COHORT EVIDENCE: {data_class}", _RULE)
        counts = report.replay_counts and data_class == "replay"
        yield _CLASS_NOTES[data_class] + (
            "; here, inside replay, it counts towards readiness" if counts else ""
        )
        ready = sum(bool(each.ready) for each in finest)
        yield (
            f"cohorts {len(finest)}, ready {ready} by policy {policy.name} {policy.hash[:12]}; "
            f"matured signals {sum(each.matured for each in finest)}"
        )
        shown = _most_telling(finest)
        for each in shown:
            yield from _block(each)
        if len(shown) < len(finest):
            yield from (
                "",
                f"and more cohorts, {len(finest) - len(shown)}: cohorts.csv has all of them",
            )
        yield from ("", "All of it together:")
        for each in own:
            if each.key.level == "all":
                yield from _figures(each)


def paper_lines(report: Report) -> Iterator[str]:
    """Yield the section of the paper account."""
    for line in _paper_lines(report):
        yield from _fitted(line)


def _paper_lines(report: Report) -> Iterator[str]:
    found = report.paper_summary
    yield from ("", "PAPER ACCOUNT", _RULE)
    if found is None or not report.paper.positions:
        yield "Nothing is staged."
        return
    statuses = [each.status for each in report.paper.positions]
    yield "orders " + ", ".join(
        f"{statuses.count(name)} {name}"
        for name in ("waiting", "open", "closed", "rejected")
        if name in statuses
    )
    win = found.win_rate
    rate = _NA if win.value is None else f"{win.value:.1%} {_ends(win.low, win.high)}"
    yield f"capital {found.capital:,.2f}, equity {found.equity:,.2f}, costs {found.costs:,.2f}"
    yield (
        f"return {_percent(found.total_return)} (not annualised), "
        f"max drawdown {_percent(found.max_drawdown)}"
    )
    yield (
        f"{found.trades} closed trades, win rate {rate} (n {win.n}), "
        f"profit factor {_number(found.profit_factor)}, a trade {_number(found.expectancy)}"
    )
    yield (
        f"{'Ticker':<8} {'Side':<5} {'Entry':<11} {'Exit':<11} {'Why':<7} {'Net':>10} {'Net %':>8}"
    )
    yield _RULE
    for trade in report.paper.trades[-MOST_SHOWN:]:
        yield (
            f"{_printable(trade.ticker):<8} {trade.action:<5} {trade.entry_session:<11} "
            f"{trade.exit_session:<11} {trade.exit_reason:<7} {trade.net_pnl + 0.0:>10,.2f} "
            f"{trade.net_return + 0.0:>8.2%}"
        )
    if len(report.paper.trades) > MOST_SHOWN:
        yield f"... the last {MOST_SHOWN}; signals.db has all of them"


def name_of(cohort: Cohort) -> str:
    """Return what a cohort is called: source, model, action and horizon."""
    key = cohort.key
    if key.level == "ticker":
        return f"ticker {_printable(key.ticker)}"
    if key.level == "all":
        return f"all {key.data_class}"
    model = _printable(f"{key.source} / {key.model} {key.model_version}".rstrip())
    if key.horizon_sessions == ALL:
        return model
    return f"{model} {key.action} {key.horizon_sessions}"


def _fitted(line: str) -> Iterator[str]:
    if len(line) <= WIDTH:
        yield line
        return
    indent = line[: len(line) - len(line.lstrip())]
    yield from wrap(line.strip(), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _most_telling(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """Return those that are ready and those with most signals; in the order of their keys."""
    ranked = sorted(cohorts, key=lambda each: (not each.ready, -each.matured, each.key))
    return sorted(ranked[:MOST_SHOWN], key=lambda each: each.key)


def _block(cohort: Cohort) -> Iterator[str]:
    mark = "READY" if cohort.ready else "not ready"
    yield ""
    yield f"{name_of(cohort)}: {mark}"
    yield from _figures(cohort)
    if cohort.reasons:
        yield "  against: " + "; ".join(cohort.reasons)


def _figures(cohort: Cohort) -> Iterator[str]:
    yield (
        f"  signals {cohort.signals}, matured {cohort.matured}, open {cohort.open}, "
        f"stale {cohort.stale}, cancelled {cohort.cancelled}"
    )
    if not cohort.matured and not cohort.sessions:
        yield "  nothing has matured and no session is observed yet"
        return
    hits = cohort.hit_rate
    share = _NA if hits.value is None else f"{hits.value:.1%} {_ends(hits.low, hits.high)}"
    yield f"  hit rate {share} (n {hits.n}), base rate {_percent(cohort.base_rate)}"
    yield (
        f"  above base {_percent(cohort.excess_hit)} {_interval(cohort.excess_hit_interval)}, "
        f"p {_number(cohort.p_value, 4)}, q {_number(cohort.q_value, 4)} "
        f"(strict {_number(cohort.p_strict, 4)}, {_number(cohort.q_strict, 4)}) "
        f"(n {cohort.hit_rate.n}, effective {_number(cohort.effective_n, 1)})"
    )
    if cohort.key.action == "HOLD":
        yield from _calibration(cohort)
        return
    yield (
        f"  mean net {_percent(cohort.mean_net, 2)} {_interval(cohort.mean_net_interval, 2)}, "
        f"gross {_percent(cohort.mean_gross, 2)} (n {cohort.hit_rate.n})"
    )
    mark = " UNDER A YEAR" if cohort.under_a_year else ""
    yield (
        f"  Sharpe a year {_number(cohort.sharpe)} (gross {_number(cohort.sharpe_gross)}), "
        f"PSR {_number(cohort.psr)}, DSR {_number(cohort.dsr)} (n {cohort.sessions} sessions{mark})"
    )
    yield f"  {_more(cohort)}"
    yield (
        f"  max drawdown {_percent(cohort.max_drawdown)}, profit factor "
        f"{_number(cohort.profit_factor)}, a day {_percent(cohort.expectancy, 3)} "
        f"(n {cohort.sessions})"
    )
    yield (
        f"  alpha a year {_percent(cohort.alpha)} (t {_number(cohort.alpha_t)}), beta "
        f"{_number(cohort.beta)} to {cohort.benchmark} (n {cohort.benchmark_sessions}{mark})"
    )
    yield from _calibration(cohort)
    if cohort.trend.decayed:
        yield f"  DECAY: {cohort.trend.reason}"


def _calibration(cohort: Cohort) -> Iterator[str]:
    yield (
        f"  Brier {_number(cohort.brier, 3)}, ECE {_number(cohort.ece, 3)}, "
        f"IC {_number(cohort.ic, 3)} (n {cohort.hit_rate.n})"
    )


def _more(cohort: Cohort) -> str:
    more = cohort.min_trl_more
    if more.value is None:
        return f"sessions needed: {more.reason}"
    if not more.value:
        return f"as many sessions as PSR 95% needs (n {cohort.sessions})"
    return f"{more.value:.0f} more sessions needed for PSR 95% (n {cohort.sessions} now)"


def _percent(found: Figure, digits: int = 1) -> str:
    return _NA if found.value is None else f"{found.value:.{digits}%}"


def _number(found: Figure, digits: int = 2) -> str:
    return _NA if found.value is None else f"{found.value:.{digits}f}"


def _interval(found: Interval, digits: int = 1) -> str:
    return _ends(found.low, found.high, digits)


def _ends(low: float | None, high: float | None, digits: int = 1) -> str:
    if low is None or high is None:
        return "[n/a]"
    return f"[{low + 0.0:.{digits}%}, {high + 0.0:.{digits}%}]"


def _printable(text: str) -> str:
    # a name may hold anything, a line break too
    return "".join(each if each.isprintable() else "?" for each in text)
