"""Avro numbers read without the library; what is not one raises IndexError."""

MORE = 0x80
_LONG_BITS = 63


def read_long(value: bytes, at: int) -> tuple[int, int]:
    """Return an Avro int or long, and where what follows begins.

    >>> read_long(bytes([1]), 0), read_long(bytes([128, 1]), 0)
    ((-1, 1), (64, 2))
    """
    found = shift = 0
    while True:
        byte = value[at]
        at += 1
        found |= (byte & (MORE - 1)) << shift
        if byte < MORE:
            return (found >> 1) ^ -(found & 1), at
        shift += 7
        # of a tenth byte only the last of the 64 bits is left
        if shift >= _LONG_BITS and (shift > _LONG_BITS or value[at] > 1):
            raise IndexError
