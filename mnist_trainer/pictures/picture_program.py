"""Reads pictures for `PictureReader`: a program of its own, with limits on memory and time.

A small file can announce lists of any length, refine its pixels any number of times, or meet a fault of a decoder. This
program is the only one that opens the pictures of a user; where it ends, the picture is refused.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from mnist_trainer.errors import PictureError
from mnist_trainer.pictures.picture import read_picture
from mnist_trainer.processes.child import Answer, begin, serve

# The largest pictures that are read take up to 740 MB and a second.
MEMORY_BYTES = 900_000_000
SECONDS_A_PICTURE = 2


def answer(request: dict[str, Any], content: bytes) -> Answer:
    """Return the shape and values, float32, of the picture in the file `name`, or of `content`."""
    name = request["name"]
    try:
        picture = read_picture(Path(name) if request["is_file"] else io.BytesIO(content), name)
    except PictureError as error:
        return {"refused": str(error)}, b""
    return {"shape": picture.shape}, picture.tobytes()


if __name__ == "__main__":
    serve(begin(MEMORY_BYTES), answer, SECONDS_A_PICTURE)
