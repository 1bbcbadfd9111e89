"""What is said of secondary claims that share an error rate."""

from __future__ import annotations

from editproof.evidence.record import EditorEvidence
from editproof.report.text.wording import counted, listed


def families(editor: EditorEvidence) -> str:
    """A sentence where they are several families, each with an error rate of its own; empty where they are one at most.

    A test is a family. Claims that were to share one error rate do not, once they are spread over two tests.
    """
    tests = sorted({claim.test for claim in editor.facts.claims if claim.criterion.family})
    if len(tests) < 2:
        return ""
    return (
        f"The secondary claims that share an error rate are {counted(len(tests), 'family', 'families')}, one for each "
        f"of {listed(tests)}; each family has an error rate of its own, and together they have more than that."
    )
