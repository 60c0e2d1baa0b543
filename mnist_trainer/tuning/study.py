"""`Study`: a folder with a search, its trials, and what came of them; Optuna's own storage keeps the trials' values."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mnist_trainer.config.load import LoadedConfig, load_config
from mnist_trainer.config.render import render_config
from mnist_trainer.config.search.change import space_change
from mnist_trainer.config.search.space import num_trials, search_of
from mnist_trainer.errors import ConfigError, Fault, RunError
from mnist_trainer.runs.commands import command
from mnist_trainer.runs.names import LOGS_DIR
from mnist_trainer.runs.run import STUDY_NAME, TRIALS_FOLDER, Run
from mnist_trainer.tuning.methods import directions, make_pruner, make_sampler, quieten
from mnist_trainer.tuning.storage import opened_storage
from mnist_trainer.tuning.trials import Attempts, all_attempts

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from mnist_trainer.config.schema import Config
    from mnist_trainer.config.search.schema import SearchConfig

_SEARCH_NAME, _DATABASE_NAME = "search.yaml", "study.db"


@dataclass(frozen=True)
class Study:
    """A study's folder: search.yaml, study.json, study.db (or a database elsewhere), trials/, best.yaml, figures."""

    path: Path

    @classmethod
    def create(
        cls, config: Config, logs_dir: Path = LOGS_DIR, storage: str | None = None, name: str | None = None
    ) -> Self:
        """Make the folder of a new study.

        Args:
            config: with a `search` section.
            logs_dir: where it goes.
            storage: URL of a database, as SQLAlchemy writes it; without one, an SQLite file in the folder.
            name: of a study that another machine has begun there; without one, a new one.

        Raises:
            RunError: the folder cannot be written, or the database not be reached.
        """
        search = search_of(config)
        make_sampler(search, 0)  # what cannot be used is found before there is a folder
        if storage:
            with opened_storage(storage, "--storage"):
                pass
        run = Run.create(config.name or "search", logs_dir)
        run.write_text(_SEARCH_NAME, render_config(config))
        run.write_json(STUDY_NAME, {"storage": storage, "name": name or run.name})
        (run.path / STUDY_NAME).chmod(0o600)  # a URL may hold a password
        study = cls(run.path)
        study._require_same_search()
        return study

    def _require_same_search(self) -> None:
        """Leave no folder, and raise `RunError`, if other machines search for something else under this name."""
        asked = render_config(self.config.model_copy(update={"name": None, "note": None}))
        with self.opened() as storage:
            begun = storage.user_attrs.get("search", asked)
            storage.set_user_attr("search", begun)
            name = storage.study_name
        if begun != asked:
            shutil.rmtree(self.path)
            raise RunError(f"study {name}: has begun with another search file; join it with the same one")

    @classmethod
    def find(cls, reference: str, logs_dir: Path = LOGS_DIR) -> Self:
        """Return the study that `reference` means: a path, a name under `logs_dir`, or `latest`.

        Raises:
            RunError: there is none.
        """
        if reference == "latest":
            found = sorted(logs_dir.glob(f"*/{STUDY_NAME}"), key=lambda path: path.stat().st_mtime_ns)
            if not found:
                begin = command("tune", "search_dense", logs_dir=logs_dir)
                raise RunError(f"{logs_dir}: there is no study yet; make one with: {begin}")
            return cls(found[-1].parent)
        path = next((path for path in (Path(reference), logs_dir / reference) if (path / STUDY_NAME).is_file()), None)
        if path is None:
            raise RunError(f"{reference}: no such study, neither as a path nor under {logs_dir}")
        return cls(path)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def page_path(self) -> Path:
        """The page about it, once it has come to an end."""
        return self.path / "report.html"

    @cached_property
    def config(self) -> Config:
        """What is searched: the configuration that it starts from, with its `search` section."""
        return load_config(self.path / _SEARCH_NAME)

    @property
    def search(self) -> SearchConfig:
        """The `search` section."""
        return search_of(self.config)

    def change(self, overrides: Sequence[str]) -> list[str]:
        """Go on with another number of trials, another limit, or wider ranges; return what was widened, in sentences.

        Raises:
            ConfigError: a key may not change, or its value is wrong.
        """
        loaded = LoadedConfig.read(self.path / _SEARCH_NAME).with_overrides(overrides)
        change = space_change(self.config, loaded.config)
        if change.changed:
            advice = "the trials so far were measured otherwise; begin a new study"
            with loaded.located():
                raise ConfigError([Fault("", key, f"{what}; {advice}") for key, what in change.changed.items()])
        run = Run(self.path)
        run.write_text(_SEARCH_NAME, render_config(loaded.config))
        entry = run.read_json(STUDY_NAME)
        notes = [f"{key} {what}" for key, what in change.widened.items()]
        run.write_json(STUDY_NAME, {**entry, "widened": [*entry.get("widened", []), *notes]})
        vars(self).pop("config", None)
        return notes

    @property
    def is_shared(self) -> bool:
        """Whether other machines may work on it."""
        return Run(self.path).read_json(STUDY_NAME)["storage"] is not None

    @property
    def num_trials(self) -> int:
        """How many trials there are to be."""
        return num_trials(self.config)

    @property
    def trials_path(self) -> Path:
        """The folder of the trials' runs."""
        return self.path / TRIALS_FOLDER

    def trial_run(self, number: int) -> Run:
        """Return the run of a trial, by its number from 0."""
        return Run(self.trials_path / f"{number:04d}")

    def trials(self) -> list[FrozenTrial]:
        """Return what the database holds of all attempts to train a trial, in their order."""
        with self.opened() as storage:
            return storage.get_trials()

    @contextmanager
    def opened(self, sampler: optuna.samplers.BaseSampler | None = None) -> Iterator[optuna.Study]:
        """Give Optuna's study, made where it is absent; behind the block the database is closed.

        Raises:
            RunError: the database cannot be used.
        """
        import optuna

        quieten()
        entry: dict[str, Any] = Run(self.path).read_json(STUDY_NAME)
        url = entry["storage"] or f"sqlite:///{(self.path / _DATABASE_NAME).absolute()}"
        with opened_storage(url, self.path) as storage:
            yield optuna.create_study(
                storage=storage,
                study_name=entry["name"],
                load_if_exists=True,
                directions=directions(self.search),
                sampler=sampler,
                pruner=make_pruner(self.search),
            )

    def delete_weights(self, trials: Sequence[FrozenTrial]) -> None:
        """Delete the weights of all trials but the best, of which `search.keep` is the number."""
        for entry in best_first(trials, self.search)[self.search.keep :]:
            self.trial_run(entry.number).delete("model.keras")


def best_first(trials: Sequence[FrozenTrial], search: SearchConfig) -> list[Attempts]:
    """Return the complete trials, the best by the first objective first; of equals the earlier one."""
    sign = -1 if search.objectives[0] == "accuracy" else 1
    complete = [entry for entry in all_attempts(trials) if entry.values]
    return sorted(complete, key=lambda entry: (sign * entry.values[0], entry.number))
