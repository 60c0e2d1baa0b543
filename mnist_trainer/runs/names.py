"""Names of run directories: `NAME-YYYYMMDD-HHMMSS-xxxx`, the time being UTC, so that names sort as runs were made."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

LOGS_DIR = Path("logs")
_NAME = re.compile(r".+-(?P<created>\d{8}-\d{6})-[0-9a-f]{4}")


def new_name(name: str) -> str:
    """Return the name of a run that is made now; four digits of chance tell it from others of this second."""
    return f"{name}-{time_in_name(time.time())}-{secrets.token_hex(2)}"


def time_in_name(seconds: float) -> str:
    """Return a time, in seconds since 1970, as it stands in a name."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds))


def created(name: str) -> str:
    """Return when a run of this name was made, as `time_in_name` does; empty where the user has named it anew."""
    match = _NAME.fullmatch(name)
    return match["created"] if match else ""
