"""The measurements of a run as one tidy table, for any statistics program: CSV, or Parquet."""

from __future__ import annotations

import io

import pandas as pd

from editproof.core.extras import need
from editproof.errors import EvidenceError
from editproof.evidence.measurements import Measurements
from editproof.evidence.record import Evidence


def csv(evidence: Evidence) -> bytes:
    """The table as CSV, UTF-8."""
    text: str = tidy(evidence).to_csv(index=False, lineterminator="\n")
    return text.encode()


def parquet(evidence: Evidence) -> bytes:
    """The table as Parquet.

    Raises
    ------
    EvidenceError
        Without pyarrow.
    """
    need("parquet", "measurements as Parquet", EvidenceError, otherwise="or take --format csv")
    file = io.BytesIO()
    tidy(evidence).to_parquet(file, index=False)
    return file.getvalue()


def tidy(evidence: Evidence) -> pd.DataFrame:
    """One row a reading of every tool and control, with the reference standard and the strata of its case.

    A missing edit is a row with its status and without a value.
    """
    measured = [editor.measurements for editor in evidence.editors]
    tables = [_tidy(table) for table in (*measured, *evidence.controls.values())]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _tidy(measured: Measurements) -> pd.DataFrame:
    lost = measured.edits[measured.edits["status"] != "ok"].assign(arm="edited")
    rows = pd.concat([measured.rows.assign(status="ok"), lost[["case", "arm", "repeat", "status"]]], ignore_index=True)
    columns = ["editor", "case", "patient", "arm", "repeat", "status", "instrument", "quantity", "value", "unit"]
    whole = rows.merge(measured.cases, on="case", how="left").assign(editor=measured.editor)
    return whole[[*columns, *(name for name in measured.cases if ":" in name)]]
