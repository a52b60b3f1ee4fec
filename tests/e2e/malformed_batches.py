"""Record batches that a broker takes and no client can read, sent by hand."""

import socket
import struct
import time

from kafka.record._crc32c import crc as crc32c
from kafka.record.default_records import DefaultRecordBatchBuilder

ZSTD = 4
_ATTRIBUTES = slice(21, 23)
_CRC = slice(17, 21)


def send_unreadable(address: str, topic: str) -> None:
    """Send one batch that says that it is compressed, and is not; nobody waits for an answer."""
    host, _, port = address.rpartition(":")
    batch = _unreadable()
    name, client = topic.encode(), b"by-hand"
    body = b"".join(
        (
            # Produce, version 3, without a transaction, acks=all, in five seconds
            struct.pack(">hhih", 0, 3, 7, len(client)) + client,
            struct.pack(">hhi", -1, -1, 5000),
            struct.pack(">ih", 1, len(name)) + name,
            struct.pack(">iii", 1, 0, len(batch)) + batch,
        )
    )
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)


def _unreadable() -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 20)
    builder.append(0, int(time.time() * 1000), b"AAPL", b"{}", [])
    batch = bytearray(builder.build())
    batch[_ATTRIBUTES] = struct.pack(">h", ZSTD)
    batch[_CRC] = struct.pack(">I", crc32c(bytes(batch[_ATTRIBUTES.start :])))
    return bytes(batch)
