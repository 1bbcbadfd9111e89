"""The files with which a study of one's own begins: short, with placeholders marked, and ready to run.

What a study is to say is decided by its users; :data:`PLACEHOLDER` marks each line that somebody has to decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

from editproof.core.nearest import did_you_mean
from editproof.core.numbers import brief
from editproof.errors import ProtocolError
from editproof.study.scaffold_tasks import READERS, TASKS, Draft, Task
from editproof.types import InstrumentCard, Quantity

PLACEHOLDER: Final = "PLACEHOLDER"
"""The word that marks what somebody has to decide; in a source of a limit it is a reservation of every result."""

IGNORE: Final = ".gitignore"
CI: Final = {"github": Path(".github", "workflows", "conformance.yml"), "gitlab": Path(".gitlab-ci.yml")}
"""Services for which a job is written, and where it goes."""

DRAWN: Final = "phantom"
"""The cohort and the instrument of drawn hands that ship with the package."""

CAP: Final = 12
"""Margins that a change counts for at most, to begin with: few patients prove little of larger ones."""


@dataclass(frozen=True)
class Wishes:
    """What is said of a study before it is written down.

    Attributes
    ----------
    task : str
        One of :data:`~editproof.study.scaffold_tasks.TASKS`.
    modality : str
        What the images are: ``"chest radiographs"``.
    tool, instrument, dataset : str
        As for ``--editor``, ``--instrument`` and ``--dataset``; where empty, what ships with the package stands in.
    ci : str
        One of :data:`CI`, or ``"none"``.
    """

    task: str
    modality: str = ""
    tool: str = ""
    instrument: str = ""
    dataset: str = ""
    ci: str = "github"


def scaffold(wishes: Wishes, card: InstrumentCard | None = None) -> dict[Path, str]:
    """Every file of a new study, by its path below the study's folder.

    Parameters
    ----------
    wishes : Wishes
    card : InstrumentCard, optional
        Of the instrument, whose quantities the claims are about.

    Raises
    ------
    ProtocolError
        Where there is no such task.
    """
    if wishes.task not in TASKS:
        raise ProtocolError(
            f"a study of {wishes.task}",
            "no such task",
            f"{did_you_mean(wishes.task, TASKS)}Name one of {', '.join(TASKS)}.",
        )
    task = TASKS[wishes.task]
    files = {
        Path("study.toml"): _study(task, wishes),
        Path("claims.toml"): _claims(task, [*_drafts(task, card)]),
        Path("register.toml"): _register(task),
        Path(IGNORE): ".editproof/\nreports/\n",
    }
    if wishes.task == READERS:
        files[Path("questions.toml")] = QUESTIONS
    elif not wishes.tool:
        files[Path("tool.py")] = TOOL
    if wishes.ci in CI:
        files[CI[wishes.ci]] = (GITHUB if wishes.ci == "github" else GITLAB).format(
            version=version("editproof"), run=JUDGE if wishes.task == READERS else RUN
        )
    return files


def write_scaffold(files: Mapping[Path, str], folder: Path) -> list[Path]:
    """Write the files of a new study where none of them is yet; a ``.gitignore`` that is there is left as it is.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ProtocolError
        Where one of them is there already; then nothing is written.
    """
    there = [str(path) for path in files if (folder / path).exists() and path.name != IGNORE]
    if there:
        found = f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already"
        raise ProtocolError(f"a new study in {folder}", found, "Name another folder; nothing is written over.")
    written = [folder / path for path in files if not (folder / path).exists()]
    for path, text in files.items():
        if (folder / path) in written:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return written


def next_steps(wishes: Wishes) -> Sequence[str]:
    """What to do with a new study, one line each."""
    first = f"Replace what is marked {PLACEHOLDER} in each of these files."
    if wishes.task == READERS:
        tool, cohort = _tool(wishes), wishes.dataset or TASKS[READERS].cohort
        return (
            first,
            "Have the edits made: editproof edit --study study.toml",
            f"Draw the forms: editproof readers draw --study study.toml --editor '{tool}' --dataset '{cohort}' "
            "--questions questions.toml --readers Ana,Ben,Cyd --n 60 --out forms",
            "Collect the answers: editproof readers collect answers-*.csv --key forms.key.json -o readings.csv",
            "Judge them: editproof judge readings.csv --suite claims.toml --cohort forms.key.cases.csv",
        )
    trial = () if wishes.dataset else ("To see it work first, on drawn hands: editproof run",)
    return (
        *trial,
        first,
        "Before the first edit that counts: editproof lock protocol.json --for-gate --study study.toml, and commit it.",
        "From then on: editproof run --lock protocol.json",
    )


def _study(task: Task, wishes: Wishes) -> str:
    modality = wishes.modality or "images"
    lines = [
        "# What is asked of the tool, of which cohort, and what reads the images. Each line is part of the protocol.",
        'schema = "editproof-study/1"',
        _line("name", f"{task.title} {modality}", "how the report is headed"),
        _line("task", task.name),
        _line("prompt", task.prompt.format(modality=modality), "what a tool that takes words is told"),
        _line("cohort", wishes.dataset or task.cohort, "" if wishes.dataset else "drawn; yours: folder:PATH"),
        _line("instruments", [wishes.instrument or DRAWN], "" if wishes.instrument else "reads drawn hands"),
        _line("editors", [_tool(wishes)], "" if wishes.tool else "the tool to judge"),
        *([] if wishes.task == READERS else ['suite = "claims.toml"']),
        'register = "register.toml"',
        f"repeats = {task.repeats}",
        "seed = 0",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _tool(wishes: Wishes) -> str:
    return wishes.tool or ("opencv-telea" if wishes.task == READERS else "tool.py:make")


def _line(name: str, value: object, open_words: str = "") -> str:
    """A line of TOML; what is open in it is marked in a line before it, and said."""
    text = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    return f"# {PLACEHOLDER}: {open_words}\n{text}" if open_words else text


def _drafts(task: Task, card: InstrumentCard | None) -> Iterator[Draft]:
    """The claims of a task: those on a quantity once for each that the instrument reads, numbered on."""
    quantities = card.quantities if card else (Quantity("bone_age", "months"),)
    for draft in task.drafts:
        if not draft.of:
            yield draft
            continue
        fitting = [
            quantity for quantity in quantities if (quantity.kind == "probability") == (draft.of == "probability")
        ]
        for number, quantity in enumerate(fitting, start=1):
            margin = _margin(quantity, card)
            told = {"q": quantity.name, "unit": quantity.unit, "margin": brief(margin), "cap": brief(CAP * margin)}
            yield replace(
                draft,
                id=f"{draft.id}-{number}",
                estimand=draft.estimand.format(**told),
                region=draft.region.format(**told),
                sentence=draft.sentence.format(**told),
            )


def _margin(quantity: Quantity, card: InstrumentCard | None) -> float:
    """A limit to begin with: a quarter of the error that the instrument is allowed on originals."""
    floor = (card.floors if card else {}).get(quantity.name, {}).get("mae_at_most")
    return float(brief(floor / 4, 2)) if floor else 1.0


def _claims(task: Task, drafts: Sequence[Draft]) -> str:
    head = [
        f"# The claims, each with its limit. {PLACEHOLDER}: every region below, and its source, is for you to decide.",
        "# docs/estimands.md lists what can be claimed. A claim without a role is primary: it has to hold.",
        "",
        "[defaults]",
        'source = "placeholder: our protocol, section ..."',
        "confidence = 0.95",
    ]
    for draft in drafts:
        head += ["", "[[claim]]", *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in draft.told)]
    return "\n".join(head) + "\n"


def _register(task: Task) -> str:
    tables = (("requirements", "R", task.requirements), ("hazards", "H", task.hazards))
    lines = [f"# {PLACEHOLDER}: requirements and hazards of your product; the report flags what no claim answers."]
    for table, letter, words in tables:
        lines += ["", f"[{table}]", *(f"{letter}{n} = {json.dumps(text)}" for n, text in enumerate(words, start=1))]
    return "\n".join(lines) + "\n"


TOOL: Final = '''"""PLACEHOLDER: your tool. A request has image, edit_mask, prompt, seed, ...; it returns an image."""


def make():
    """The tool; what is loaded here is loaded once."""
    return edited


def edited(request):
    """Put your tool here. This one changes nothing."""
    return request.image.copy()
'''

QUESTIONS: Final = """# PLACEHOLDER: what readers are asked. The claims name these quantities.
instructions = "Say of every image how sure you are. Some images are shown twice. Do not confer."

