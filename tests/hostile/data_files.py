"""Data sets that are damaged, or announce more than they have."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from mnist_trainer.data.sources.idx import IDX_NAMES
from tests.hostile.entry import Entry, Make

Arrays = dict[str, np.ndarray]


def arrays(**changed: Any) -> Arrays:
    """Return a tiny data set, some of its arrays replaced."""
    labels = np.arange(20, dtype=np.uint8) % 10
    images = np.zeros((20, 28, 28), np.uint8)
    return {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels, **changed}


def npy(header: str, content: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """Return a .npy file with a header of one's own."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + content


def header(shape: str, descr: str = "'|u1'", fortran: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}}}"


def npy_bytes(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz_bytes(**values: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **values)
    return stream.getvalue()


def npz(**members: bytes) -> Make:
    """Return what makes data.npz with some of its .npy files replaced."""

    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / "data.npz", "w") as archive:
            for name, array in arrays().items():
                archive.writestr(f"{name}.npy", members.get(name, npy_bytes(array)))

    return make


def npz_of(**changed: Any) -> Make:
    return npz(**{name: npy_bytes(array) for name, array in changed.items()})


def raw_npz(content: bytes) -> Make:
    def make(folder: Path) -> None:
        (folder / "data.npz").write_bytes(content)

    return make


