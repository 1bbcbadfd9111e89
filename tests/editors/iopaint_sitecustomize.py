"""Goes as sitecustomize.py into the server's environment: a torchvision built for another torch lacks these two."""

import sys

if "iopaint" in " ".join(sys.orig_argv):
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