[[question]]
quantity = "finding"
text = "How sure are you that there is a finding?"
least = 0
most = 100

[[question]]
quantity = "quality"
text = "How good is the image for reading?"
least = 0
most = 4
step = 1
"""

RUN: Final = 'editproof run --lock protocol.json --store "$PWD/.editproof" --reports "$PWD/reports"'
JUDGE: Final = "editproof judge readings.csv --suite claims.toml"

GITHUB: Final = """# Judges every pull request by a protocol that is locked once; the verdicts are on the job's page.
name: conformance
on: [pull_request]
jobs:
  conformance:
    runs-on: ${{{{ matrix.os }}}}
    defaults: {{ run: {{ shell: bash }} }}
    env: {{ JOB: "${{{{ matrix.os }}}}-${{{{ matrix.python }}}}" }}
    strategy:  # leave those that your tool runs on
      fail-fast: false
      matrix: {{ os: [ubuntu-latest, windows-latest, macos-latest], python: ["3.11", "3.12", "3.13", "3.14"] }}
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with: {{ python-version: "${{{{ matrix.python }}}}" }}
      - uses: actions/cache@v5  # edits that are kept are not made, or paid for, again
        with:
          path: .editproof
          key: editproof-${{{{ env.JOB }}}}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          restore-keys: editproof-${{{{ env.JOB }}}}-
      - run: pip install editproof=={version}
      - run: {run}
      - if: always()
        run: |
          editproof report reports/*/ --format markdown >> "$GITHUB_STEP_SUMMARY"
          editproof report reports/*/ --format junit --output conformance.xml
      - id: artefact
        if: always()
        uses: actions/upload-artifact@v5
        with: {{ name: "conformance-${{{{ env.JOB }}}}", path: "reports/\\nconformance.xml" }}
      - if: always()
        env: {{ URL: "${{{{ steps.artefact.outputs.artifact-url }}}}" }}
        run: |
          if [ -n "$URL" ]; then
            printf '\\n[The report, its evidence and its attestation](%s)\\n' "$URL" >> "$GITHUB_STEP_SUMMARY"
          fi
"""

GITLAB: Final = """# Judges every merge request by a protocol that is locked once; the claims are in the Tests tab.
conformance:
  image: python:$PYTHON
  parallel: {{ matrix: [{{ PYTHON: ["3.11", "3.12", "3.13", "3.14"] }}] }}  # leave those that your tool runs on
  cache: {{ key: editproof-$PYTHON, paths: [.editproof] }}
  script:
    - pip install editproof=={version}
    - {run}
  after_script:
    - editproof report reports/*/ --format junit --output conformance.xml
  artifacts:
    when: always
    expose_as: conformance report
    paths: [reports/]
    reports: {{ junit: conformance.xml }}
"""
