"""The outcome of a run as a small picture, for a README or a dashboard."""

from __future__ import annotations

from html import escape

from editproof.evidence.record import Evidence
from editproof.evidence.reservations import heading
from editproof.report.formats.certificate import obstacles
from editproof.report.page.environment import TONES, palette
from editproof.report.text.wording import in_one_line
from editproof.types import Outcome

_LETTER = 6.6
"""Mean width of a letter in pixels; the text is stretched or set closer to fit."""


def render(evidence: Evidence) -> str:
    """An SVG of 20 pixels' height: *editproof*, and what the run came to, in words and in a colour.

    A PASS with reservations has neither the colour nor the words of one without; of a run by which nothing was proven
    (INVALID, EXPLORATORY, incomplete, without a tool) no verdict is shown. The title, which a pointer brings up, has
    cohort, reservations, run and protocol.
    """
    words, tone = _outcome(evidence)
    left, right = _width("editproof"), _width(words)
    title = in_one_line(
        f"{words}. Cohort: {evidence.dataset.name}. {' '.join(found.sentence for found in evidence.reservations)} "
        f"Run {evidence.run}, protocol {str(evidence.protocol.get('digest', ''))[:12]}.",
        600,
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="editproof: {escape(words)}"><title>{escape(title)}</title>'
        f'<rect width="{left}" height="20" fill="#3d4450"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{palette()[tone]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text('editproof', 0, left)}{_text(words, left, right)}</g></svg>\n"
    )


def _outcome(evidence: Evidence) -> tuple[str, str]:
    """What the run came to in a few words, and the name of a colour."""
    if flaws := obstacles(evidence):
        return f"nothing proven: {flaws[0][0]}", TONES[Outcome.INVALID]
    said = heading(evidence.outcome, evidence.reservations).partition(":")[0]
    reserved = evidence.outcome is Outcome.PASS and bool(evidence.reservations)
    tone = TONES[Outcome.INCONCLUSIVE if reserved else evidence.outcome]
    if len(evidence.editors) == 1:
        return f"{in_one_line(evidence.editors[0].card.name, 40)}: {said[0].lower()}{said[1:]}", tone
    passed = sum(editor.outcome is Outcome.PASS for editor in evidence.editors)
    kept = ", with reservations" if passed and evidence.reservations else ""
    return f"{passed} of {len(evidence.editors)} tools {'conforms' if passed == 1 else 'conform'}{kept}", tone


def _width(words: str) -> int:
    return round(len(words) * _LETTER) + 12


def _text(words: str, start: int, width: int) -> str:
    return f'<text x="{start + 6}" y="14" textLength="{width - 12}">{escape(words)}</text>'
