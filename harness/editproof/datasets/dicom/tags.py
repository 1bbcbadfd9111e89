"""Tags of a DICOM header as they are meant: an empty one is absent, and what frames say goes before the whole.

Errors name a tag and never repeat its value, nor the words of the DICOM library, which may hold a patient's name.
"""

from __future__ import annotations

import logging
import math
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from editproof.core.extras import need
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Header = Any  # pydicom.Dataset; pydicom is optional, and loaded where a DICOM cohort is read

CONTRADICTED = "The header contradicts the pixels; export it again."
COPY_AGAIN = "Copy the file again, or leave it out."
WITHOUT_WINDOW = "Correct the tag, or read the whole stored range with dicom:PATH?voi=none."
_GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
_MACROS = {
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
    "VOILUTFunction": "FrameVOILUTSequence",
    "VOILUTSequence": "FrameVOILUTSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "FrameLaterality": "FrameAnatomySequence",
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
}
"""Where enhanced objects keep a tag: the functional group (PS3.3, C.7.6.16.2)."""


def value_of(header: Header, keyword: str, frame: int = 0) -> Any:
    """The value of a tag, of a frame where its functional group has it; None where it is absent or empty."""
    if (macro := _MACROS.get(keyword)) is not None:
        for group in _GROUPS:
            place = frame if group == _GROUPS[0] else 0
            for item in _items(header, group)[place : place + 1]:
                for content in _items(item, macro)[:1]:
                    if (found := _filled(content.get(keyword))) is not None:
                        return found
    return _filled(header.get(keyword))


def number_of_tag(header: Header, keyword: str, asked: str, advice: str, frame: int = 0) -> float | None:
    """The first number of a tag, of a frame; None where it is absent or empty.

    Raises
    ------
    DatasetError
        Where its value is no finite number; the tag is named, the value is not.
    """
    try:
        found = value_of(header, keyword, frame)
        if found is None:
            return None
        first = found if isinstance(found, str | int | float) else next(iter(found))
        number = float(first)
    except (ValueError, TypeError, StopIteration, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DatasetError(asked, f"{tag_name(keyword)} is no number", advice)
    return number


def tag_name(keyword: str) -> str:
    """A tag as it is called: name and number.

    Examples
    --------
    >>> tag_name("WindowCenter")  # doctest: +SKIP
    'Window Center (0028,1050)'
    """
    from pydicom.datadict import dictionary_description, tag_for_keyword

    tag = tag_for_keyword(keyword)
    assert tag is not None, "a keyword of the dictionary"
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


def pydicom_or_error(asked: str) -> Any:
    """The DICOM library; a DatasetError that names the extra where it is not installed."""
    need("dicom", asked, DatasetError)
    import pydicom

    return pydicom


@contextmanager
def quiet(asked: str, found: str, advice: str = COPY_AGAIN) -> Iterator[None]:
    """A block in which the DICOM library warns, logs and fails without repeating the content of a header."""
    from pydicom import config

    logger = logging.getLogger("pydicom")
    before, mode = logger.disabled, config.settings.reading_validation_mode
    logger.disabled = True
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DatasetError:
        raise
    except MemoryError:
        raise
    except Exception:
        raise DatasetError(asked, found, advice) from None
    finally:
        logger.disabled = before
        config.settings.reading_validation_mode = mode


def _items(header: Header, keyword: str) -> list[Header]:
    """The items of a sequence; none where it is absent or empty."""
    return list(header.get(keyword) or [])


def _filled(value: Any) -> Any:
    """A value, or None for one that is empty or blank."""
    if value is None or (isinstance(value, str) and not value.strip(" \0")):
        return None
    if not isinstance(value, str | bytes | int | float) and hasattr(value, "__len__") and len(value) == 0:
        return None
    return value
