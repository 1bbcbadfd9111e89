"""A run as runs of MLflow: one for each tool, in an experiment of the cohort's name."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from editproof.audit.exporters.exporter import RunSummary, ToolSummary
from editproof.core.extras import need
from editproof.errors import EvidenceError

_LONGEST = 5000
"""Characters that MLflow keeps of a tag."""


def enter_in_mlflow(run: RunSummary, address: str) -> str:
    """Enter each tool as a run of MLflow, with its numbers as metrics and its words as tags; one is entered once.

    Parameters
    ----------
    run : RunSummary
    address : str
        Of the tracking server or file store; empty for that of ``MLFLOW_TRACKING_URI``.

    Raises
    ------
    EvidenceError
        Where MLflow is not installed, or does not take it.
    """
    need("mlflow", "editproof export mlflow", EvidenceError)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient(tracking_uri=address or None)
    try:
        experiment = _experiment(client, f"editproof {run.facts['cohort']}")
        entered = [tool.name for tool in run.tools if _entered(client, experiment, run, tool)]
    except (MlflowException, OSError) as error:
        found = str(error).splitlines()[0]
        advice = "Name a tracking server or store: --to."
        raise EvidenceError(f"MLflow at {address or 'MLFLOW_TRACKING_URI'}", found, advice) from error
    there = len(run.tools) - len(entered)
    return f"{run.name}: {len(entered)} tools entered in MLflow{f', {there} were there already' if there else ''}"


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _entered(client: Any, experiment: str, run: RunSummary, tool: ToolSummary) -> bool:
    """Enter a tool, and say whether it was not there before."""
    known = {"editproof.run": run.name, "editproof.tool": tool.name}
    if client.search_runs([experiment], " and ".join(f"tags.`{name}` = '{_plain(v)}'" for name, v in known.items())):
        return False
    tags = {
        **{name: _plain(value) for name, value in known.items()},
        **{f"editproof.run.{name}": value for name, value in run.facts.items()},
        **{f"editproof.{name}": value for name, value in tool.facts.items()},
        **{f"editproof.verdict.{_name(place)}": outcome for place, (outcome, _) in tool.verdicts.items()},
    }
    began, ended = (_milliseconds(moment) for moment in (run.began, run.ended))
    made = client.create_run(
        experiment,
        start_time=began,
        run_name=f"{tool.name} {run.name}",
        tags={name: value[:_LONGEST] for name, value in tags.items()},
    )
    for name, value in tool.numbers.items():
        client.log_metric(made.info.run_id, _name(name), value, timestamp=ended)
    client.set_terminated(made.info.run_id, "FINISHED", end_time=ended)
    return True


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


def _name(text: str) -> str:
    """A text with the characters alone that MLflow allows in the name of a metric.

    Examples
    --------
    >>> _name("BA-1 in sex=F/value")
    'BA-1 in sex_F/value'
    """
    return re.sub(r"[^\w\-. /]", "_", text)


def _plain(text: str) -> str:
    return text.replace("'", "_")
