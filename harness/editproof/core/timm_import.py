"""Import packages that import torchvision where its compiled operators do not match the installed torch.

A torchvision built against another torch dies on import with "operator torchvision::nms does not exist". Nothing here
calls those operators; their schemas are all that the import asks for, so they are declared, and only where the import
fails for want of them.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType

import torch

SCHEMAS = {name: f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor" for name in ("nms", "qnms")}
_declared: dict[str, torch.library.Library] = {}  # a Library takes its operators with it when it is collected


def timm_module() -> ModuleType:
    """The ``timm`` package, whatever state torchvision is in.

    Raises
    ------
    ImportError, RuntimeError
        The import fails for another reason.
    """
    return imported("timm")


def imported(package: str) -> ModuleType:
    """A package, whatever state torchvision is in; torchvision itself need not be installed.

    Returns
    -------
    module
        Where torchvision is whole nothing else happens; otherwise at most the two missing schemas have been
        declared in the ``torchvision`` operator namespace.

    Raises
    ------
    ImportError, RuntimeError
        The import fails for another reason.
    """
    first = "torchvision" if find_spec("torchvision") else package
    for name, schema in SCHEMAS.items():
        try:
            importlib.import_module(first)
            return importlib.import_module(package)
        except RuntimeError as error:
            if f"torchvision::{name} does not exist" not in str(error):
                raise
            _declared[name] = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
            _declared[name].define(schema)  # type: ignore[no-untyped-call]
            for module in [m for m in sys.modules if m.split(".")[0] in ("torchvision", package)]:
                del sys.modules[module]  # half-imported: start afresh
    return importlib.import_module(package)
