"""The nouns of a study, frozen; standard library only at run time.

Whatever crosses from one wing of the house to another is one of these values, or a table or record of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from editproof.types.edits import Editor, EditorCard, EditOutcome, EditRequest, EditStatus
from editproof.types.images import JSON, Case, Dataset, DatasetCard, Pixels
from editproof.types.instruments import Instrument, InstrumentCard, MaskOutput, Quantity, RawOutput
from editproof.types.specs import EstimandSpec
from editproof.types.verdicts import CriterionCard, Estimate, Outcome, Verdict, place_of, sentence_of

if TYPE_CHECKING:
    from editproof.types.images import Image as Image
    from editproof.types.images import Mask as Mask

__all__ = [
    "JSON",
    "Case",
    "CriterionCard",
    "Dataset",
    "DatasetCard",
    "EditOutcome",
    "EditRequest",
    "EditStatus",
    "Editor",
    "EditorCard",
    "EstimandSpec",
    "Estimate",
    "Instrument",
    "InstrumentCard",
    "MaskOutput",
    "Outcome",
    "Pixels",
    "Quantity",
    "RawOutput",
    "Verdict",
    "place_of",
    "sentence_of",
]
