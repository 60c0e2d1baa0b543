"""Pictures that are damaged, or take memory or time; and what is odd, but does no harm."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from tests.hostile.data_files import circle, device, noise, pipe
from tests.hostile.entry import Entry, Make
from tests.hostile.run_files import run

NAME = "picture.png"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NO_PIXELS = zlib.compress(b"")


def draw_seven(pixels: int = 60) -> Image.Image:
    """Return a seven, black on white."""
    image = Image.new("L", (pixels, pixels), 255)
    corners = [(0.25, 0.2), (0.75, 0.2), (0.4, 0.85)]
    ImageDraw.Draw(image).line([(x * pixels, y * pixels) for x, y in corners], 0, pixels // 12)
    return image


def picture_bytes(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes, length: int | None = None) -> bytes:
    """Return a chunk of a PNG; `length` is what it announces."""
    size = struct.pack(">I", len(content) if length is None else length)
    return size + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes, width: int = 40, height: int = 40, kind: int = 0, depth: int = 8, method: int = 0) -> bytes:
    """Return a PNG with chunks of one's own before its pixels, which are all white."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, method)
    pixels = (b"\0" + b"\xff" * 40) * 40
    return b"".join(
        (_SIGNATURE, chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b""))
    )


def zeros(num_bytes: int) -> bytes:
    """Return zeros, compressed, without making them all at once."""
    packer = zlib.compressobj()
    return b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(num_bytes // 1_000_000)), packer.flush()])


def file_of(content: bytes | Callable[[], bytes], name: str = NAME) -> Make:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content())

    return make


def hole(content: bytes) -> Make:
    """Return what makes a file that begins so, and goes on with 10¹¹ bytes of nothing."""

    def make(folder: Path) -> None:
        (folder / NAME).write_bytes(content)
        os.truncate(folder / NAME, 100_000_000_000)

    return make


def many_texts() -> bytes:
    text = zeros(1_000_000)
    return png(*(chunk(b"zTXt", b"a%d\0\0" % number + text) for number in range(100)))


