"""Requests that one call may answer, and answers from which every secret is struck out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from editproof.core.digests import canonical, pixel_digest
from editproof.core.redaction import redacted, redacted_bytes, secrets
from editproof.types import JSON, EditOutcome, EditRequest


def requests_alike(missing: dict[str, EditRequest], size: int) -> Iterator[dict[str, EditRequest]]:
    """Requests that one call may answer together: alike in all but repeat and seed, at most ``size``."""
    if size == 1:
        yield from ({key: request} for key, request in missing.items())
        return
    alike: dict[str, list[str]] = {}
    for key, request in missing.items():
        content = canonical(
            [
                pixel_digest(request.image),
                pixel_digest(request.edit_mask),
                request.prompt,
                dict(request.parameters),
                request.output,
            ]
        )
        alike.setdefault(content, []).append(key)
    for keys in alike.values():
        for start in range(0, len(keys), size):
            yield {key: missing[key] for key in keys[start : start + size]}


def cleaned(outcome: EditOutcome) -> EditOutcome:
    """The outcome with every secret of the environment struck out."""
    known = secrets()
    return replace(
        outcome,
        message=redacted(outcome.message, known),
        provenance={name: _clean_value(value, known) for name, value in outcome.provenance.items()},
        raw=redacted_bytes(outcome.raw, known),
    )


def _clean_value(value: JSON, known: Mapping[str, str]) -> JSON:
    if isinstance(value, str):
        return redacted(value, known)
    if isinstance(value, dict):
        return {name: _clean_value(inner, known) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_value(inner, known) for inner in value]
    return value if not isinstance(value, float) or math.isfinite(value) else None
