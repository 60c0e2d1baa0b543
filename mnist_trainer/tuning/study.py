"""`Study`: a folder with a search, its trials, and what came of them; Optuna's own storage keeps the trials' values."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Sequence
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
from mnist_trainer.runs.run import Run
from mnist_trainer.tuning.methods import directions, make_pruner, make_sampler, quieten
from mnist_trainer.tuning.trials import Attempts, all_attempts

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from mnist_trainer.config.schema import Config
    from mnist_trainer.config.search.schema import SearchConfig

_SEARCH_NAME, _STUDY_NAME, _DATABASE_NAME = "search.yaml", "study.json", "study.db"
_TRIALS = "trials"
# A worker that was killed is noticed after the second; a trial of it then goes on in another.
_HEARTBEAT_SECONDS, _GRACE_SECONDS = 2, 8
_PAUSE_SECONDS = 3


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
        make_sampler(search_of(config), 0)  # before there is a folder
        run = Run.create(config.name or "search", logs_dir)
        run.write_text(_SEARCH_NAME, render_config(config))
        run.write_json(_STUDY_NAME, {"storage": storage, "name": name or run.name})
        study = cls(run.path)
        study.open()
        return study

    @classmethod
    def find(cls, reference: str, logs_dir: Path = LOGS_DIR) -> Self:
        """Return the study that `reference` means: a path, a name under `logs_dir`, or `latest`.

        Raises:
            RunError: there is none.
        """
        if reference == "latest":
            found = sorted(logs_dir.glob(f"*/{_STUDY_NAME}"), key=lambda path: path.stat().st_mtime_ns)
            if not found:
                begin = command("tune", "search_dense", logs_dir=logs_dir)
                raise RunError(f"{logs_dir}: there is no study yet; make one with: {begin}")
            return cls(found[-1].parent)
        path = next((path for path in (Path(reference), logs_dir / reference) if (path / _STUDY_NAME).is_file()), None)
        if path is None:
            raise RunError(f"{reference}: no such study, neither as a path nor under {logs_dir}")
        return cls(path)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

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
        entry = run.read_json(_STUDY_NAME)
        notes = [f"{key} {what}" for key, what in change.widened.items()]
        run.write_json(_STUDY_NAME, {**entry, "widened": [*entry.get("widened", []), *notes]})
        vars(self).pop("config", None)
        return notes

    @property
    def is_shared(self) -> bool:
        """Whether other machines may work on it."""
        return Run(self.path).read_json(_STUDY_NAME)["storage"] is not None

    @property
    def num_trials(self) -> int:
        """How many trials there are to be."""
        return num_trials(self.config)

    def trial_run(self, number: int) -> Run:
        """Return the run of a trial, by its number from 0."""
        return Run(self.path / _TRIALS / f"{number:04d}")

    def open(self, sampler: optuna.samplers.BaseSampler | None = None) -> optuna.Study:
        """Return Optuna's study, made where it is absent.

        Raises:
            RunError: the database cannot be reached.
        """
        import optuna
        import sqlalchemy.exc

        quieten()
        entry: dict[str, Any] = Run(self.path).read_json(_STUDY_NAME)
        try:
            return optuna.create_study(
                storage=self._storage(entry["storage"]),
                study_name=entry["name"],
                load_if_exists=True,
                directions=directions(self.search),
                sampler=sampler,
                pruner=make_pruner(self.search),
            )
        except ModuleNotFoundError as error:
            remedy = "install it, for PostgreSQL by: pip install 'mnist-train[postgresql]'"
            raise RunError(f"{self.path}: the database needs the package {error.name}; {remedy}") from error
        except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise RunError(f"{self.path}: the database of the study cannot be opened: {reason}") from error

    def _storage(self, url: str | None) -> optuna.storages.RDBStorage:
        """Return the database, its tables made where they are absent."""
        import optuna
        import sqlalchemy.exc

        url = url or f"sqlite:///{(self.path / _DATABASE_NAME).absolute()}"
        make = functools.partial(
            optuna.storages.RDBStorage,
            re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url),
            heartbeat_interval=_HEARTBEAT_SECONDS,
            grace_period=_GRACE_SECONDS,
            heartbeat_stale_trial_callback=requeue,
        )
        try:
            return make()
        except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError):
            time.sleep(_PAUSE_SECONDS)  # another process makes the tables in this moment
            return make()

    def delete_weights(self, trials: Sequence[FrozenTrial]) -> None:
        """Delete the weights of all trials but the best, of which `search.keep` is the number."""
        for entry in best_first(trials, self.search)[self.search.keep :]:
            self.trial_run(entry.number).delete("model.keras")


def best_first(trials: Sequence[FrozenTrial], search: SearchConfig) -> list[Attempts]:
    """Return the complete trials, the best by the first objective first; of equals the earlier one."""
    sign = -1 if search.objectives[0] == "accuracy" else 1
    complete = [entry for entry in all_attempts(trials) if entry.last.values]
    return sorted(complete, key=lambda entry: (sign * (entry.last.values or [0])[0], entry.number))


def requeue(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Let a trial go on that no worker works on any more: with its values, and after its last checkpoint."""
    from optuna.storages import RetryHeartbeatStaleTrialCallback

    RetryHeartbeatStaleTrialCallback(inherit_intermediate_values=True)(study, trial)
