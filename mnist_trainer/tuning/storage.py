"""The database in which Optuna keeps the trials of a study."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_trainer.errors import RunError
from mnist_trainer.tuning.trials import KILLS, MOST_KILLS

if TYPE_CHECKING:
    import optuna

# A worker that was killed is noticed after the second; a trial of it then goes on in another.
_HEARTBEAT_SECONDS, _GRACE_SECONDS = 2, 8
_PAUSE_SECONDS = 3
# What Optuna says where the package for a kind of database is missing.
_NO_DRIVER = "DB access module"


@contextmanager
def opened_storage(url: str, place: Path | str) -> Iterator[optuna.storages.RDBStorage]:
    """Give a database, its tables made where they are absent; its connections are closed behind the block.

    What it raises inside is translated.

    Args:
        url: as SQLAlchemy writes it; `postgresql://` will do for psycopg.
        place: what errors begin with.

    Raises:
        RunError: it cannot be reached, read or written, e.g. because the disk is full.
    """
    import optuna
    import sqlalchemy.exc

    make = functools.partial(
        optuna.storages.RDBStorage,
        re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url),
        heartbeat_interval=_HEARTBEAT_SECONDS,
        grace_period=_GRACE_SECONDS,
        heartbeat_stale_trial_callback=requeue_killed,
    )
    with _translated(place):
        try:
            storage = make()
        except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError):
            time.sleep(_PAUSE_SECONDS)  # another process makes the tables in this moment
            storage = make()
        try:
            yield storage
        finally:
            storage.remove_session()
            storage.engine.dispose()


def requeue(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Let a trial go on that no worker works on any more: with its values, and after its last checkpoint."""
    from optuna.storages import RetryHeartbeatStaleTrialCallback

    RetryHeartbeatStaleTrialCallback(inherit_intermediate_values=True)(study, trial)


def requeue_killed(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Let a trial go on whose process was killed, unless that has happened too often."""
    kills = trial.user_attrs.get(KILLS, 0) + 1
    if kills < MOST_KILLS:
        trial.set_user_attr(KILLS, kills)
        requeue(study, trial)


@contextmanager
def _translated(place: Path | str) -> Iterator[None]:
    """Raise the database's errors as one sentence each."""
    import sqlalchemy.exc
    from optuna.exceptions import StorageInternalError

    try:
        yield
    except (sqlalchemy.exc.NoSuchModuleError, sqlalchemy.exc.ArgumentError) as error:
        known = "sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        raise RunError(f"{place}: there is no such kind of database; expected {known}") from error
    except (sqlalchemy.exc.SQLAlchemyError, StorageInternalError, ImportError) as error:
        if isinstance(error, ImportError) and _NO_DRIVER not in str(error):
            raise
        raise RunError(f"{place}: the database of the study cannot be used: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """Return what the database says, without SQLAlchemy's and Optuna's words around it."""
    innermost: BaseException = error
    while innermost.__cause__ or getattr(innermost, "orig", None):
        innermost = getattr(innermost, "orig", None) or innermost.__cause__ or innermost
    if isinstance(error, ImportError):
        return "it needs a package; install it, for PostgreSQL by: pip install 'mnist-train[postgresql]'"
    return str(innermost).strip().partition("\n")[0]
