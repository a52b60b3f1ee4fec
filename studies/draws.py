"""Random numbers of a study: a seed gives the same ones on every machine, with every numpy."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Draws:
    """A stream of draws that rests on the raw bits of a seeded PCG64 alone."""

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(list(seed))

    def uniforms(self, count: int) -> Floats:
        """Return numbers in [0, 1)."""
        raw: npt.NDArray[np.uint64] = self._bits.random_raw(count)
        drawn: Floats = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return drawn

    def many_below(self, limit: int, count: int) -> Ints:
        """Return whole numbers from 0 up to below the limit, each as likely."""
        drawn: Ints = (self.uniforms(count) * limit).astype(np.int64)
        return drawn

    def below(self, limit: int) -> int:
        """Return one such number."""
        return int(self.many_below(limit, 1)[0])