def bzip2_npz(folder: Path) -> None:
    with zipfile.ZipFile(folder / "data.npz", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("x_train.npy", bytes(100))


def npy_folder(**files: bytes) -> Make:
    """Return what makes a folder of .npy files with some of them replaced."""

    def make(folder: Path) -> None:
        (folder / "data").mkdir()
        for name, array in arrays().items():
            (folder / "data" / f"{name}.npy").write_bytes(files.get(name, npy_bytes(array)))

    return make


def idx_bytes(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def idx_folder(ending: str = "", **files: bytes) -> Make:
    """Return what makes a folder of IDX files with some of them replaced; with `.gz`, all compressed."""

    def make(folder: Path) -> None:
        (folder / "data").mkdir()
        for name, array in arrays().items():
            content = files.get(name, idx_bytes(array))
            is_raw = content[:2] == b"\x1f\x8b" or not ending
            path = folder / "data" / f"{IDX_NAMES[name]}{ending}"
            path.write_bytes(content if is_raw else gzip.compress(content, 1))

    return make


def idx_header(*shape: int) -> bytes:
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


def pipe(name: str) -> Make:
    return lambda folder: os.mkfifo(folder / name)


def device(name: str) -> Make:
    return lambda folder: (folder / name).symlink_to("/dev/zero")


def circle(name: str) -> Make:
    return lambda folder: (folder / name).symlink_to(name)


def zeros_npz(num_bytes: int, name: str = "x_train", shape: str = "", descr: str = "'|u1'") -> Make:
    """Return what makes data.npz whose one array, by default of images, unpacks to so many zeros."""

    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / "data.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(npy(header(shape or f"({num_bytes // 784}, 28, 28)", descr)))
                for _ in range(num_bytes // 784_000):
                    member.write(bytes(784_000))
            for other in set(arrays()) - {name}:
                archive.writestr(f"{other}.npy", npy_bytes(arrays()[other]))

    return make


def gzip_bomb(folder: Path) -> None:
    """Make a folder whose images are more than a header of 10 announces."""
    idx_folder(".gz")(folder)
    with gzip.open(folder / "data" / "train-images-idx3-ubyte.gz", "wb", 1) as file:
        file.write(idx_header(10, 28, 28))
        for _ in range(300):
            file.write(bytes(1_000_000))


def sparse_npy(folder: Path) -> None:
    """Make a folder whose images are a hole of 10¹¹ bytes, and are announced to be more."""
    npy_folder(x_train=npy(header("(1000000000, 28, 28)")))(folder)
    os.truncate(folder / "data" / "x_train.npy", 100_000_000_000)


def plain_gz(folder: Path) -> None:
    idx_folder()(folder)
    file = folder / "data" / IDX_NAMES["x_train"]
    file.rename(file.with_name(f"{file.name}.gz"))


def two_sets(folder: Path) -> None:
    (folder / "data").mkdir()
    for name, array in arrays().items():
        for family in ("a-", "b-"):
            (folder / "data" / f"{family}{IDX_NAMES[name]}").write_bytes(idx_bytes(array))


def two_files(folder: Path) -> None:
    idx_folder()(folder)
    (folder / "data" / f"{IDX_NAMES['x_train']}.gz").write_bytes(b"")


def sparse_idx(folder: Path) -> None:
    """Announce, and have, five million images in a hole of 4 GB."""
    idx_folder(x_train=idx_header(5_000_000, 28, 28))(folder)
    os.truncate(folder / "data" / IDX_NAMES["x_train"], 16 + 5_000_000 * 784)


def large_together(folder: Path) -> None:
    """Have twice half a million images in files of a few hundred kilobytes."""
    zeros = gzip.compress(idx_header(600_000, 28, 28) + bytes(600_000 * 784), 1)
    idx_folder(".gz", x_train=zeros, x_test=zeros)(folder)


def sparse_labels(folder: Path) -> None:
    """Have labels in a hole of 20 GB."""
    npy_folder(y_train=npy(header("(20000000000,)")))(folder)
    path = folder / "data" / "y_train.npy"
    os.truncate(path, path.stat().st_size + 20_000_000_000)


def sparse_images(folder: Path) -> None:
    """Have images and labels in holes, 10¹² bytes of each image's."""
    npy_folder(x_train=npy(header("(1000000000, 28, 28)")), y_train=npy(header("(1000000000,)")))(folder)
    for name, num_bytes in (("x_train", 784_000_000_000), ("y_train", 1_000_000_000)):
        path = folder / "data" / f"{name}.npy"
        os.truncate(path, path.stat().st_size + num_bytes)


def sparse_npz(folder: Path) -> None:
    """Have a hole of 100 GB behind the members."""
    npz()(folder)
    os.truncate(folder / "data.npz", 100_000_000_000)


def large_directory(folder: Path) -> None:
    """Say that the directory takes all of a hole of 700 MB."""
    npz()(folder)
    path = folder / "data.npz"
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\x05\x06")
    struct.pack_into("<II", content, end + 12, 700_000_000, end)
    with path.open("wb") as file:
        file.write(content[:end])
        file.seek(end + 700_000_000)
        file.write(content[end:])


def noise(num_bytes: int) -> bytes:
    return np.random.default_rng(0).bytes(num_bytes)


_ANNOUNCES = r": its header announces [\d,-]+ bytes of values, but "
_DAMAGED = ": damaged or not a data set: "
_PICKLED = ": holds pickled Python objects, which could run code; expected plain arrays"
_HUGE = header("(1000000000000,)")

_NPZ: list[tuple[str, Make, str]] = [
    ("nothing", raw_npz(b""), _DAMAGED + "File is not a zip file"),
    ("noise", raw_npz(noise(10_000)), _DAMAGED),
    ("noise behind a zip's first bytes", raw_npz(b"PK\x03\x04" + noise(10_000)), _DAMAGED),
    ("an array alone", raw_npz(npy_bytes(np.zeros(3))), _DAMAGED + "File is not a zip file"),
    ("pickle alone", raw_npz(b"cos\nsystem\n(S'touch x'\ntR."), _DAMAGED + "File is not a zip file"),
    ("pickled labels", npz_of(y_train=np.array([{}])), _PICKLED),
    ("pickled images", npz_of(x_test=np.array([print], object)), _PICKLED),
    ("10¹² bytes announced", npz(x_train=npy(_HUGE)), _ANNOUNCES),
    ("10¹² bytes announced, of 8 each", npz(x_train=npy(header("(1000000000000,)", "'<f8'"))), _ANNOUNCES),
    ("negative length", npz(x_train=npy(header("(-5, 28, 28)"))), _ANNOUNCES),
    ("two negative lengths", npz(x_train=npy(header("(-1, -3)"), b"xyz")), _ANNOUNCES),
    ("length that is no integer", npz(x_train=npy(header("(2.5,)"))), _DAMAGED),
    ("header nested", npz(x_train=npy("(" * 3_000)), ""),
    ("header of 60,000 characters", npz(x_train=npy(header("(3,)") + " " * 60_000)), _DAMAGED),
    ("header that calls", npz(x_train=npy("__import__('os').system('touch code-was-run')")), _DAMAGED),
    ("type that is none", npz(x_train=npy(header("(3,)", "'|zz'"))), _DAMAGED),
    ("version 9.9", npz(x_train=npy(header("(3,)"), version=b"\x09\x09")), "9.9"),
    ("text for images", npz(x_train=b"hello"), _DAMAGED),
    ("values missing", npz(x_train=npy(header("(20, 28, 28)"), bytes(100))), _ANNOUNCES),
    ("values too many", npz(x_train=npy(header("(20, 28, 28)"), bytes(20_000))), _ANNOUNCES),
    ("a billion zeros", zeros_npz(1_176_000_000), "would unpack to 1,176,"),
    ("a billion zeros for labels", zeros_npz(1_176_000_000, "y_test"), "would unpack to 1,176,"),
    ("a hole of 100 GB", sparse_npz, _DAMAGED + "File is not a zip file"),
    ("a directory of 700 MB", large_directory, "has a directory of more than 1,000,000 bytes"),
    ("a value of 784 MB", zeros_npz(784_000_000, shape="(1,)", descr="'|V784000000'"), "holds values of 784,000,000 b"),
    ("a text of 784 MB", zeros_npz(784_000_000, shape="()", descr="'<U196000000'"), "holds values of 784,000,000 b"),
    (
        "labels of 700 MB in 700 kB",
        zeros_npz(705_600_000, "y_test", "(705600000,)"),
        r"has 705,6\d\d,\d{3} bytes, 705,6[\d,]+ of them labels; at most",
    ),
    ("bzip2", bzip2_npz, "is compressed by method 12; expected deflate"),
    ("complex images", npz_of(x_train=np.zeros((20, 28, 28), complex)), "x_train has type complex128; expected uint8"),
    ("images of floats", npz_of(x_train=np.zeros((20, 28, 28))), "x_train has type float64; expected uint8 pixels"),
    ("images of 29 pixels", npz_of(x_test=np.zeros((20, 29, 28), np.uint8)), "x_test has shape 20×29×28"),
    ("one number for images", npz_of(x_test=np.uint8(3)), "x_test has shape a single number"),
    ("no images", npz_of(x_test=np.zeros((0, 28, 28), np.uint8)), "x_test has 0 images but y_test has 20 labels"),
    ("labels of floats", npz_of(y_test=np.zeros(20)), "y_test has type float64; expected integer labels"),
    ("labels of text", npz_of(y_test=np.array(["a"] * 20)), "y_test has type <U1; expected integer labels"),
    ("labels one-hot", npz_of(y_test=np.zeros((20, 10), int)), "y_test has shape 20×10; expected one label"),
    ("negative labels", npz_of(y_test=np.full(20, -1)), "y_test has the label -1; expected labels from 0 to 999"),
    ("labels beyond 999", npz_of(y_test=np.full(20, 2**62)), "y_test has the label 4611686018427387904"),
    ("fewer labels than images", npz_of(y_test=np.zeros(3, int)), "x_test has 20 images but y_test has 3 labels"),
    ("labels all the same", npz_of(y_train=np.zeros(20, int)), "the training split has only the label 0; at least 2 c"),
    ("a pipe", pipe("data.npz"), "is not a regular file"),
    ("a device", device("data.npz"), "is not a regular file"),
    ("a link to itself", circle("data.npz"), "cannot be read: Too many levels of symbolic links"),
]
_FOLDERS: list[tuple[str, Make, str]] = [
    (
        "empty folder",
        lambda folder: (folder / "data").mkdir(),
        r"expected a folder of the IDX files \(plain or \.gz\) ",
    ),
    (".npy with 10¹² bytes announced", npy_folder(x_train=npy(_HUGE)), _ANNOUNCES),
    (".npy of a hole", sparse_npy, _ANNOUNCES),
    (".npy with pickled labels", npy_folder(y_test=npy_bytes(np.array([{}]))), _PICKLED),
    (".npy of noise", npy_folder(x_test=noise(5_000)), _DAMAGED),
    (".npy of nothing", npy_folder(x_test=b""), _DAMAGED),
    (".npy of 10¹² bytes of nothing", npy_folder(x_test=npy(header("(1000000000000, 0)"))), "x_test has shape"),
    ("IDX of 2³² images", idx_folder(x_train=idx_header(2**32 - 1, 28, 28)), _ANNOUNCES + "the file has fewer"),
    ("IDX of 2⁹⁶ bytes", idx_folder(x_train=idx_header(*[2**32 - 1] * 3)), _ANNOUNCES + "the file has fewer"),
    ("IDX of floats", idx_folder(x_train=b"\0\0\x0d\x03" + bytes(12)), "not an IDX file of unsigned bytes"),
    ("IDX of rank 255", idx_folder(x_train=b"\0\0\x08\xff" + bytes(12)), "not an IDX file of unsigned bytes"),
    ("IDX of a hole", sparse_idx, "has 3,920,015,720 bytes, 40 of them labels; at most"),
    ("gzip files of 940 MB together", large_together, "has 940,800,040 bytes, 40 of them labels; at most 792,001,000 "),
    (".npy of labels in a hole", sparse_labels, "x_train has 20 images but y_train has 20,000,000,000 labels"),
    (".npy of images in a hole", sparse_images, "x_train has 1,000,000,000 images; expected from 1 to 10,000,000"),
    ("IDX of nothing", idx_folder(x_train=b""), "not an IDX file of unsigned bytes"),
    ("IDX cut off", idx_folder(y_test=idx_header(20) + bytes(19)), _ANNOUNCES + "the file has fewer"),
    ("IDX with more", idx_folder(y_test=idx_header(20) + bytes(21)), _ANNOUNCES + "the file has more"),
    ("IDX images for labels", idx_folder(y_test=idx_bytes(arrays()["x_test"])), "y_test has shape 20×28×28"),
    ("gzip of 2⁹⁶ bytes", idx_folder(".gz", x_train=idx_header(*[2**32 - 1] * 3)), _ANNOUNCES + "the file has fewer"),
    ("gzip of 300 MB where 7,840 bytes are announced", gzip_bomb, _ANNOUNCES + "the file has more"),
    ("gzip cut off", idx_folder(".gz", x_train=gzip.compress(idx_bytes(arrays()["x_train"]))[:-9]), _DAMAGED),
    ("gzip of noise", idx_folder(".gz", x_train=b"\x1f\x8b" + noise(3_000)), ": "),
    ("plain bytes named .gz", plain_gz, ": cannot be read|damaged or not a data set: "),
    ("two data sets", two_sets, "holds 2 data sets, a-…, b-…; move the four files of one into a folder of its own"),
    ("two files of one array", two_files, "are the same part of one data set, but differ; keep one of them"),
]


def data_entries() -> list[Entry]:
    """Return the data sets, each to be trained with."""

    def entry(form: str, path: str, name: str, make: Make, message: str) -> Entry:
        arguments = ("train", "linear", f"--set=data.path={path}")
        return Entry(f"{form}: {name}", arguments, 1, f"Error: .*{path}.*{message}", make, is_dangerous=True)

    return [
        *(entry(".npz", "data.npz", *row) for row in _NPZ),
        *(entry("data", "data", *row) for row in _FOLDERS),
    ]
