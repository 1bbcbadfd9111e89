"""What a MONAI bundle says of its model, held against the card that lies in its folder.

A bundle is a folder with ``configs/metadata.json`` and, for models that need no MONAI, ``models/model.ts``. Its
``network_data_format`` has the channels of input and output and what each output channel means.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from editproof.core.records import json_of
from editproof.errors import InstrumentError
from editproof.types import InstrumentCard

METADATA = "configs/metadata.json"


def check_bundle(card: InstrumentCard, folder: Path, asked: str) -> None:
    """Refuse a card that contradicts the metadata of the bundle in whose folder it lies; nothing where it is none.

    Channels of the input, axes of the image, and the meaning of every channel of the output are compared, as far as
    the metadata has them.

    Raises
    ------
    InstrumentError
        Also where the metadata cannot be read.
    """
    path = folder / METADATA
    if not path.is_file():
        return
    try:
        told = json_of(path.read_text(encoding="utf-8"))
        formats = told.get("network_data_format") or {}
        taken, given = (next(iter((formats.get(side) or {"": {}}).values())) for side in ("inputs", "outputs"))
        channels = taken.get("num_channels")
        sides = taken.get("spatial_shape") or []
        meant = {str(key): str(name) for key, name in (given.get("channel_def") or {}).items()}
    except (OSError, ValueError, AttributeError, StopIteration) as error:
        raise InstrumentError(asked, f"{METADATA} of its bundle cannot be read", "Fetch the bundle again.") from error
    if len(sides) == 3:
        found = f"{METADATA} says that it takes volumes ({' x '.join(map(str, sides))})"
        raise InstrumentError(asked, found, "Images are sent to TorchScript; write a Python instrument around it.")
    sent = card.preprocessing.get("channels", 1)
    if channels is not None and channels != sent:
        found = f"{METADATA} says {channels} channels, the card prepares {sent}"
        raise InstrumentError(asked, found, f'Write "channels": {channels} in preprocessing.')
    for name, wanted in _channels(card).items():
        if meant and wanted != meant:
            known = ", ".join(f"{key} {value}" for key, value in sorted(meant.items()))
            raise InstrumentError(f"{asked}, {name}", f"{METADATA} has the channels {known}", "Name these.")


def _channels(card: InstrumentCard) -> Mapping[str, dict[str, str]]:
    """By mask of classes and output of classes, what the card takes its channels for; 0 of a mask is the background."""
    told: Mapping[str, Any] = card.reading.get("outputs") or {}
    classes = {one.name: {str(place): label for place, label in enumerate(one.labels)} for one in card.raw_outputs}
    masks = {
        mask.name: {"0": "background", **mask.labels}
        for mask in card.masks
        if dict(told.get(mask.name, {})).get("holds", "classes") == "classes"
    }
    return {**classes, **masks}
