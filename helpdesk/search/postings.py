"""A posting list as it lies in a file: plain arrays that are used where they are, without being read first. Pure.

    header   magic, how many, flags, highest frequency, first and last number
    numbers  uint32 each, ascending
    codes    uint16 each: frequency (1 to 255) in the high byte, the field's length as one byte in the low one
    weights  float32 each, only where weights are not whole numbers from 1 to 255
    sizes    uint8 or uint32 each, only where postings carry values (the places of a word, for phrases)
    values   the values themselves, one after the other

All little-endian, each part aligned to 4 bytes.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint32]
Codes = NDArray[np.uint16]
Weights = NDArray[np.float32]

MAGIC = b"RPL1"
ALIGNMENT = 8
_U4, _U2, _U1, _F4 = np.dtype("<u4"), np.dtype("<u2"), np.dtype("u1"), np.dtype("<f4")
HEADER = struct.Struct("<4sIBBHII")
WEIGHTED, VALUED, WIDE = 1, 2, 4
_WHOLE = frozenset(range(1, 256))
FEW = 8
"""Up to this many postings, plain Python packs faster than arrays do. Most words are that rare."""


class TornPostings(ValueError):
    """What stands in the file is not a posting list: the file was cut or overwritten."""


class Postings(NamedTuple):
    """The postings of one term in one field of one segment. The arrays are views of the file."""

    numbers: Numbers
    codes: Codes
    weights: Weights | None
    first: int
    last: int
    highest: int
    """The highest frequency in `codes`."""
    values: "Values | None" = None


class Values(NamedTuple):
    """What each posting carries, all in one piece of memory."""

    sizes: NDArray[Any]
    content: memoryview

    def all(self) -> list[bytes]:
        ends = np.cumsum(self.sizes, dtype=np.int64).tolist()
        return [bytes(self.content[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def pack(
    numbers: Sequence[int],
    weights: Sequence[float],
    lengths: Sequence[int] | NDArray[np.uint8],
    values: Sequence[bytes] | None = None,
) -> bytes:
    """At least one posting as bytes, a multiple of ALIGNMENT. `lengths` holds a byte for each."""
    if len(numbers) <= FEW and all(weight in _WHOLE for weight in weights):
        highest, flags = int(max(weights)), 0
        body = _few(numbers, weights, lengths)
    else:
        highest, flags, body = _many(numbers, np.asarray(weights, _F4), lengths)
    if values is not None:
        sizes = [len(value) for value in values]
        wide = max(sizes) > 255
        flags |= VALUED | (WIDE if wide else 0)
        body += _padded(np.array(sizes, _U4 if wide else _U1).tobytes(), 4) + b"".join(values)
    head = HEADER.pack(MAGIC, len(numbers), flags, highest, 0, numbers[0], numbers[-1])
    return _padded(head + body, ALIGNMENT)


def unpack(buffer: Any, offset: int) -> Postings:
    """The postings at `offset` of `buffer`. Raises TornPostings."""
    try:
        magic, count, flags, highest, _, first, last = HEADER.unpack_from(buffer, offset)
        if magic != MAGIC or not count:
            raise TornPostings(f"no posting list at {offset}")
        start = offset + HEADER.size
        numbers = np.frombuffer(buffer, _U4, count, start)
        start += 4 * count
        codes = np.frombuffer(buffer, _U2, count, start)
        start += 2 * count + 2 * (count & 1)
        if not flags:
            return Postings(numbers, codes, None, first, last, highest)
        weights = None
        if flags & WEIGHTED:
            weights = np.frombuffer(buffer, _F4, count, start)
            start += 4 * count
        values = _values(buffer, start, count, flags) if flags & VALUED else None
        return Postings(numbers, codes, weights, first, last, highest, values)
    except TornPostings:
        raise
    except (struct.error, ValueError) as error:
        raise TornPostings(f"cut short at {offset}: {error}") from error


def _values(buffer: Any, start: int, count: int, flags: int) -> Values:
    wide = bool(flags & WIDE)
    sizes = np.frombuffer(buffer, _U4 if wide else _U1, count, start)
    start += 4 * count if wide else count + -count % 4
    end = start + int(sizes.sum(dtype=np.int64))
    content = memoryview(buffer)[start:end]
    if len(content) != end - start:
        raise TornPostings(f"values cut short at {start}")
    return Values(sizes, content)


def _few(numbers: Sequence[int], weights: Sequence[float], lengths: Iterable[int]) -> bytes:
    codes = [int(weight) << 8 | length for weight, length in zip(weights, lengths, strict=True)]
    return _padded(struct.pack(f"<{len(numbers)}I{len(numbers)}H", *numbers, *codes), 4)


def _many(
    numbers: Sequence[int], weights: Weights, lengths: Sequence[int] | NDArray[np.uint8]
) -> tuple[int, int, bytes]:
    """The highest frequency, flags, and the arrays."""
    whole = bool(((weights == np.round(weights)) & (weights >= 1) & (weights <= 255)).all())
    frequencies = weights.astype(_U2) if whole else np.ones(len(weights), _U2)
    codes = frequencies << 8 | np.asarray(lengths, _U2)
    body = _padded(np.asarray(numbers, _U4).tobytes() + codes.astype(_U2).tobytes(), 4)
    highest = int(frequencies.max())
    return (highest, 0, body) if whole else (highest, WEIGHTED, body + weights.tobytes())


def _padded(part: bytes, size: int) -> bytes:
    return part + bytes(-len(part) % size)
