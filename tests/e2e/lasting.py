"""An Apache Kafka on Java that keeps what it holds: it can be frozen, killed and started again."""

import signal
import subprocess
from pathlib import Path

from signal_tracker import children
from signal_tracker.broker import wait_until_answering
from signal_tracker.kafka_broker import JavaKafka


class LastingKafka(JavaKafka):
    """The broker of `broker --kind kafka`, and what may happen to it."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self._words: list[str] = []

    def freeze(self) -> None:
        """Stop it where it stands: connections stay open, and nothing answers."""
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._running.send_signal(signal.SIGCONT)

    def kill_9(self) -> None:
        """End it at once; its folder stays."""
        children.kill(self._running)

    def start_again(self) -> None:
        """Start it on the folder and the port of before."""
        folder = Path(self._folder.name)
        words = [*self._words[: self._words.index("-cp") + 2], "kafka.Kafka"]
        self.process = children.start([*words, str(folder / "server.properties")], log=self.log)
        wait_until_answering(self.process, self.port, self.start_seconds, self.log)

    def _launch(self) -> "subprocess.Popen[bytes]":
        process = super()._launch()
        found = list(map(str, process.args))  # type: ignore[arg-type]  # a list of words
        self._words = found[found.index("java") :]
        return process

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None, "the broker runs"
        return self.process
