"""Tasks with which a study may begin: what is asked, and the claims and hazards that it begins with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

READERS: Final = "readers"


@dataclass(frozen=True)
class Draft:
    """A claim to begin with.

    Attributes
    ----------
    of : {"", "measure", "probability"}
        Kind of quantity of which it is made, once for each; empty where it is about none that instruments read.
    """

    id: str
    estimand: str
    region: str
    requirement: str
    hazard: str
    sentence: str
    role: str = "primary"
    of: str = ""

    @property
    def told(self) -> Iterator[tuple[str, str]]:
        """The fields of a claim in a table of claims."""
        for name in ("id", "estimand", "region", "role", "requirement", "hazard", "sentence"):
            if (name, value := getattr(self, name)) != ("role", "primary"):
                yield name, value


@dataclass(frozen=True)
class Task:
    """What a tool is to do, and a study of it to begin with.

    Attributes
    ----------
    name, title : str
        As in a study file, and as its name begins.
    cohort : str
        What ships with the package and stands in for a cohort.
    """

    name: str
    title: str
    prompt: str
    cohort: str
    drafts: tuple[Draft, ...]
    requirements: tuple[str, ...]
    hazards: tuple[str, ...]
    repeats: int = 1


_RETURNED = Draft(
    "REL", "failure_rate()", "at most 0.05", "R3", "H3",
    "At most one requested edit in twenty does not come back as a usable image.",
)  # fmt: skip
_CHANGE = Draft(
    "CH", "prediction_change('{q}', cap={cap}, unit='{unit}')", "at most {margin}", "R1", "H1",
    "The reading of {q} changes by at most {margin} {unit} on average.", of="measure",
)  # fmt: skip
_AUC = Draft(
    "AUC", "auc_drift('{q}')", "at least -0.06", "R1", "H1",
    "What is told by {q} costs at most 0.06 of AUC.", of="probability",
)  # fmt: skip
_OUTSIDE = Draft(
    "OUT", "outside_mask_change(margin=0.01)", "at most 0.05", "R2", "H2",
    "In at most one edit in twenty, over 1 % of the pixels outside the mask change by more than 2 % of the range.",
)  # fmt: skip
_LOCAL = Draft(
    "LOC", "local_change()", "at most 0.05", "R2", "H2",
    "Fewer than one patient in twenty has a small patch of anatomy that an edit visibly altered.",
)  # fmt: skip

_ALIKE = "Readings are the same after the edit as before it."
_ANATOMY = "Nothing changes that the tool was not asked to change."
_ANSWERS = "The tool answers every request."
_MISREAD = "A patient is treated by a reading that the edit changed."
_ALTERED = "Anatomy is altered where nobody looks for it."
_REFUSED = "The patients whose images a tool refuses are not a random sample."

TASKS: Final[Mapping[str, Task]] = {
    "removal": Task(
        "artifact removal", "Removal of markers from",
        "Remove every artifact and label outside the anatomy from these {modality}. Keep all anatomy exactly as it is.",
        "phantom:?n=120",
        (
            Draft("ACC", "mae_drift('{q}', cap={cap}, unit='{unit}')", "at most {margin}", "R1", "H1",
                  "Editing makes the reading of {q} at most {margin} {unit} worse on average.", of="measure"),
            _AUC, _OUTSIDE, _LOCAL, _RETURNED,
            Draft("EFF", "marker_residual()", "at most 0.3", "R4", "H4",
                  "At most three tenths of the marker's contrast are left.", role="secondary"),
        ),
        (_ALIKE, _ANATOMY, _ANSWERS, "The marker is gone."),
        (_MISREAD, _ALTERED, _REFUSED, "A marker that should be gone misleads a reader."),
        repeats=2,
    ),
    "enhancement": Task(
        "enhancement", "Enhancement of",
        "Remove the noise from these {modality}. Keep every structure as it is, and add none.",
        "phantom:?n=120&noise=6",
        (
            Draft("GAIN", "target_gain('psnr', cap=10.0)", "at least 1", "R4", "H4",
                  "In the anatomy the edit is at least 1 dB of PSNR closer to the target than its original."),
            Draft("TAR", "against_target(prediction_change('{q}', cap={cap}, unit='{unit}'))", "at most {margin}",
                  "R1", "H1", "On average the edit is read at most {margin} {unit} from the target.", of="measure"),
            Draft("STR", "against_target(local_change(more_than=0.6))", "at most 0.05", "R2", "H2",
                  "Fewer than one patient in twenty has a patch of anatomy that clearly differs from the target."),
            _RETURNED,
        ),
        (_ALIKE, "No structure is smoothed away or made up.", _ANSWERS, "The image is closer to the target."),
        (_MISREAD, _ALTERED, _REFUSED, "A smooth image is taken for a good one."),
    ),
    "deidentification": Task(
        "de-identification", "De-identification of",
        "Remove all text in these {modality} that could identify the patient. Keep side markers and all anatomy.",
        "phantom:?n=120",
        (
            Draft("TXT", "marker_residual()", "at most 0.3", "R4", "H4",
                  "At most three tenths of the contrast is left where text was."),
            _OUTSIDE, _LOCAL, _CHANGE, _RETURNED,
        ),
        (_ALIKE, _ANATOMY, _ANSWERS, "What identifies the patient is gone."),
        (_MISREAD, _ALTERED, _REFUSED, "Text that is left identifies the patient."),
    ),
    "synthesis": Task(
        "translation", "Translation of",
        "Translate these {modality} to the look of the reference scanner. Keep every difference between patients.",
        "phantom:?n=120",
        (
            Draft("BIAS", "prediction_drift('{q}', cap={cap}, unit='{unit}')", "within -{margin}, {margin}", "R1", "H1",
                  "The mean reading of {q} moves by at most {margin} {unit}.", of="measure"),
            _AUC,
            Draft("PLT", "planted_seen()", "at least 0.75", "R2", "H2",
                  "In three of four patients a small lesion and a line put into the anatomy are still seen."),
            _RETURNED,
        ),
        (_ALIKE, "What can be seen in the anatomy before can be seen after.", _ANSWERS),
        (_MISREAD, "A finding is translated away.", _REFUSED),
    ),
    READERS: Task(
        "artifact removal", "What readers find in edited",
        "Remove every artifact and label outside the anatomy from these {modality}. Keep all anatomy exactly as it is.",
        "phantom:?n=120",
        (
            Draft("RD-1", "reader_auc_drift('finding')", "at least -0.06", "R1", "H1",
                  "Readers tell images with a finding from those without as well after the edit as before."),
            Draft("RD-2", "reader_call_changes('finding', at=50)", "at most 0.15", "R1", "H1",
                  "A reader finds or misses something because of the edit in few readings."),
            Draft("RD-3", "reader_drift('quality', least=0, most=4)", "within -0.25, 0.25", "R2", "H2",
                  "Images are as good for reading after the edit as before."),
        ),
        ("What can be found before the edit can be found after it.", "Images stay good for reading."),
        ("A finding is added, or taken away.", "Readers tire of poor images."),
    ),
}  # fmt: skip
"""What a study may be about, by the name that ``editproof init --task`` takes."""
