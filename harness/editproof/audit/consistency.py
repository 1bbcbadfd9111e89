"""What must hold within the tables of a run, whoever wrote them: one sentence for each thing that does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from editproof.audit.maps import map_faults
from editproof.evidence.facts import Facts
from editproof.evidence.measurements import (
    EDITED,
    HISTOGRAM_MATCHED,
    ORIGINAL,
    PASTE_BACK,
    PLANTED,
    PLANTED_ORIGINAL,
    POOLED,
    SINGLE,
    TARGET,
    UNCERTAINTY,
    Measurements,
)
from editproof.evidence.planted import SEEN, planted_cases
from editproof.evidence.protocol import moment
from editproof.evidence.readers import pooled_readings
from editproof.evidence.tabled import is_of_readings_alone
from editproof.types import EditorCard, EditStatus, InstrumentCard

_DIGEST = re.compile("[0-9a-f]{64}")
ROW_KEY = ["case", "arm", "repeat", "instrument", "quantity"]


def inconsistencies(facts: Facts, expected_cases: int) -> Iterator[str]:
    """Everything in the tables that contradicts itself, another table, or the cards: file, field and what is wrong.

    Parameters
    ----------
    expected_cases : int
        What of the cohort the run should hold: all of it, or the cases of its shard.
    """
    tables = {f"measurements/{index}": tool.measurements for index, tool in enumerate(facts.tools)}
    tables |= {f"measurements/{name}": control for name, control in facts.controls.items()}
    cards = {f"measurements/{index}": tool.card for index, tool in enumerate(facts.tools)}
    names = [tool.card.name for tool in facts.tools]
    for index, tool in enumerate(facts.tools):
        if tool.measurements.editor != tool.card.name:
            yield f"evidence.json: facts.tools[{index}].measurements.editor is not the tool of its card"
        if names.count(tool.card.name) > 1:
            yield f"evidence.json: facts.tools[{index}].card.name: {tool.card.name} is judged twice"
    alone = is_of_readings_alone(facts)
    asked = [name for name in facts.terms.get("editors", {}) if name in names]
    if names != asked:
        yield f"evidence.json: facts.tools are {names}, not in the order of facts.terms.editors"
    for name, control in facts.controls.items():
        if control.editor != name:
            yield f"evidence.json: facts.controls.{name}.editor is {control.editor}"
    for place, table in tables.items():
        yield from _cases(place, table, expected_cases)
        yield from _edits(place, table, facts.terms.get("plan", {}).get("repeats"))
        yield from _unknown_origins(place, table) if alone else _origins(place, table, cards.get(place))
        yield from _rows(place, table)
        for card in facts.instruments:
            yield from _readings(place, table, card)
        yield from _histograms(place, table)
        yield from map_faults(place, table)
        yield from _planted(place, table, facts)
    yield from _shared(tables)
    if "identity" in facts.controls:
        yield from _unchanged("measurements/identity", facts.controls["identity"])
    if not facts.shard and len(tables):
        patients = len(set(next(iter(tables.values())).cases["patient"]))
        if patients != facts.dataset.n_patients:
            yield f"evidence.json: facts.dataset.n_patients is {facts.dataset.n_patients}, the tables have {patients}"


def _cases(place: str, table: Measurements, expected: int) -> Iterator[str]:
    if len(table.cases) != expected:
        found = f"{place}-cases.csv has {len(table.cases)}"
        yield f"evidence.json: facts.dataset.n_cases (and facts.shard) ask for {expected} cases, {found}"
    for name in table.cases["case"][table.cases["case"].duplicated()]:
        yield f"{place}-cases.csv: case {name} is there twice"
    if table.stratum != "all":
        yield f"evidence.json: the tables of {place} are of the stratum {table.stratum}"


def _edits(place: str, table: Measurements, repeats: object) -> Iterator[str]:
    wanted = [(case, repeat) for case in table.cases["case"] for repeat in range(_whole(repeats, table.n_repeats))]
    found = list(zip(table.edits["case"], table.edits["repeat"], strict=True))
    if found != wanted:
        odd = next((pair for pair in found if pair not in set(wanted)), None)
        odd = odd or next((pair for pair in wanted if pair not in set(found)), None)
        words = f"case {odd[0]}, repeat {odd[1]}" if odd else "case: the order"
        yield f"{place}-edits.csv: {words} is not as the cases and facts.terms.plan.repeats require"
    for status in sorted(set(table.edits["status"]) - set(EditStatus)):
        yield f"{place}-edits.csv: status {status!r} is not a known one"


def _origins(place: str, table: Measurements, card: EditorCard | None) -> Iterator[str]:
    """What is known of each edit: the digest of its pixels, when it was made, how its first attempt ended."""
    where = f"{place}-edits.csv"
    for edit in table.edits.itertuples(index=False):
        named = f"case {edit.case}, repeat {edit.repeat}"
        if (edit.status == EditStatus.OK) != bool(_DIGEST.fullmatch(str(edit.digest))):
            yield f"{where}: digest of {named} is {str(edit.digest)[:12]!r}, the edit is {edit.status}"
        if edit.first not in {"", *EditStatus}:
            yield f"{where}: first of {named} is {edit.first!r}, which is not an end of an edit"
        if edit.status == EditStatus.OK and moment(edit.made) is None:
            yield f"{where}: made of {named} is {edit.made!r}, not a time with its zone"
    if not table.deterministic:
        return
    if moment(table.deterministic) is None:
        yield f"evidence.json: {place}: deterministic is {table.deterministic!r}, not a time with its zone"
    if card is not None and not card.deterministic:
        yield f"evidence.json: {place}: deterministic: {card.name} makes no such claim on its card"
    came_back = table.edits[table.edits["digest"] != ""]
    for case, pixels in came_back.groupby("case")["digest"].nunique().items():
        if pixels > 1:
            yield f"{where}: digest: case {case} has edits of other pixels, though a check showed that none differ"
            return


def _unknown_origins(place: str, table: Measurements) -> Iterator[str]:
    """Of edits that were read elsewhere neither pixels nor time are known, and nothing was checked."""
    for name in ("digest", "made", "first"):
        if table.edits[name].astype(bool).any():
            yield f"{place}-edits.csv: {name}: known, though readings alone were judged"
    if table.deterministic:
        yield f"evidence.json: {place}: deterministic: said, though readings alone were judged"


def _rows(place: str, table: Measurements) -> Iterator[str]:
    rows, where = table.rows, f"{place}-rows.csv"
    for name in sorted(set(table.undefined) & set(rows["quantity"])):
        yield f"evidence.json: {place}: undefined: {name} has values in {where}"
    for key in rows.loc[rows.duplicated(ROW_KEY), ROW_KEY].itertuples(index=False):
        yield f"{where}: value: measured twice: {_named(key)}"
    came_back = table.edits.loc[table.edits["status"] == EditStatus.OK, ["case", "repeat"]]
    known = set(came_back.itertuples(index=False, name=None))
    originals = {(case, 0) for case in table.cases["case"]}
    places = rows[["case", "repeat", "arm"]].drop_duplicates()
    for case, repeat, arm in places.itertuples(index=False, name=None):
        if (case, repeat) not in (originals if arm in SINGLE else known):
            yield f"{where}: case {case}, {arm}, repeat {repeat}: measured, though no such image came back"
    order = [str(case) for case in rows["case"][rows["case"] != rows["case"].shift()]]
    if order != [str(case) for case in table.cases["case"] if str(case) in set(order)]:
        yield f"{where}: case: not in the order of {place}-cases.csv"


def _fewest(place: str, table: Measurements, card: InstrumentCard, images: int) -> int:
    """Images that may have been read: a table of readings made elsewhere may lack those of the destructive control."""
    return len(table.cases) if place.endswith("/destructive") and card.precomputed else images


def _readings(place: str, table: Measurements, card: InstrumentCard) -> Iterator[str]:
    """Every image read by every member, or by some reader, and pooled as the mean over them."""
    where = f"{place}-rows.csv"
    readers = [str(name) for name in card.reading.get("readers", ())]
    members = readers or [f"member-{index}" for index in range(card.members)]
    arms = [arm for arm in (EDITED, PASTE_BACK, HISTOGRAM_MATCHED) if arm not in card.absent_arms]
    images = len(table.cases) + len(arms) * int((table.edits["status"] == EditStatus.OK).sum())
    for quantity in card.quantities:
        of = table.rows[table.rows["quantity"] == quantity.name]
        wide = of.pivot_table(index=["case", "arm", "repeat"], columns="instrument", values="value", aggfunc="first")
        if sorted(set(wide.columns) - {UNCERTAINTY}) != sorted([*members, POOLED]):
            yield f"{where}: instrument: {quantity.name} was read by {', '.join(wide.columns)}, not by {card.name}"
            continue
        main = wide.index.get_level_values("arm").isin([ORIGINAL, *arms]).sum()
        absent = wide[POOLED].isna().any() if readers else wide.isna().to_numpy().any()
        if main not in (images, _fewest(place, table, card, images)) or absent:
            yield f"{where}: value: {quantity.name} is missing for some of the {images} images that were to be read"
        mean = pooled_readings(wide[members])
        for key in wide.index[~np.isclose(mean, wide[POOLED], rtol=1e-9, atol=1e-12, equal_nan=True)]:
            yield f"{where}: value: pooled {quantity.name} is not the mean of its members: {_named(key)}"
        for unit in sorted(set(of["unit"]) - {quantity.unit}):
            yield f"{where}: unit of {quantity.name} is {unit!r}, the card of {card.name} says {quantity.unit!r}"


def _histograms(place: str, table: Measurements) -> Iterator[str]:
    counts, where = table.histograms, f"{place}-histograms.csv"
    for (arm, region), group in counts.groupby(["arm", "region"], sort=False):
        if list(group["level"]) != list(range(len(group))) or (group["count"] < 0).any():
            yield f"{where}: level, count: {arm}, {region} is not a histogram"
    if counts.empty or table.n_missing:
        return
    totals = counts.groupby(["region", "arm"])["count"].sum().unstack()
    if {ORIGINAL, EDITED} <= set(totals):
        for region in totals.index[totals[EDITED] != totals[ORIGINAL] * table.n_repeats]:
            yield f"{where}: count: {region}: edits have other numbers of pixels than their originals"


def _planted(place: str, table: Measurements, facts: Facts) -> Iterator[str]:
    """Structures were planted in the cases that the seed draws, or in none; an edit shows some of them or none."""
    of = {arm: table.rows[(table.rows["arm"] == arm)] for arm in (PLANTED_ORIGINAL, PLANTED)}
    where = f"{place}-rows.csv"
    before, after = (set(of[arm]["case"]) for arm in (PLANTED_ORIGINAL, PLANTED))
    seed = _whole(facts.terms.get("plan", {}).get("seed"), 0)
    drawn = planted_cases(zip(table.cases["case"], table.cases["patient"], strict=True), seed)
    if before and before != drawn and not facts.shard:
        odd = sorted(before ^ drawn)[0]
        yield f"{where}: case {odd}: structures are planted in other cases than facts.terms.plan.seed draws"
    for case in sorted(after - before):
        yield f"{where}: case {case}: an edit of a planted radiograph, though none was planted"
    for arm, rows in of.items():
        if not rows["quantity"].eq(SEEN).all() or not rows["value"].between(0, 1).all():
            yield f"{where}: {arm}: something else than the share of structures that are seen"


def _shared(tables: Mapping[str, Measurements]) -> Iterator[str]:
    """All tools were given the same originals."""
    if not tables:
        return
    first, *others = tables.items()
    for place, table in others:
        for name, one, other in (
            ("cases", first[1].cases, table.cases),
            ("rows", _of_originals(first[1].rows), _of_originals(table.rows)),
            ("histograms", _of_originals(first[1].histograms), _of_originals(table.histograms)),
            ("maps", _of_originals(first[1].maps), _of_originals(table.maps)),
        ):
            if not one.equals(other):
                difference = _first_difference(one, other)
                yield f"{place}-{name}.csv: {difference} is another original than in {first[0]}-{name}.csv"


def _unchanged(place: str, identity: Measurements) -> Iterator[str]:
    wide = identity.rows[identity.rows["instrument"] == POOLED]
    original = wide[wide["arm"] == ORIGINAL].set_index(["case", "quantity"])["value"]
    edited = wide[wide["arm"] == EDITED].set_index(["case", "quantity"])["value"]
    for key in edited.index[edited.to_numpy() != original.reindex(edited.index).to_numpy()]:
        yield f"{place}-rows.csv: value: the unchanged radiograph reads otherwise than its original: {_named(key)}"


def _of_originals(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["arm"].isin([ORIGINAL, TARGET, PLANTED_ORIGINAL])].reset_index(drop=True)


def _first_difference(one: pd.DataFrame, other: pd.DataFrame) -> str:
    if list(one.columns) != list(other.columns) or len(one) != len(other):
        return f"{len(other)} rows of {', '.join(map(str, other.columns))}"
    differs = ~((one == other) | (one.isna() & other.isna()))
    column = str(differs.any().idxmax())
    row = int(differs[column].to_numpy().argmax())
    case = f"case {other['case'].iloc[row]}: " if "case" in other else ""
    return f"{case}{column} {other[column].iloc[row]!r}"


def _named(key: Iterable[Any]) -> str:
    return ", ".join(str(part) for part in key)


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) else default
