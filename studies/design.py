"""Who publishes what in a study: null models, which know nothing, and planted ones, which do.

A null model draws its action, tickers and sessions without a look at prices. So
given the closes, the chance that a signal hits is the share of the ticker's
windows that would have hit: the truth of every claim here is a count. A planted
model looks at the outcome of the session that it draws, and is right more often
than that share by its edge exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from studies.draws import Draws, Floats, Ints
from studies.world import World

APART, IN_A_ROW, PLANTED = "apart", "in a row", "planted"
DESIGNS = (APART, IN_A_ROW, PLANTED)
EDGES = (0.05, 0.10, 0.15, 0.20, 0.25)
NUMBERS = (40, 80, 120, 250)
HORIZONS = (5, 10)
ACTIONS = ("BUY", "SELL")

# The policy asks for 30 matured signals; these few are where a test is at its weakest.
_FEWEST, _MOST = 30, 40
_IN_A_ROW_SHARE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """One model of a study and its signals: signal i is of `tickers[i]`, entered at `entries[i]`.

    Both are positions in the world. `edge` is by how much a signal is more often
    right than its base rate: 0 of a null model.
    """

    name: str
    design: str
    action: str
    horizon: int
    edge: float
    tickers: Ints
    entries: Ints

    @property
    def n(self) -> int:
        """Return the number of signals."""
        return len(self.entries)

    def of(self, grid: Floats) -> Floats:
        """Return what a table of (ticker, entry session) holds for each signal."""
        held: Floats = grid[self.tickers, self.entries]
        return held


def panel(world: World, seed: int, nulls: int) -> list[Model]:
    """Return the models of one seed: so many null ones and 20 planted."""
    return [*_null_models(world, Draws(seed, 0), nulls), *_planted_models(world, seed)]


def apart(draws: Draws, world: World, n: int) -> tuple[Ints, Ints]:
    """Return tickers and sessions of which each is drawn by itself."""
    return draws.many_below(len(world.tickers), n), draws.many_below(world.entries, n)


def in_a_row(draws: Draws, world: World, n: int) -> tuple[Ints, Ints]:
    """Return one ticker on consecutive sessions: almost all windows overlap."""
    ticker, first = draws.below(len(world.tickers)), draws.below(world.entries - n + 1)
    return np.full(n, ticker, dtype=np.int64), first + np.arange(n, dtype=np.int64)


def planted(
    draws: Draws, world: World, n: int, *, action: str, horizon: int, edge: float
) -> tuple[Ints, Ints]:
    """Return tickers and sessions that hit with the ticker's chance plus the edge, exactly."""
    hits = world.hits(action, horizon)
    chance = world.chances(action, horizon) + edge
    tickers = draws.many_below(len(world.tickers), n)
    right = draws.uniforms(n) < chance[tickers]
    choice = draws.uniforms(n)
    pools = {
        (ticker, outcome): np.flatnonzero(hits[ticker] == outcome)
        for ticker in range(len(world.tickers))
        for outcome in (False, True)
    }
    entries = np.empty(n, dtype=np.int64)
    for at in range(n):
        pool = pools[int(tickers[at]), bool(right[at])]
        entries[at] = pool[int(choice[at] * len(pool))]
    return tickers, entries


def _null_models(world: World, draws: Draws, nulls: int) -> Iterator[Model]:
    rows = round(nulls * _IN_A_ROW_SHARE)
    for number in range(nulls):
        design = IN_A_ROW if number < rows else APART
        n = _FEWEST + draws.below(_MOST - _FEWEST + 1)
        tickers, entries = (in_a_row if design == IN_A_ROW else apart)(draws, world, n)
        yield Model(
            name=f"null-{number:04d}",
            design=design,
            action=ACTIONS[number // 2 % 2],
            horizon=HORIZONS[number % 2],
            edge=0.0,
            tickers=tickers,
            entries=entries,
        )


def _planted_models(world: World, seed: int) -> Iterator[Model]:
    draws = Draws(seed, 1)
    for row, edge in enumerate(EDGES):
        for column, n in enumerate(NUMBERS):
            # turned by the seed, so that no edge and no number goes with one action
            action = ACTIONS[(column + row + seed // 2) % 2]
            horizon = HORIZONS[(row + seed) % 2]
            tickers, entries = planted(draws, world, n, action=action, horizon=horizon, edge=edge)
            yield Model(
                name=f"planted-{round(100 * edge):02d}-{n:03d}",
                design=PLANTED,
                action=action,
                horizon=horizon,
                edge=edge,
                tickers=tickers,
                entries=entries,
            )
