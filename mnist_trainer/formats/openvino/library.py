"""Imports OpenVINO, and NNCF, which quantises for it, so that they tell nobody of it.

Both send how they are used to their makers, and leave an identity in the home folder, as soon as they are imported.
Without the package that does it they do without.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, cast

_TELEMETRY = "openvino_telemetry"


def imported(name: str) -> Any:
    """Return a module of theirs."""
    before = sys.modules.get(_TELEMETRY)
    sys.modules[_TELEMETRY] = cast("Any", None)  # which Python takes for a package that is not there
    try:
        return importlib.import_module(name)
    finally:
        del sys.modules[_TELEMETRY]
        if before is not None:
            sys.modules[_TELEMETRY] = before
