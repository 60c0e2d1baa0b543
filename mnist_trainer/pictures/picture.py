"""A user's picture, from a file to numbers: of any format, mode and size that is read, upright, without a surprise."""

from __future__ import annotations

import math
import warnings
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_trainer.errors import PictureError
from mnist_trainer.files.untrusted import UNREADABLE

Picture: TypeAlias = npt.NDArray[np.float32]

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
MAX_SIDE_PIXELS = 10_000
MAX_PIXELS = 40_000_000
# Larger pictures are reduced to this: a stroke of one pixel in 4,000 keeps a quarter of its contrast.
MAX_READ_PIXELS = 1_000

_PHONE_ONLY = "a HEIC or AVIF picture, which is not read; convert it to PNG or JPEG"


def read_picture(source: Path | BinaryIO, name: str | None = None) -> Picture:
    """Return the picture of a file, upright, in [0, 1]: float32, shape (height, width, 1), or 3 where it has colours.

    Of an animated GIF it is the first frame. What is transparent becomes white under dark ink and black under light.
    A larger picture is reduced to about a thousand pixels a side.

    Args:
        source: the path of a PNG, JPEG, BMP, GIF, TIFF or WebP file, or its content.
        name: begins the messages; by default the path.

    Raises:
        PictureError: the file is absent, damaged, of another format, above 10,000 pixels a side or 40 million in all.
    """
    name = str(source) if name is None else name
    try:
        if isinstance(source, Path) and source.exists() and not (source.is_file() or source.is_dir()):
            raise PictureError(f"{name}: not a regular file")  # a pipe would be waited for
        # Pillow warns of large pictures and of odd metadata; what matters of that is an error below.
        with warnings.catch_warnings(action="ignore"), Image.open(source, formats=FORMATS) as image:
            _check_size(image, name)
            return _values(image)
    except (UnidentifiedImageError, Image.DecompressionBombError, *UNREADABLE) as error:
        reason = _PHONE_ONLY if isinstance(error, UnidentifiedImageError) and _is_heif(source) else _reason(error)
        raise PictureError(f"{name}: {reason}") from error


def resized(picture: Picture, size: tuple[int, int], resampling: Image.Resampling) -> Picture:
    """Return a picture, shape (height, width, channels), of another width and height."""
    channels = (Image.fromarray(channel).resize(size, resampling) for channel in np.moveaxis(picture, 2, 0))
    return np.stack([np.asarray(channel) for channel in channels], axis=2)


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if max(width, height) > MAX_SIDE_PIXELS or width * height > MAX_PIXELS:
        raise PictureError(f"{name}: {width:,}×{height:,} pixels; {_size_limit()}")


def _size_limit() -> str:
    return f"at most {MAX_SIDE_PIXELS:,} a side and {MAX_PIXELS:,} in all are read; make it smaller"


def _is_heif(source: Path | BinaryIO) -> bool:
    """Return whether a file is in the container of HEIC and AVIF, ISO/IEC 23008-12: its first box is `ftyp`."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _is_heif(file)
    source.seek(4)
    return source.read(8) in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftypmsf1", b"ftyphevc", b"ftypavis")


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"
    if isinstance(error, Image.DecompressionBombError):
        return f"far too many pixels; {_size_limit()}"
    if isinstance(error, MemoryError):
        return "takes too much memory to read"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "a folder without pictures"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"damaged or cut short: {error}"


def _values(image: Image.Image) -> Picture:
    image.draft(None, (MAX_READ_PIXELS, MAX_READ_PIXELS))
    image.load()
    # Where a camera's notes are damaged, so is what they say of the upper side.
    with suppress(*UNREADABLE):
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        return _unit_range(_reduced(image.convert("I").convert("F") if image.mode[0] == "I" else image))
    if image.has_transparency_data:
        return _on_paper(_fractions(_reduced(image.convert("RGBA"))))
    return _fractions(_reduced(image.convert("L" if image.mode in ("1", "L") else "RGB")))


def _fractions(image: Image.Image) -> Picture:
    values = np.asarray(image, np.float32) / np.float32(255)
    return values.reshape(image.height, image.width, -1)


def _reduced(image: Image.Image) -> Image.Image:
    factor = math.ceil(max(image.size) / MAX_READ_PIXELS)
    return image.reduce(factor) if factor > 1 else image


def _unit_range(image: Image.Image) -> Picture:
    """Return values of 16 or 32 bits by the range they are likely from: [0, 1], 8 bits, 16 bits, or what they span."""
    values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0).clip(-1e30, 1e30)
    low, high = min(values.min(), 0), values.max()
    full = next((full for full in (1, 2**8 - 1, 2**16 - 1) if high <= full), high)
    picture: Picture = (values - low) / (full - low)
    return picture[..., np.newaxis]


def _on_paper(values: Picture) -> Picture:
    """Return RGBA values on white where what can be seen is dark, on black where it is light."""
    colours, alpha = values[..., :3], values[..., 3:]
    visible = float((colours.mean(2, keepdims=True) * alpha).sum() / max(alpha.sum(), 1e-6))
    picture: Picture = colours * alpha + (visible < 0.5) * (1 - alpha)
    return picture
