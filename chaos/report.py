"""PURE: what a run prints: the faults survived, by kind, and what it came to."""

from collections.abc import Iterator

from chaos.storm import Survived


def lines_of(seed: int, survived: Survived) -> Iterator[str]:
    """Yield the lines before the last one."""
    verdict = survived.verdict
    rest = "never at rest"
    if survived.settled is not None:
        rest = f"at rest {survived.settled:.0f} s after the last fault"
    yield (
        f"seed {seed}: {survived.seconds:.0f} s, {rest}; {survived.signals:,} signals in "
        f"{survived.records:,} records"
    )
    yield f"process, broker and disk faults: {survived.faults.total()}"
    for kind, count in survived.faults.items():
        yield f"  {count:3}  {kind}"
    yield f"input faults, each a batch: {survived.inputs.total()}"
    for each, count in survived.inputs.items():
        yield f"  {count:3}  {each}"
    yield f"  beside them {survived.poison} records that no rule lets in"
    yield (
        f"workers: {survived.came} came, {survived.went} went; {survived.warm_starts} starts with "
        f"a standby; {survived.slow_stops} took more than 10 s to stop"
    )
    yield f"ended by themselves and were started again: {survived.ended.total()}"
    for (name, told), count in survived.ended.most_common():
        yield f"  {count:3}  {name}, {told}"
    yield f"publisher: began anew {survived.refused} times"
    yield (
        f"rows: {verdict.rows:,} signals, {verdict.judged_otherwise} columns otherwise than the "
        f"second implementation; audit compared {verdict.compared:,} rows, "
        f"{verdict.unsettled} tickers unsettled"
    )


def last_line(survived: Survived) -> str:
    """Return the line that a program looks at."""
    verdict = survived.verdict
    return (
        f"faults={survived.faults.total()} lost={verdict.lost} doubled={verdict.doubled} "
        f"audit={verdict.audit}"
    )
