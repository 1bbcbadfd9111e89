"""TorchScript models by ``torch.jit.load`` alone, from bytes that were checked; a program, run only where trusted."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from editproof.errors import InstrumentError
from editproof.instruments.files import TORCHSCRIPT, content_kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.instruments.preparation import Preparation
    from editproof.instruments.runtimes.modelled import Inputs

AT_ONCE = 16


def network(content: bytes, asked: str, inputs: Inputs, prepared: Preparation) -> Callable[..., Mapping[str, Any]]:
    """The model as a function of a batch and covariates, which it takes by position in the card's order.

    Raises
    ------
    InstrumentError
        It is not TorchScript, or does not run.
    """
    if content_kind(content) != TORCHSCRIPT:
        advice = "Save it with torch.jit.save(torch.jit.trace(model, example), path)."
        raise InstrumentError(asked, "it is not a TorchScript archive", advice)
    try:
        model = torch.jit.load(io.BytesIO(content), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        found = f"torch.jit.load cannot read it ({str(error)[:200]})"
        raise InstrumentError(asked, found, "Save it anew with this version of torch.") from error

    def read(batch: NDArray[Any], covariates: Mapping[str, NDArray[np.float64]], _: Sequence[object]) -> dict[str, Any]:
        parts: list[dict[str, Any]] = []
        for first in range(0, len(batch), AT_ONCE):
            span = slice(first, first + AT_ONCE)
            told = [torch.from_numpy(values[span].astype(np.float32))[:, None] for values in covariates.values()]
            try:
                with torch.inference_mode():
                    parts.append(_named(model(torch.from_numpy(batch[span]), *told)))
            except (RuntimeError, TypeError) as error:
                words = next((line for line in reversed(str(error).splitlines()) if line.strip()), "")[:200]
                advice = "Mend the model, or inputs and preprocessing on the card."
                raise InstrumentError(asked, f"it does not run ({words.strip()})", advice) from error
        return {name: np.concatenate([np.atleast_1d(part[name]) for part in parts]) for name in parts[0]}

    return read


def _named(found: Any) -> dict[str, NDArray[Any]]:
    """One tensor, several, or a mapping of them, by name or by place."""
    if isinstance(found, torch.Tensor):
        found = (found,)
    pairs = found.items() if isinstance(found, dict) else enumerate(found)
    return {str(name): tensor.double().numpy() for name, tensor in pairs}
