"""A study as tables of Markdown, which are also what it prints."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from sinks.evidence.rates import Rate, rate
from studies.design import ACTIONS, APART, EDGES, HORIZONS, IN_A_ROW, NUMBERS, Model
from studies.measures import (
    detection,
    effective_number,
    estimate,
    false_discoveries,
    original_passes,
    share,
    wilson_covers,
)
from studies.outcomes import Judged, Replayed
from studies.promises import SIZE, Promise
from studies.sharpe import TAIL
from studies.study import Study

Cells = Sequence[str]

_RARE = 0.001


def table(study: Study, promised: Sequence[Promise]) -> str:
    """Return every table of the study, with a heading each."""
    plan, policy = study.plan, study.policy
    parts = [
        f"Seeds 1 to {plan.seeds} replayed, 1 to {len(study.direct)} judged directly; a seed is "
        f"{plan.nulls} null models and {len(EDGES) * len(NUMBERS)} planted ones. Policy "
        f"`{policy.name}`, q at most {study.fdr:g}. In brackets: 95 % Wilson intervals.",
        *_section("Promises", _promises(promised)),
        *_section("Null cohorts, replayed", _nulls(study)),
        *_section("Called ready", _called(study)),
        *_section("Planted cohorts called ready, by edge", _detection(study, lambda m: m.edge)),
        *_section("Planted cohorts called ready, by signals", _detection(study, lambda m: m.n)),
        *_section("Planted cohorts called ready, by both, judged directly", _both(study)),
        *_section("PSR against the true Sharpe ratio", _psr(study)),
        *_section("The original's rule beside it, replayed", _original(study)),
    ]
    return "\n\n".join(parts) + "\n"


def percent(found: Rate) -> str:
    """Return a share with its n and interval.

    >>> percent(Rate(n=4, count=1, value=0.25, low=0.0456, high=0.6994))
    '25.0 % of 4 [4.6, 69.9]'
    """
    if found.value is None or found.low is None or found.high is None:
        return "none"
    return (
        f"{100 * found.value:.1f} % of {found.n:,} [{100 * found.low:.1f}, {100 * found.high:.1f}]"
    )


def _section(heading: str, rows: Iterable[Cells]) -> Iterator[str]:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    yield f"### {heading}"
    yield "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _promises(promised: Iterable[Promise]) -> Iterator[Cells]:
    yield "promise", "observed", "2 s.e.", "bound", "n", "holds"
    for each in promised:
        yield (
            each.name,
            f"{each.value:.4g}",
            f"{each.error:.2g}" if each.error else "",
            f"{each.relation} {each.bound:g}",
            f"{each.n:,}",
            "yes" if each.holds else "**NO**",
        )


def _nulls(study: Study) -> Iterator[Cells]:
    yield (
        "signals", "horizon", "effective n, of about 35", "p < .05", "p < .001", "strict p < .05",
        "strict p < .001", "called ready", "Wilson 95 % covers", "bootstrap 95 % covers",
    )  # fmt: skip
    for design in (APART, IN_A_ROW):
        for horizon in HORIZONS:
            rows = [
                each
                for each in study.replays()
                if each.model.design == design and each.model.horizon == horizon
            ]
            yield (
                design,
                str(horizon),
                f"{effective_number(rows, study.world):.1f}",
                percent(share(each.p_value < SIZE for each in rows)),
                percent(share(each.p_value < _RARE for each in rows)),
                percent(share(each.p_strict < SIZE for each in rows)),
                percent(share(each.p_strict < _RARE for each in rows)),
                percent(share(each.ready for each in rows)),
                percent(share(wilson_covers(each, study.world) for each in rows)),
                percent(_bootstrap_covers(rows)),
            )


def _bootstrap_covers(rows: Sequence[Replayed]) -> Rate:
    ends = [(each.excess_low, each.excess_high) for each in rows]
    return share(low <= 0 <= high for low, high in ends if low is not None and high is not None)


def _called(study: Study) -> Iterator[Cells]:
    yield "seed", "null, of all null", "planted, of all planted", "null among those called"
    for seed, rows in study.replayed.items():
        yield str(seed), *_calls([rows], f"{100 * false_discoveries(rows):.0f} %")
    panels = list(study.replayed.values())
    yield f"1 to {len(panels)}, replayed", *_calls(panels, _mean_wrong(panels))
    direct = list(study.direct.values())
    yield f"1 to {len(direct)}, directly", *_calls(direct, _mean_wrong(direct))


def _calls(panels: Sequence[Sequence[Judged]], wrong: str) -> Cells:
    every = [each for panel in panels for each in panel]
    return (
        percent(share(each.ready for each in every if each.null)),
        percent(share(each.ready for each in every if not each.null)),
        wrong,
    )


def _mean_wrong(panels: Sequence[Sequence[Judged]]) -> str:
    found = estimate([false_discoveries(each) for each in panels])
    told = f"{100 * found.value:.1f} %"
    return told if found.error is None else f"{told} +- {100 * found.error:.1f}"


def _detection(study: Study, key: Callable[[Model], float]) -> Iterator[Cells]:
    yield "", "chance to hit", "replayed", "directly"
    replayed, direct = detection(study.replays(), key), detection(study.directs(), key)
    for value, found in direct.items():
        models = [each.model for each in study.directs() if not each.null]
        chances = [_chance(study, each) for each in models if key(each) == value]
        yield (
            f"{value:g}",
            f"{min(chances):.2f} to {max(chances):.2f}",
            percent(replayed[value]),
            percent(found),
        )


def _chance(study: Study, model: Model) -> float:
    return float(study.world.chances(model.action, model.horizon).mean()) + model.edge


def _both(study: Study) -> Iterator[Cells]:
    yield "edge", *(f"{n} signals" for n in NUMBERS)
    for edge in EDGES:
        rows = [each for each in study.directs() if each.model.edge == edge]
        found = detection(rows, lambda model: model.n)
        yield f"{edge:g}", *(percent(found[n]) for n in NUMBERS)


def _psr(study: Study) -> Iterator[Cells]:
    yield "daily returns", "sessions", "true Sharpe a year", "PSR <= .05", "PSR >= .95"
    for case in study.psr:
        sharpe = f"{case.annual_sharpe:.2f}"
        yield case.kind, str(case.sessions), sharpe, percent(case.low), percent(case.high)
    for action in ACTIONS:
        held = [each.psr for each in study.replays() if each.null and each.model.action == action]
        yield (
            f"null {action} cohorts, replayed, against 0",
            "",
            "",
            percent(share(each <= TAIL for each in held)),
            percent(share(each >= 1 - TAIL for each in held)),
        )


def _original(study: Study) -> Iterator[Cells]:
    yield (
        "models", "signals validated, its rule as written", "signals passed, its rule corrected",
        "models unlocked, as written", "models unlocked, corrected", "models ready, by cohort",
    )  # fmt: skip
    for name, null in (("null", True), ("planted", False)):
        rows = [each for each in study.replays() if each.null == null]
        written = [original_passes(each.model, study.world) for each in rows]
        signals = sum(each.model.n for each in rows)
        yield (
            name,
            percent(share(passed for each in written for passed in each)),
            percent(rate(sum(each.validated for each in rows), signals)),
            percent(share(any(each) for each in written)),
            percent(share(each.validated > 0 for each in rows)),
            percent(share(each.ready for each in rows)),
        )
