"""What is run: the options of the call, over the study file, over the ini keys of the repository."""

from __future__ import annotations

import os
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from editproof.pytest_plugin.claim_files import handed_in, learn_estimands
from editproof.pytest_plugin.declarations import RunOptions, refusal
from editproof.pytest_plugin.unasked import tabled_run

if TYPE_CHECKING:
    from editproof.study.run import Run
    from editproof.study.study_file import StudyFile
    from editproof.study.tabled import TabledRun

STARTED = "editproof_started"
RUN = pytest.StashKey["Run | TabledRun"]()
BEGAN = pytest.StashKey[float]()
STUDY = pytest.StashKey["StudyFile"]()


def run_of(config: pytest.Config) -> Run | TabledRun:
    """The session's run, made once: on images, or on a table of readings alone."""
    if RunOptions(config).readings and RUN not in config.stash:
        learn_estimands(config)
        config.stash[RUN] = tabled_run(config, _register(config), study_of(config))
    if RUN not in config.stash:
        from editproof.core.files import place_at
        from editproof.core.specification import reader_of
        from editproof.datasets.registry import check_reader
        from editproof.editing.edits import Terms
        from editproof.instruments.shipped import READERS
        from editproof.study.executors.executor import Chosen
        from editproof.study.plan import Plan
        from editproof.study.run import Run

        options, hooks, study = RunOptions(config), config.hook, study_of(config)
        learn_estimands(config)
        dataset = options.dataset or study.cohort or config.getini("editproof_dataset")
        if not dataset:
            hint = _left_alone(config)
            raise refusal(config, f"no cohort{hint}; name one with --dataset, e.g. --dataset rsna:PATH")
        cards = options.instrument or study.instruments
        if not cards:
            reader = reader_of(dataset)
            card = hooks.pytest_editproof_instrument(config=config, dataset=reader) or READERS.get(reader)
            cards = [card] if card else []
        if not cards and not options.edit_only:
            check_reader(reader_of(dataset), dict(_merged(hooks.pytest_editproof_datasets(config=config))))
            raise refusal(config, f"no instrument for the images of {dataset!r}; name one with --instrument SPEC")
        plan = Plan.of(
            study, prompt=options.prompt, repeats=options.repeats, seed=options.study_seed, output=options.output
        )
        if plan.repeats < 1:
            raise refusal(config, f"--repeats {plan.repeats}: at least one edit per case is needed")
        config.stash[RUN] = Run(
            editors=tuple(editor_specs(config)),
            dataset_spec=dataset,
            instrument_specs=tuple(map(str, cards)),
            plan=plan,
            store=place_at(config.rootpath, options.store),
            jobs=options.jobs or os.cpu_count() or 1,
            terms=Terms(
                options.edits,
                started(config),
                tuple(options.allow_egress or ()),
                options.max_cost,
                options.max_edits,
                max(0, options.same_failures),
            ),
            lock=Path(options.lock) if options.lock else None,
            shard=options.shard,
            trust_instrument=options.trust_instrument,
            register=_register(config),
            study_file=study,
            editor_factories=_merged(hooks.pytest_editproof_editors(config=config)),
            dataset_factories=_merged(hooks.pytest_editproof_datasets(config=config)),
            metrics=handed_in(hooks.pytest_editproof_metrics(config=config)),
            executor=Chosen(options.executor, options.ray_address),
        )
    return config.stash[RUN]


def study_of(config: pytest.Config) -> StudyFile:
    """The study file of the run, read once; an empty one where there is none.

    Raises
    ------
    pytest.UsageError
        Where it cannot be read, or two studies are asked for.
    """
    if STUDY not in config.stash:
        from editproof.errors import EditproofError
        from editproof.study.study_file import StudyFile, read_study

        try:
            path = study_path(config)
            config.stash[STUDY] = StudyFile() if path is None else read_study(path)
        except EditproofError as error:
            raise refusal(config, error) from error
    return config.stash[STUDY]


def study_path(config: pytest.Config) -> Path | None:
    """The study file of the run: the one that is named, else the one in the nearest folder of what is run."""
    from editproof.study.study_file import found_study

    named = list(dict.fromkeys(RunOptions(config).study or ()))
    if len(named) > 1:
        raise refusal(config, f"--study {named[0]}, --study {named[1]}: one run judges one study")
    if named:
        return Path(named[0])
    if of_ini := config.getini("editproof_study"):
        return config.rootpath / str(of_ini)
    return found_study(asked_paths(config), config.rootpath)


def asked_paths(config: pytest.Config) -> list[Path]:
    """The files and folders that pytest was given, also those that ``--pyargs`` names as packages."""
    return [_path_of(config, argument.partition("::")[0]) for argument in config.args]


def _path_of(config: pytest.Config, argument: str) -> Path:
    path = config.invocation_params.dir / argument
    if not config.option.pyargs or path.exists():
        return path
    try:
        found = find_spec(argument)
    except (ImportError, ValueError, AttributeError):  # pytest will say that there is no such package
        found = None
    if found is None or found.origin is None:
        return path
    return Path(found.origin).parent if found.submodule_search_locations else Path(found.origin)


def started(config: pytest.Config) -> float:
    """When the run began, in seconds of the epoch; one moment for all its processes."""
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    return float(worker.get(STARTED) or config.stash.setdefault(BEGAN, time.time()))


def editor_specs(config: pytest.Config) -> list[str]:
    """The tools that are judged, each once."""
    if RunOptions(config).readings:
        return list(run_of(config).editors)
    specs = RunOptions(config).editor or study_of(config).editors or config.getini("editproof_editors")
    if not specs:
        hint = _left_alone(config)
        raise refusal(config, f"no tool to judge{hint}; name one with --editor, e.g. --editor opencv-telea")
    return list(dict.fromkeys(specs))


def _left_alone(config: pytest.Config) -> str:
    from editproof.study.study_file import left_alone

    return left_alone(asked_paths(config), config.rootpath)


def _register(config: pytest.Config) -> Path | None:
    if named := study_of(config).register:
        return Path(named)
    named = config.getini("editproof_register")
    return config.rootpath / named if named else None


def _merged(answers: list[dict[str, Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, factory) for answer in answers for name, factory in answer.items()))