def bmp(width: int, height: int, bits: int, packing: int = 0, colours: int = 0, content: bytes = b"") -> bytes:
    """Return a BMP with `content` for palette and pixels."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, 0, 0, 0, colours, 0)
    return b"BM" + struct.pack("<III", 54 + len(content), 0, 54) + header + content


def gif(width: int, height: int, *blocks: bytes) -> bytes:
    """Return a GIF of two colours, made of these blocks."""
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\xff\xff\xff\0\0\0" + b"".join(blocks)


def gif_frame(
    left: int = 0, top: int = 0, width: int = 1, height: int = 1, content: bytes = b"\x02\x02\x44\x01\0"
) -> bytes:
    return b"," + struct.pack("<HHHHB", left, top, width, height, 0) + content


def tiff(*entries: tuple[int, int, int, int], content: bytes = b"", width: int = 40, height: int = 40) -> bytes:
    """Return a TIFF of grey pixels.

    Args:
        entries: tag, type, count, and value or place of each further entry.
        content: what follows the directory, at byte 1,000.
        width: in pixels.
        height: in pixels.
    """
    plain = {256: (3, 1, width), 257: (3, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1)}
    rows = sorted({**plain, **{tag: values for tag, *values in entries}}.items())
    directory = b"".join(struct.pack("<HHII", tag, *values) for tag, values in rows)
    head = b"II*\0" + struct.pack("<IH", 8, len(rows)) + directory + bytes(4)
    return head.ljust(1_000, b"\0") + content


def many_strips() -> bytes:
    """Return a TIFF of 40 × 40 pixels in a million strips."""
    return tiff((273, 4, 1_000_000, 1_000), (278, 3, 1, 1), (279, 4, 1_000_000, 1_000), content=bytes(4_000_000))


def large_tile() -> bytes:
    """Return a TIFF of 40 × 40 pixels in one tile of 30,000 × 30,000."""
    content = zeros(100_000_000)
    tags = ((259, 3, 1, 8), (322, 4, 1, 30_000), (323, 4, 1, 30_000), (324, 4, 1, 1_000), (325, 4, 1, len(content)))
    return tiff(*tags, content=content)


def many_scans() -> bytes:
    """Return a JPEG of 4,000 × 4,000 pixels whose pixels are refined 20,000 times."""
    content = picture_bytes(Image.new("L", (4_000, 4_000), 255), "JPEG", progressive=True)
    begin = content.rindex(b"\xff\xda")
    scan = content[begin:-2]
    return content[:begin] + 20_000 * scan + content[-2:]


def webp(width: int, height: int, num_frames: int = 2) -> bytes:
    """Return an animated WebP of small frames on a canvas of any size."""
    frame = picture_bytes(Image.new("L", (40, 40), 255), "WEBP")[12:]
    shown = bytes(6) + 2 * (39).to_bytes(3, "little") + bytes(4) + frame
    shown = b"ANMF" + struct.pack("<I", len(shown)) + shown
    canvas = b"\2\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = b"VP8X" + struct.pack("<I", 10) + canvas + b"ANIM" + struct.pack("<I", 6) + bytes(6) + num_frames * shown
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def huge_jpeg() -> bytes:
    """Return a JPEG that announces 65,500 × 65,500 pixels."""
    content = picture_bytes(draw_seven(), "JPEG")
    begin = content.index(b"\xff\xc0") + 5
    return content[:begin] + struct.pack(">HH", 65_500, 65_500) + content[begin + 4 :]


_NO_PICTURE = "not a PNG, JPEG, BMP, GIF, TIFF or WebP picture"
_DAMAGED = "damaged or cut short: .*"
_TOO_MANY = r"(far too many pixels; |[\d,]+×[\d,]+ pixels; )at most 10,000 a side and 40,000,000 in all are read.*"
_TOO_LARGE = "(takes too much memory to read|damaged, or takes too much memory or time to read)"
_NO_FILE = "not a regular file"
_ANY = f"({_DAMAGED}|{_NO_PICTURE})"

_PICTURES: list[tuple[str, Make, str]] = [
    ("nothing", file_of(b""), _NO_PICTURE),
    ("noise", file_of(noise(10_000)), _NO_PICTURE),
    ("text", file_of(b"a seven"), _NO_PICTURE),
    ("a hole", hole(b""), _NO_PICTURE),
    ("a pipe", pipe(NAME), _NO_FILE),
    ("a device", device(NAME), _NO_FILE),
    ("a link to itself", circle(NAME), "cannot be read: Too many levels of symbolic links"),
    ("a folder", lambda folder: (folder / NAME).mkdir(), "a folder without pictures"),
    ("SVG that includes a file", file_of(b'<svg><image href="file:///etc/passwd"/></svg>'), _NO_PICTURE),
    ("PostScript", file_of(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), _NO_PICTURE),
    ("PNG of 20,000 × 20,000", file_of(png(width=20_000, height=20_000)), _TOO_MANY),
    ("PNG of 2³¹ × 2³¹", file_of(png(width=2**31 - 1, height=2**31 - 1)), _TOO_MANY),
    ("PNG of nothing", file_of(png(width=0)), _NO_PICTURE),
    ("PNG of 6,000 × 6,000 with 40 × 40", file_of(png(width=6_000, height=6_000)), _DAMAGED),
    ("PNG of 7 bits", file_of(png(depth=7)), _ANY),
    ("PNG of kind 5", file_of(png(kind=5)), _ANY),
    ("PNG with a profile of 30 MB", file_of(lambda: png(chunk(b"iCCP", b"a\0\0" + zeros(30_000_000)))), _ANY),
    ("PNG cut off", file_of(picture_bytes(draw_seven())[:150]), _DAMAGED),
    ("PNG that is its first bytes", file_of(_SIGNATURE), _ANY),
    ("PNG with a chunk of 2³¹ bytes", file_of(png(chunk(b"eXIf", b"x", 2**31))), _ANY),
    ("PNG with a chunk of 2³¹ bytes of a hole", hole(png(chunk(b"eXIf", b"x", 2**31))[:60]), _TOO_LARGE),
    ("PNG with a checksum that lies", file_of(png(chunk(b"gAMA", b"abcd")[:-1] + b"x")), _ANY),
    ("PNG with a text of 30 MB", file_of(lambda: png(chunk(b"zTXt", b"a\0\0" + zeros(30_000_000)))), _ANY),
    ("PNG with 100 texts of 1 MB", file_of(many_texts), _ANY),
    ("GIF of 65,535 × 65,535", file_of(gif(65_535, 65_535, gif_frame())), _TOO_MANY),
    ("GIF of a frame of 65,535 × 65,535", file_of(gif(1, 1, gif_frame(width=65_535, height=65_535))), _TOO_MANY),
    ("GIF of a frame outside", file_of(gif(1, 1, gif_frame(60_000, 60_000, 5_000, 5_000))), _TOO_MANY),
    ("GIF without a frame", file_of(gif(40, 40)), _ANY),
    ("GIF without an end", file_of(gif(40, 40, gif_frame(width=40, height=40, content=b"\x02\xff\x44"))), _DAMAGED),
    ("GIF of 200 bits", file_of(gif(40, 40, gif_frame(width=40, height=40, content=b"\xc8\x02\x44\x01\0"))), _DAMAGED),
    ("BMP of 2³⁰ × 2³⁰", file_of(bmp(2**30, 2**30, 24)), _TOO_MANY),
    ("BMP of negative width", file_of(bmp(-40, 40, 24)), _TOO_MANY),
    ("BMP of 3 bits", file_of(bmp(40, 40, 3)), _ANY),
    ("BMP of 2³¹ colours", file_of(bmp(40, 40, 8, colours=2**31)), _ANY),
    ("BMP without pixels", file_of(bmp(6_000, 6_000, 24)), _DAMAGED),
    ("BMP of runs without an end", file_of(bmp(6_000, 6_000, 8, 1, content=bytes(1_024))), _DAMAGED),
    ("TIFF of 60,000 × 60,000", file_of(tiff((273, 4, 1, 1_000), width=60_000, height=60_000)), _TOO_MANY),
    ("TIFF without strips", file_of(tiff()), _ANY),
    ("TIFF of strips outside", file_of(tiff((273, 4, 1, 2**32 - 1))), _DAMAGED),
    ("TIFF of a million strips", file_of(many_strips), _TOO_LARGE),
    ("TIFF of 2³² strips", file_of(tiff((273, 4, 2**32 - 1, 1_000))), _ANY),
    ("TIFF of a tile of 900 MB", file_of(large_tile), _ANY),
    ("TIFF of a directory outside", file_of(b"II*\0\xff\xff\xff\xff"), _ANY),
    ("JPEG of 65,500 × 65,500", file_of(huge_jpeg), _TOO_MANY),
    ("JPEG cut off", file_of(picture_bytes(draw_seven(), "JPEG")[:-50]), _DAMAGED),
    ("JPEG that is its first bytes", file_of(b"\xff\xd8\xff\xe0"), _ANY),
    ("JPEG of 20,000 scans", file_of(many_scans), _TOO_LARGE),
    ("WebP of 16,384 × 16,384", file_of(webp(16_384, 16_384)), _TOO_MANY),
    ("WebP of 9,000 × 9,000", file_of(webp(9_000, 9_000)), _TOO_MANY),
    ("WebP cut off", file_of(picture_bytes(draw_seven(), "WEBP")[:-50]), _ANY),
    ("WebP of a hole", hole(picture_bytes(draw_seven(), "WEBP")), _TOO_LARGE),
    (
        "HEIC",
        file_of(b"\0\0\0\x18ftypheic" + noise(1_000)),
        "a HEIC or AVIF picture, which is not read; convert it to PNG or JPEG",
    ),
]
_BLANK = Image.new("L", (40, 40), 255)
# What is read, without a digit.
_ODD: list[tuple[str, Make]] = [
    ("PNG without a palette", file_of(png(kind=3))),
    ("PNG of 10⁹ frames", file_of(png(chunk(b"acTL", struct.pack(">II", 10**9, 0))))),
    ("PNG with metadata of noise", file_of(png(chunk(b"eXIf", noise(1_000))))),
    ("GIF of 20,000 frames", file_of(gif(1, 1, *20_000 * [gif_frame()]))),
    (
        "GIF with a remark of 50 MB",
        file_of(lambda: gif(40, 40, b"!\xfe" + 200_000 * (b"\xff" + bytes(255)) + b"\0", gif_frame())),
    ),
    ("JPEG with metadata of noise", file_of(picture_bytes(_BLANK, "JPEG", exif=b"Exif\0\0" + noise(1_000)))),
    ("WebP of 20,000 frames", file_of(lambda: webp(40, 40, 20_000))),
    ("TIFF under another name", file_of(picture_bytes(_BLANK, "TIFF"))),
]


def picture_entries() -> list[Entry]:
    """Return the pictures, each to be read with a run whose model is not asked."""
    arguments, refused = ("predict", "logs/x", NAME), "Error: 1 of 1 pictures cannot be read"

    def with_run(make: Make) -> Make:
        def make_both(folder: Path) -> None:
            run(tflite=b"")(folder)
            make(folder)

        return make_both

    def entry(name: str, make: Make, code: int, stderr: str, stdout: str) -> Entry:
        return Entry(name, arguments, code, stderr, with_run(make), is_dangerous=True, stdout=f"{stdout}\n")

    return [
        *(
            entry(f"picture: {name}", make, 1, refused, f"error        {NAME}: {message}")
            for name, make, message in _PICTURES
        ),
        *(entry(f"odd picture: {name}", make, 0, "", f"no digit     {NAME}") for name, make in _ODD),
    ]
