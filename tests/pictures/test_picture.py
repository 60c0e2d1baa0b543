from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from mnist_trainer.errors import PictureError
from mnist_trainer.pictures.picture import read_picture

# Left and right, up and down differ: 24 wide, 16 high, a black bar on white.
BAR = Image.new("L", (24, 16), 255)
BAR.paste(0, (3, 2, 9, 14))
PLAIN = np.asarray(BAR)[..., np.newaxis] / 255


def file_of(image: Image.Image, **options: Any) -> io.BytesIO:
    stream = io.BytesIO()
    image.save(stream, **{"format": "PNG", **options})
    stream.seek(0)
    return stream


def png_of(width: int, height: int) -> bytes:
    """A PNG that ends where its pixels begin."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in ((b"IHDR", header), (b"IDAT", b"x"))
    )


def with_alpha(colour: int) -> Image.Image:
    """The bar in one grey, seen through a transparent rest of another."""
    image = Image.new("LA", BAR.size, (colour, 0))
    image.putalpha(ImageOps.invert(BAR))
    return image


def transparent_palette() -> io.BytesIO:
    image = BAR.point(lambda value: 1 if value else 0).convert("P")
    image.putpalette([0, 0, 0, 90, 90, 90])
    return file_of(image, transparency=1)


def wide(factor: float, dtype: str) -> Image.Image:
    return Image.fromarray((PLAIN[..., 0] * factor).astype(dtype))


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file_of(BAR), id="grey"),
        pytest.param(file_of(BAR.convert("1")), id="1 bit"),
        pytest.param(file_of(BAR.convert("RGB")), id="RGB"),
        pytest.param(file_of(BAR.convert("RGBA")), id="RGBA"),
        pytest.param(file_of(BAR.convert("LA")), id="LA"),
        pytest.param(file_of(BAR.convert("P")), id="palette"),
        pytest.param(transparent_palette(), id="transparent palette"),
        pytest.param(file_of(with_alpha(0)), id="transparent around black"),
        pytest.param(file_of(BAR, transparency=255), id="one transparent grey"),
        pytest.param(file_of(wide(65535, "uint16")), id="16 bits, PNG"),
        pytest.param(file_of(wide(65535, "uint16"), format="TIFF"), id="16 bits, TIFF"),
        pytest.param(file_of(wide(255, "uint16")), id="8 bits in 16"),
        pytest.param(file_of(wide(2e9, "int32"), format="TIFF"), id="32 bits"),
        pytest.param(file_of(wide(1, "float32"), format="TIFF"), id="32 bits, fractions"),
        pytest.param(file_of(wide(255, "float32"), format="TIFF"), id="32 bits, to 255"),
        pytest.param(file_of(BAR.convert("CMYK"), format="TIFF"), id="CMYK"),
        pytest.param(file_of(BAR.convert("CMYK"), format="JPEG", quality=100), id="CMYK, JPEG"),
        pytest.param(file_of(BAR, format="JPEG", quality=100), id="JPEG"),
        pytest.param(file_of(BAR.convert("YCbCr"), format="JPEG", quality=100), id="YCbCr, JPEG"),
        pytest.param(file_of(BAR, format="BMP"), id="BMP"),
        pytest.param(file_of(BAR, format="GIF"), id="GIF"),
        pytest.param(file_of(BAR, format="GIF", save_all=True, append_images=[ImageOps.invert(BAR)]), id="frames"),
        pytest.param(file_of(BAR, format="TIFF", compression="tiff_lzw"), id="TIFF"),
        pytest.param(file_of(BAR, format="WEBP", lossless=True), id="WebP"),
    ],
)
def test_every_mode_and_format_is_the_same_picture(file: io.BytesIO) -> None:
    file.seek(0)
    picture = read_picture(file, "a file")
    assert picture.dtype == np.float32
    assert picture == pytest.approx(np.broadcast_to(PLAIN, (16, 24, picture.shape[2])), abs=0.02)


def test_light_ink_on_nothing_is_on_black() -> None:
    assert read_picture(file_of(with_alpha(255)), "a file")[..., :1] == pytest.approx(1 - PLAIN)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_is_turned_upright(orientation: int, file_format: str) -> None:
    # What a camera stores of a scene, for each value of EXIF's tag 0x0112.
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = BAR.transpose(stored[orientation]) if orientation > 1 else BAR
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if file_format == "JPEG" else {}
    file = file_of(image, format=file_format, exif=exif, **options)
    assert read_picture(file, "a file") == pytest.approx(PLAIN, abs=0.02)


def test_large_picture_is_reduced() -> None:
    assert read_picture(file_of(BAR.resize((2400, 1600))), "a file").shape == (534, 800, 1)
    assert max(read_picture(file_of(BAR.resize((4000, 3000)), format="JPEG"), "a file").shape) <= 1_000


def test_numbers_that_are_not_finite_become_background() -> None:
    values = np.array([[0.0, np.nan], [1.0, np.inf]], np.float32)
    assert np.array_equal(read_picture(file_of(Image.fromarray(values), format="TIFF"))[..., 0], [[0, 0], [1, 0]])
    largest = np.array([[-3e38, 0, 3e38]], np.float32)
    assert np.array_equal(read_picture(file_of(Image.fromarray(largest), format="TIFF"))[..., 0], [[0, 0.5, 1]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"),
        (b"a digit, in words", "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"),
        (b"8BPS\0\1" + bytes(40), "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"),
        (b"SIMPLE  =" + b" " * 4000, "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"),
        (file_of(BAR).getvalue()[:60], "damaged or cut short: "),
        (file_of(BAR, format="JPEG").getvalue()[:-20], "damaged or cut short: "),
        (file_of(BAR, format="BMP").getvalue()[:100], "damaged or cut short: "),
        (file_of(BAR, format="GIF").getvalue()[:40], "damaged or cut short: "),
        (png_of(20_000, 20_000), "far too many pixels; at most 10,000 a side and 40,000,000 in all are read"),
        (png_of(10_001, 10), "10,001×10 pixels; at most 10,000 a side and 40,000,000 in all are read"),
        (png_of(8_000, 5_001), "8,000×5,001 pixels; at most 10,000 a side and 40,000,000 in all are read"),
        (png_of(9_500, 9_500), "9,500×9,500 pixels; at most 10,000 a side and 40,000,000 in all are read"),
        (png_of(0, 5), "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"),
    ],
)
def test_file_that_is_no_picture_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    with pytest.raises(PictureError) as refused:
        read_picture(path)
    assert str(refused.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_picture_of_a_telephone_has_its_remedy(brand: bytes, tmp_path: Path) -> None:
    content = b"\0\0\0\x1cftyp" + brand + bytes(20)
    (tmp_path / "photo.heic").write_bytes(content)
    for source in (tmp_path / "photo.heic", io.BytesIO(content)):
        with pytest.raises(PictureError, match=r"HEIC or AVIF picture, which is not read; convert it to PNG or JPEG$"):
            read_picture(source, "photo")


def test_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"absent\.png: no such file$"):
        read_picture(tmp_path / "absent.png")
    with pytest.raises(PictureError, match=r"a folder without pictures$"):
        read_picture(tmp_path)
    with pytest.raises(PictureError, match=r"cannot be read: File name too long$"):
        read_picture(tmp_path / ("x" * 300))


@pytest.mark.parametrize("side", [9_999, 20_000])
def test_far_too_large_picture_costs_no_memory(side: int) -> None:
    tracemalloc.start()
    begin = time.process_time()
    with pytest.raises(PictureError, match=r"a file: .* pixels; at most"):
        read_picture(io.BytesIO(png_of(side, side)), "a file")
    seconds, peak_bytes = time.process_time() - begin, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1_000_000  # decoded, it would be 100 or 400 million
    assert seconds < 0.5


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_damage_anywhere_is_refused_or_read(file_format: str) -> None:
    content = file_of(BAR, format=file_format).getvalue()
    for place in range(0, len(content), max(1, len(content) // 100)):
        changed = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
        with contextlib.suppress(PictureError):
            assert np.isfinite(read_picture(io.BytesIO(changed), "a file")).all()


def test_reading_and_finding_load_neither_tensorflow_nor_scipy() -> None:
    code = "import sys, mnist_trainer.pictures.digit_image; print({'keras', 'tensorflow', 'scipy'} & set(sys.modules))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "set()\n"
