"""What edits cost: a dated price table that anyone may replace."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from editproof.errors import EditorError
from editproof.types import JSON

VARIABLE = "EDITPROOF_PRICES"
"""Environment variable that names a table to be used instead of the one shipped."""


@dataclass(frozen=True)
class Prices:
    """Prices of one model in US dollars per million tokens, and when they were written down.

    ``share`` is what is paid of them: 1, or less by the Batch API.
    """

    model: str
    as_of: str
    text_in: float
    image_in: float
    image_out: float
    assumed: Mapping[str, JSON]
    share: float = 1.0

    def cost_usd(self, usage: Mapping[str, JSON]) -> float:
        """The bill of one answer, from the ``usage`` that the Images API gives with it.

        Examples
        --------
        >>> prices = Prices("m", "2026-11", 5.0, 8.0, 30.0, {})
        >>> usage = {"input_tokens_details": {"text_tokens": 100, "image_tokens": 1000}, "output_tokens": 1000}
        >>> prices.cost_usd(usage)
        0.0385
        """
        details = usage.get("input_tokens_details") or {}
        text = details.get("text_tokens", 0)
        image = details.get("image_tokens", max(0, usage.get("input_tokens", 0) - text))
        tokens: float = text * self.text_in + image * self.image_in + usage.get("output_tokens", 0) * self.image_out
        return round(self.share * tokens / 1e6, 6)

    def expected_usd(self, quality: str) -> float:
        """What one edit is expected to cost before anything was billed."""
        out = self.assumed["image_out"]
        tokens = {
            "input_tokens_details": {
                "text_tokens": self.assumed["text_in"],
                "image_tokens": self.assumed["image_in"],
            },
            "output_tokens": out.get(quality, max(out.values())),
        }
        return self.cost_usd(tokens)


def prices_of(model: str, *, batch: bool = False) -> Prices | None:
    """Prices of a model; a dated snapshot (``gpt-image-2-2026-04-21``) costs what its model does. None if unknown."""
    table = _table(os.environ.get(VARIABLE, ""))
    known = table["per_million_tokens"]
    names = [name for name in known if model == name or model.startswith(f"{name}-2")]
    if not names:
        return None
    each = known[max(names, key=len)]
    share = float(table["batch_share"]) if batch else 1.0
    return Prices(
        model, table["as_of"], each["text_in"], each["image_in"], each["image_out"], table["assumed_tokens"], share
    )


@cache
def _table(path: str) -> JSON:
    file = Path(path) if path else Path(__file__).with_name("prices.json")
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        for name, prices in table["per_million_tokens"].items():
            if not {"text_in", "image_in", "image_out"} <= set(prices):
                raise KeyError(name)
        shipped = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))
        return {name: shipped[name] for name in ("assumed_tokens", "batch_share")} | table
    except (OSError, ValueError, KeyError, AttributeError) as error:
        asked = f"price table {file}"
        raise EditorError(
            asked, f"it cannot be read ({error!r})", "Start from harness/editproof/editors/prices.json."
        ) from error
