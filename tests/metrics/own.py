"""Metrics as a user writes them: sound ones, and one for each way to break the contract."""

from __future__ import annotations

import numpy as np
from editproof import MetricOutput, feature, metric, shared

COMPUTED: list[str] = []
WHOLE = ("whole",)


@shared
def rows_of(picture):
    COMPUTED.append("picture")
    return picture.image.mean(axis=1)


@shared
def moved_rows(pair):
    COMPUTED.append("pair")
    return np.abs(rows_of(pair.after) - rows_of(pair.before))


@metric(MetricOutput("row_change", unit="levels", unchanged=0.0, regions=WHOLE))
def row_change(pair):
    return {"row_change:whole": moved_rows(pair).mean()}


@metric(MetricOutput("worst_row", unit="levels", unchanged=0.0, regions=WHOLE))
def worst_row(pair):
    return {"worst_row:whole": moved_rows(pair).max()}


@metric(MetricOutput("area", unit="mm2", regions=("inside_mask",)), name="marked_area", version="1")
def area(pair):
    if pair.spacing_mm is None or not pair.edit_mask.any():
        return {}
    return {"area:inside_mask": float(pair.edit_mask.sum()) * pair.spacing_mm[0] * pair.spacing_mm[1]}


@feature(MetricOutput("peak", unit="levels"))
def peak(picture):
    return {f"peak:{region}": int(picture.image[mask].max()) for region, mask in picture.regions.items()}


SOUND = (row_change, worst_row, area, peak)


def one(**declared):
    """A decorator for a metric of the whole image, declared as asked."""
    return metric(MetricOutput("x", **{"unit": "", "regions": WHOLE, **declared}))


@one()
def undefined_as_nan(pair):
    with np.errstate(invalid="ignore"):
        return {"x:whole": float(np.divide(0.0, float(pair.protected_mask.sum())))}


@one()
def infinite(pair):
    return {"x:whole": np.inf}


@one()
def text(pair):
    return {"x:whole": "0.5"}


@one()
def truth(pair):
    return {"x:whole": True}


@one()
def bare_number(pair):
    return 0.5


@one()
def undeclared(pair):
    return {"y:whole": 0.5}


@one()
def undeclared_region(pair):
    return {"x:protected": 0.5}


@one()
def raising(pair):
    raise RuntimeError("no\nluck")


@one()
def leaving(pair):
    raise SystemExit(3)


@one()
def writing(pair):
    pair.edited[0, 0] = 0
    return {"x:whole": 0.5}


@one()
def spoiling(pair):
    pair.levels_before["whole"][:] = 0
    return {"x:whole": 0.5}


@one()
def random(pair):
    return {"x:whole": np.random.default_rng().random()}


@one()
def eight_bit_only(pair):
    return {"x:whole": float(np.bincount(pair.original.ravel(), minlength=256).reshape(16, 16).max())}


@one(unchanged=0.0)
def never_unchanged(pair):
    return {"x:whole": 0.5}


@one(unit=None)
def without_unit(pair):
    return {"x:whole": 0.5}


@one(regions=("whole", "everywhere"))
def of_no_region(pair):
    return {"x:whole": 0.5}


@one(unchanged=float("nan"))
def unchanged_is_nan(pair):
    return {"x:whole": 0.5}


@metric()
def without_output(pair):
    return {}


@metric(MetricOutput("a b", unit=""))
def unspeakable(pair):
    return {}


@metric(MetricOutput("x", unit=""), MetricOutput("x", unit="mm"))
def twice(pair):
    return {}


@metric("x")
def plain_name(pair):
    return {}


@metric(MetricOutput("x", unit=""), name="a b")
def badly_named(pair):
    return {}


def made_inside():
    @one()
    def hidden(pair):
        return {"x:whole": 0.5}

    return hidden


DECLARED_WRONGLY = {
    without_unit: "x has no unit",
    of_no_region: "x names region 'everywhere'",
    unchanged_is_nan: "x is nan where nothing changed",
    without_output: "it declares no output",
    unspeakable: "is not an output with a name",
    twice: "it declares a quantity twice",
    plain_name: "'x' is not an output with a name",
    badly_named: "its name is not an identifier",
    made_inside(): "not defined at the top level of a module",
}

COMPUTED_WRONGLY = {
    undefined_as_nan: "x:whole is nan, which is not a finite number",
    infinite: "x:whole is inf, which is not a finite number",
    text: "x:whole is '0.5', which is not a finite number",
    truth: "x:whole is True, which is not a finite number",
    bare_number: "it gave float, not a mapping of quantities to numbers",
    undeclared: "it gave 'y:whole', which it does not declare",
    undeclared_region: "it gave 'x:protected', which it does not declare",
    raising: "it raised RuntimeError: no luck",
    leaving: "it raised SystemExit: 3",
    writing: "it raised ValueError",
    spoiling: "it raised ValueError",
    eight_bit_only: "it raised ValueError",
    random: "measured twice, it gave",
    never_unchanged: "x is 0.5 where nothing changed, and declared as 0.0",
}
