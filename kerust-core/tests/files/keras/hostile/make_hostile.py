"""Writes files that a reader of Keras's weights must refuse.

Needs `pip install h5py`.
"""

import zipfile
import zlib
from pathlib import Path

import h5py
import numpy

FOLDER = Path(__file__).parent


def new(name):
    return h5py.File(FOLDER / f"{name}.weights.h5", "w")


with new("cycle") as file:  # a group that holds itself
    group = file.create_group("layers/dense")
    group["again"] = group
    group.create_group("vars")
with new("softcycle") as file:  # the same by a soft link
    file.create_group("layers/dense/vars")
    file["layers/dense/again"] = h5py.SoftLink("/layers/dense")
with new("layers_cycle") as file:  # a model that holds itself
    group = file.create_group("layers/functional")
    group["layers"] = file["layers"]
with new("laughs") as file:  # 2^24 paths
    groups = [file.create_group(f"g{place}") for place in range(24)]
    for a, b in zip(groups, groups[1:]):
        a["a"] = b
        a["b"] = b
    file["layers"] = groups[0]
with h5py.File(FOLDER / "deep.weights.h5", "w", libver="latest") as file:  # groups in groups in groups
    inner = file.create_group("layers")
    for _ in range(2_000):
        inner = inner.create_group("a")
with new("contig") as file:  # values that are longer than the file
    space = h5py.h5s.create_simple((1 << 34,))
    group = file.create_group("layers/dense/vars")
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    h5py.h5d.create(group.id, b"0", h5py.h5t.IEEE_F32LE, space, plist)
with new("unalloc") as file:  # chunks of which none is stored
    file.create_dataset("layers/dense/vars/0", (1 << 28,), "f4", chunks=(1024,))


def tiny(file, kernel):
    """The model `Tiny` without its first kernel."""
    file.create_dataset("layers/dense/vars/0", **kernel)
    file["layers/dense/vars/1"] = numpy.zeros(3, "f4")
    file["layers/dense_1/vars/0"] = numpy.zeros((3, 2), "f4")
    file["layers/dense_1/vars/1"] = numpy.zeros(2, "f4")


with new("unalloc_shape") as file:  # the same, of the model's shape
    tiny(file, dict(shape=(4, 3), dtype="f4", chunks=(2, 3)))
with new("contig_shape") as file:  # nothing stored, in one piece
    tiny(file, dict(shape=(4, 3), dtype="f4"))
with new("bomb") as file:  # 64 MB of zeros
    tiny(file, dict(data=numpy.zeros(1 << 24, "f4"), chunks=(1 << 24,), compression=9))
with new("chunk") as file:  # a chunk that is larger than what it is a part of
    zeros = numpy.zeros((4, 3), "f4")
    tiny(file, dict(data=zeros, chunks=(1 << 12, 1 << 12), maxshape=(1 << 12, 1 << 12), compression=9))
with h5py.File(FOLDER / "types.weights.h5", "w", libver="latest") as file:  # a type of a type of a type
    tiny(file, dict(data=numpy.zeros((4, 3), "f4")))
    kind = h5py.h5t.IEEE_F32LE.copy()
    for _ in range(8_000):
        kind = h5py.h5t.vlen_create(kind)
    h5py.h5a.create(file.id, b"types", kind, h5py.h5s.create_simple((1,)))
with new("attributes") as file:  # names of layers without end
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = numpy.array([b"a"] * 8_000)
    group.create_group("a").attrs["weight_names"] = numpy.array([b"w"] * 8_000)
    group["a/w"] = numpy.zeros(1, "f4")
with zipfile.ZipFile(FOLDER / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("config.json", "{}")
    archive.writestr("model.weights.h5", bytes(1 << 26))
with zipfile.ZipFile(FOLDER / "config.keras", "w", zipfile.ZIP_DEFLATED) as archive:
    with zipfile.ZipFile(FOLDER.parent / "tiny.keras") as tiny:
        archive.writestr("model.weights.h5", tiny.read("model.weights.h5"), zipfile.ZIP_STORED)
    archive.writestr("config.json", b"[" * (1 << 26))
