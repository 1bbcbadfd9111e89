"""What a compressed frame says of itself: size, bits and components of its code stream, to be held against a header."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

RLE = "1.2.840.10008.1.2.5"
_JPEG2000 = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 92, 93, 201, 202, 203))
_JPEG = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81))
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame header: JPEG (ISO/IEC 10918-1, table B.1) and JPEG-LS (ISO/IEC 14495-1, C.2)."""
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers that no length follows."""
_NARROWEST = 8
"""Pixels of the narrowest row, and rows of the lowest image, that are looked for in runs."""


@dataclass(frozen=True)
class CodeStream:
    """What a code stream declares.

    Attributes
    ----------
    rows, columns : int
    bits : int
        Bits of a sample (its precision).
    samples : int
        Components of a pixel.
    """

    rows: int
    columns: int
    bits: int
    samples: int

    def departure(self, rows: int, columns: int, stored: int, allocated: int, samples: int) -> str:
        """In words, how it contradicts a header; empty where it does not.

        A code stream may have more bits than are stored, up to those allocated: encoders compress the whole word.
        """
        if (self.rows, self.columns) != (rows, columns):
            return f"{rows}x{columns} declared; compressed is another size, {self.rows}x{self.columns}"
        if self.samples != samples:
            return f"{samples} samples per pixel declared; compressed are {self.samples}"
        if not stored <= self.bits <= allocated:
            return f"{stored} of {allocated} bits declared; compressed are {self.bits}"
        return ""


def code_stream_of(frame: bytes, syntax: str, rows: int, columns: int) -> CodeStream | None:
    """The declarations of the code stream in a frame.

    Parameters
    ----------
    frame : bytes
        All fragments of one frame.
    syntax : str
        UID of the transfer syntax.
    rows, columns : int
        Of the header: a code stream of RLE does not state its size, so the bytes that it unpacks to are compared.

    Returns
    -------
    CodeStream or None
        None of a transfer syntax that is not one of JPEG, JPEG-LS, JPEG 2000 or RLE.

    Raises
    ------
    ValueError
        Where there is no such code stream in it.
    """
    if syntax == RLE:
        return _rle(frame, rows, columns)
    if syntax in _JPEG2000:
        return _jpeg2000(frame)
    if syntax in _JPEG:
        return _jpeg(frame)
    return None


def _jpeg2000(frame: bytes) -> CodeStream:
    """From the marker segment SIZ (ISO/IEC 15444-1, A.5.1), in a JP2 box or bare."""
    start = frame.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(frame) < start + 43:
        raise ValueError("no SIZ")
    right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
    (samples,) = struct.unpack_from(">H", frame, start + 40)
    return CodeStream(bottom - top, right - left, (frame[start + 42] & 0x7F) + 1, samples)


def _jpeg(frame: bytes) -> CodeStream:
    """From the frame header, which the marker segments before it lead to."""
    place = frame.find(b"\xff\xd8")
    if place < 0:
        raise ValueError("no SOI")
    place += 2
    while place + 4 <= len(frame):
        if frame[place] != 0xFF:
            raise ValueError("no marker")
        marker = frame[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
        elif marker in _ALONE:
            place += 2
        elif marker in _FRAMES:
            if len(frame) < place + 10:
                break
            bits, rows, columns, samples = struct.unpack_from(">BHHB", frame, place + 4)
            return CodeStream(rows, columns, bits, samples)
        else:
            place += 2 + struct.unpack_from(">H", frame, place + 2)[0]
    raise ValueError("no frame header")


def _rle(frame: bytes, rows: int, columns: int) -> CodeStream:
    """From the number of segments, and what each unpacks to (PS3.5, G.3 to G.5).

    A header of one sample has a segment for each byte of it, one of three samples has three times as many. No run
    crosses the end of a row: where runs end at the rows of another width and not at those declared, that is the width.
    """
    count, *offsets = struct.unpack_from("<16I", frame)
    if not 1 <= count <= 15:
        raise ValueError("no segments")
    starts = [*offsets[:count], len(frame)]
    ends = [_ends(frame[start:stop]) for start, stop in itertools.pairwise(starts)]
    if not all(ends):
        raise ValueError("an empty segment")
    samples = 3 if count % 3 == 0 else 1
    bits = 8 * (count // samples)
    wanted, found = rows * columns, min(end[-1] for end in ends)
    if not wanted <= found <= max(end[-1] for end in ends) <= wanted + 1:
        return CodeStream(found // columns, columns, bits, samples)
    width = _width(set(ends[0]), wanted, columns)
    return CodeStream(wanted // width, width, bits, samples)


def _width(ends: set[int], total: int, declared: int) -> int:
    """The declared width where runs end at its rows, or nowhere regularly; else the one at whose rows they end."""
    others = (width for width in range(_NARROWEST, total // _NARROWEST + 1) if total % width == 0)
    return next((width for width in (declared, *others) if ends.issuperset(range(width, total, width))), declared)


def _ends(segment: bytes) -> list[int]:
    """Where each run of a PackBits segment ends, in bytes unpacked."""
    place, total, ends = 0, 0, []
    while place < len(segment) - 1:
        code = segment[place]
        if code < 128:
            total += code + 1
            place += code + 2
            ends.append(total)
        elif code > 128:
            total += 257 - code
            place += 2
            ends.append(total)
        else:
            place += 1
    return ends
