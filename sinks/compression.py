"""Snappy and zstd for kafka-python, which knows them only by libraries that are not ours.

Foreign clients compress as they like, and a broker as its topic is configured; the worker
reads all of it, so what reads topics beside it has to, too.
"""

import io
from types import SimpleNamespace
from typing import Any

import cramjam
import kafka.codec


class _Zstd:
    """The decompressor of the `zstandard` library, as far as kafka-python asks it."""

    def stream_reader(self, payload: io.BytesIO, **_: Any) -> io.BytesIO:
        return io.BytesIO(bytes(cramjam.zstd.decompress(payload.read())))


def _unsnapped(payload: bytes) -> bytes:
    return bytes(cramjam.snappy.decompress_raw(payload))


def read_every_compression() -> None:
    """Let kafka-python's consumers of this process read every compression of Kafka."""
    if kafka.codec.snappy is None:
        kafka.codec.snappy = SimpleNamespace(decompress=_unsnapped)
    if kafka.codec.zstd is None:
        kafka.codec.zstd = SimpleNamespace(ZstdDecompressor=_Zstd)
