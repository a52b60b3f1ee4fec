"""Why a worker ended is told; one that was asked to stop does not begin anew."""

from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError

from streams import run


class App:
    """An app that can be told that it crashed."""

    def __init__(self) -> None:
        self.transport = type("Transport", (), {"lease": type("Lease", (), {"is_lost": False})})

    def _crash(self, _: BaseException) -> None:
        return None


class Scene:
    """A worker that is asked to stop, or fails, and does not end; `told` says of what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *events: str) -> None:
        self.told: list[Exception | None] = []
        late: list[Callable[[], None]] = []
        app = App()

        class Late:
            def __init__(self, on_overdue: Callable[[], None], _seconds: float = 0) -> None:
                self._on_overdue = on_overdue

            def begin(self) -> None:
                late.append(self._on_overdue)

            def is_over(self) -> None:
                late.clear()

        class Worker:
            is_asked_to_stop = False

            def __init__(self, _app: Any, _reasons: Any, on_asked: Any, **_: Any) -> None:
                self._on_asked = on_asked

            def execute_from_commandline(self) -> None:
                for event in events:
                    if event == "asked":
                        self.is_asked_to_stop = True
                        self._on_asked()
                    else:
                        app._crash(KafkaTimeoutError("batch"))
                for each in late:
                    each()
                raise SystemExit(0)

        monkeypatch.setattr(run, "create_app", lambda _: app)
        monkeypatch.setattr(run, "_Worker", Worker)
        monkeypatch.setattr(run, "Overdue", Late)

    def play(self) -> None:
        anything: Any = None
        run.run_worker(anything, on_overdue=self.told.append)


def test_a_failed_worker_that_does_not_end_tells_why(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, "fails")

    with pytest.raises(run.AwayError, match=r"^KafkaTimeoutError: .*batch"):
        scene.play()

    assert [type(each) for each in scene.told] == [run.AwayError]


@pytest.mark.parametrize("events", [("asked",), ("asked", "fails"), ("fails", "asked")])
def test_one_that_was_asked_to_stop_does_not_begin_anew(
    events: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(monkeypatch, *events)

    with pytest.raises(SystemExit):
        scene.play()

    assert scene.told == [None]
