"""What the harness says in one line instead of a traceback.

ChaosError
└── NoEngineError   no container engine answers, so there is no cluster to hurt
"""


class ChaosError(Exception):
    """Say what kept a run from its end."""


class NoEngineError(ChaosError):
    """Say that there are no containers here, and why."""
