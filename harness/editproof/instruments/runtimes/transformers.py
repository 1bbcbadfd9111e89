"""Image classifiers and segmenters of Hugging Face, as a folder holds them: their preparation, weights by safetensors.

Nothing is fetched and no code of the folder runs: what is loaded is a copy of the files that the card names, each found
to be what the card says, and a configuration that asks for code of its own is refused.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.extras import need
from editproof.errors import InstrumentError
from editproof.imaging.axes import YXC, axes_of
from editproof.imaging.framing import ModelFrame
from editproof.instruments.drawing import drawings_of
from editproof.instruments.files import SAFETENSORS, content_kind, verified
from editproof.instruments.outputs import outputs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, InstrumentCard

CONFIG, WEIGHTS, PREPARED = "config.json", "model.safetensors", "preprocessor_config.json"
NEEDED = (CONFIG, WEIGHTS, PREPARED)
LOGITS = "logits"
_ADVICE = "Export it by save_pretrained of a model and of its image processor, and write its card beside the files."


class HubFolder:
    """The model of a folder behind one :meth:`predict`; nothing is loaded before it is first called.

    Parameters
    ----------
    card : InstrumentCard
        Of runtime ``transformers``; quantities and classes are columns of the logits, masks their channels.
    folder : Path
        Where its three files are.

    Raises
    ------
    InstrumentError
        The card contradicts itself.
    """

    def __init__(self, card: InstrumentCard, folder: Path) -> None:
        self.card, self._folder = card, folder
        self._asked = f"instrument {card.name}"
        if card.preprocessing or card.covariates or card.members != 1:
            found = "preprocessing, covariates or several members"
            raise InstrumentError(self._asked, found, f"{PREPARED} says how images are prepared; leave them out.")
        self._outputs, self._drawings = outputs_of(card, self._asked), drawings_of(card, self._asked)
        if bool(self._outputs) == bool(self._drawings):
            found = "quantities and masks, or neither"
            raise InstrumentError(self._asked, found, "A folder holds a model of one kind.")

    def __getstate__(self) -> dict[str, object]:
        """Everything but the loaded model; each process loads its own."""
        return {name: value for name, value in vars(self).items() if name != "_loaded"}

    def check(self) -> None:
        """Refuse a missing package, a file that is not what the card says, code, and labels that are not the model's.

        Raises
        ------
        InstrumentError
        """
        need("transformers", self._asked, InstrumentError)
        config = self._config(self._contents)
        labels = {int(key): str(name) for key, name in dict(config.get("id2label", {})).items()}
        known = ", ".join(f"{key} {name}" for key, name in sorted(labels.items()))
        for mask in self.card.masks:
            if {int(key): name for key, name in mask.labels.items()} != {k: v for k, v in labels.items() if k}:
                raise InstrumentError(self._asked, f"{CONFIG} has the labels {known}", "Name all but 0.")
        for output in self.card.raw_outputs:
            if list(output.labels) != [labels[key] for key in sorted(labels)]:
                raise InstrumentError(self._asked, f"{CONFIG} has the classes {known}", "Name these, in this order.")

    def predict(self, images: Sequence[Image], references: Sequence[Mapping[str, float]]) -> Mapping[str, Any]:
        """Readings, or label maps; see :class:`editproof.types.Instrument`."""
        raw = {LOGITS: self._logits(images)} if images else {LOGITS: np.zeros((0, 2, 1, 1))}
        found: dict[str, Any] = {
            name: output.of(raw, len(images), f"{name} of {self._asked}")[None]
            for name, output in self._outputs.items()
        }
        height, width = raw[LOGITS].shape[2:] if self._drawings else (1, 1)
        frame = ModelFrame(height, width, "squash")
        for mask in self.card.masks if images else ():
            found[mask.name] = self._drawings[mask.name].of(raw, mask, images, frame, f"{mask.name} of {self._asked}")
        return found

    def _logits(self, images: Sequence[Image]) -> NDArray[np.float64]:
        import torch

        processor, model = self._loaded
        parts = []
        for image in images:
            prepared = processor(images=_in_colour(image), return_tensors="pt", input_data_format="channels_last")
            with torch.inference_mode():
                parts.append(model(**{"pixel_values": prepared["pixel_values"]}).logits[0].double().numpy())
        return np.stack(parts)

    @property
    def _contents(self) -> dict[str, bytes]:
        return {name: verified(self.card, self._folder, name) for name in NEEDED}

    def _config(self, contents: Mapping[str, bytes]) -> Mapping[str, Any]:
        if content_kind(contents[WEIGHTS]) != SAFETENSORS:
            raise InstrumentError(self._asked, f"the content of {WEIGHTS} is not safetensors", _ADVICE)
        told = {}
        for name in (CONFIG, PREPARED):
            try:
                told[name] = json.loads(contents[name])
            except ValueError as error:
                raise InstrumentError(self._asked, f"{name} is not JSON", _ADVICE) from error
            if not isinstance(told[name], dict) or "auto_map" in told[name] or "custom_pipelines" in told[name]:
                found = f"{name} asks for code of its own (auto_map)"
                raise InstrumentError(self._asked, found, "Only models that transformers itself holds are read.")
        size, cut = told[PREPARED].get("size", {}), told[PREPARED].get("do_center_crop", False)
        if self.card.masks and (cut or not isinstance(size, dict) or set(size) != {"height", "width"}):
            found = f"{PREPARED} cuts or keeps proportions, so that masks would not lie on the image"
            raise InstrumentError(self._asked, found, 'Write "size": {"height": ..., "width": ...}, without a crop.')
        return dict(told[CONFIG])

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        self.check()
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from editproof.core.timm_import import imported

        transformers: Any = imported("transformers")
        kind = "AutoModelForSemanticSegmentation" if self.card.masks else "AutoModelForImageClassification"
        with tempfile.TemporaryDirectory(prefix="model-") as name:
            for file, content in self._contents.items():
                Path(name, file).write_bytes(content)
            try:
                told: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
                processor = transformers.AutoImageProcessor.from_pretrained(name, **told)
                model, report = getattr(transformers, kind).from_pretrained(
                    name, use_safetensors=True, output_loading_info=True, **told
                )
            except Exception as error:  # transformers raises what it meets
                found = f"transformers cannot load it ({type(error).__name__}: {str(error).splitlines()[0][:150]})"
                raise InstrumentError(self._asked, found, _ADVICE) from error
        if missing := sorted(map(str, report["missing_keys"])):
            found = f"{WEIGHTS} lacks {len(missing)} weights, e.g. {missing[0]}, which would be random"
            raise InstrumentError(self._asked, found, "Export the whole model, of the kind that the card says.")
        return processor, model.eval()


def _in_colour(image: Image) -> NDArray[np.uint8]:
    """An image as these models take it: red, green and blue of 8 bits; of gray, three times the same."""
    levels = image if image.dtype == np.uint8 else np.rint(image / 257.0).astype(np.uint8)
    return np.asarray(levels if axes_of(image.shape) == YXC else np.repeat(levels[..., None], 3, axis=2), np.uint8)
