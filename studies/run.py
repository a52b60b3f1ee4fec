"""`python -m studies.run`: what the evidence is worth, and whether it keeps its promises.

Results: tables on standard output, `build/study.json`, with --write also in
`docs/evidence.md`; exit code 1 where a promise does not hold.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from signal_tracker.errors import BrokerError, RunError
from signal_tracker.progress import say
from streams.policy_files import load_policy
from studies.outcomes import Replayed
from studies.promises import Promise, promises
from studies.replay import POLICY, ReplayError, replay
from studies.study import FULL, QUICK, Panels, Study, conduct
from studies.table import table
from studies.world import World, read_world

OUT = Path("build/study.json")
DOCUMENT = Path("docs/evidence.md")
_JOBS = "How many seeds to replay at the same time."
BEGIN, END = "<!-- study: begin -->", "<!-- study: end -->"


@click.command()
@click.option("--seeds", type=click.IntRange(1), help="How many seeds to replay.")
@click.option("--quick", is_flag=True, envvar="QUICK", help="Fewer models, seeds and panels.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help=_JOBS)
@click.option("--write", is_flag=True, help=f"Put the tables into {DOCUMENT}, too.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=OUT)
def main(*, seeds: int | None, quick: bool, jobs: int, write: bool, out: Path) -> None:
    """Publish models without skill and with a known one, and see which are called ready."""
    plan = QUICK if quick else FULL
    world = read_world()
    policy = load_policy(POLICY).versions[-1]
    try:
        with tempfile.TemporaryDirectory(prefix="signal-tracker-study-") as folder:
            study = conduct(
                replace(plan, seeds=seeds or plan.seeds),
                world,
                policy,
                replay=partial(_replayed, world, Path(folder), jobs),
                say=say,
            )
    except (BrokerError, RunError, ReplayError) as error:
        raise click.ClickException(str(error)) from None
    promised = promises(study)
    told = table(study, promised)
    click.echo(told)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(content(study, promised), indent=1) + "\n", encoding="utf-8")
    say(f"results in {out}")
    if write:
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(inserted(text, told), encoding="utf-8")
    sys.exit(any(not each.holds for each in promised))


def inserted(document: str, tables: str) -> str:
    """Return the document with the tables between its markers."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        msg = f"expected {BEGIN} and {END} in {DOCUMENT}"
        raise click.ClickException(msg)
    return f"{before}{BEGIN}\n{tables}{END}{after}"


def content(study: Study, promised: Sequence[Promise]) -> dict[str, Any]:
    """Return the study as plain fields: promises, and every replayed cohort."""
    return {
        "plan": asdict(study.plan),
        "policy": {"name": study.policy.name, "hash": study.policy.hash},
        "promises": [{**asdict(each), "holds": each.holds} for each in promised],
        "psr": [asdict(each) for each in study.psr],
        "cohorts": [
            {"seed": seed, **_fields(each)}
            for seed, rows in study.replayed.items()
            for each in rows
        ],
    }


def _fields(judged: Replayed) -> dict[str, Any]:
    model = judged.model
    return {
        "model": model.name,
        "design": model.design,
        "action": model.action,
        "horizon": model.horizon,
        "edge": model.edge,
        "n": model.n,
        "hit_rate": judged.hit_rate,
        "p_value": judged.p_value,
        "q_value": judged.q_value,
        "p_strict": judged.p_strict,
        "q_strict": judged.q_strict,
        "psr": judged.psr,
        "ready": judged.ready,
        "validated": judged.validated,
    }


def _replayed(
    world: World, folder: Path, jobs: int, panels: Panels
) -> dict[int, Sequence[Replayed]]:
    # Each replay has a broker, a worker and a sink of its own; while one writes its
    # reports, which takes one core, another one streams.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {
            pool.submit(replay, models, world, folder / f"seed-{seed}"): seed
            for seed, models in panels.items()
        }
        found = {}
        for each in as_completed(waiting):
            found[waiting[each]] = each.result()
            say(f"seed {waiting[each]} replayed, {len(found)} of {len(panels)}")
    return dict(sorted(found.items()))


if __name__ == "__main__":
    main()
