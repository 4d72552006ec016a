"""The tasks of every library, and their data."""

import gzip
from pathlib import Path

import numpy as np

# Batch size of the training, chunks, and steps per chunk; image width; numbers of classes for training and
# inference.
WORKS = {
    "mlp": dict(batch=32, chunks=9, steps=400, size=28, classes=(10, 10)),
    "conv": dict(batch=64, chunks=7, steps=50, size=28, classes=(10, 24)),
    "deep-conv": dict(batch=128, chunks=7, steps=12, size=28, classes=(10, 10)),
    "resnet8": dict(batch=32, chunks=7, steps=16, size=32, classes=(10, 10)),
}
# Tasks in 8 bits: input shape and classes.
INT8_WORKS = {
    "resnet8": dict(shape=(32, 32, 3), classes=10),
    "keywords": dict(shape=(49, 10, 1), classes=12),
}
SAMPLES = {28: 4096, 32: 1024}


def write_data(repository: Path, folder: Path):
    """`images28.f32` (from the repository's Fashion-MNIST), `images32.f32` (random, with 3 channels)
    and `labels.u8`; values are between 0 and 1."""
    source = repository / "data/fashion_mnist"

    def idx(name, header):
        return np.frombuffer(gzip.open(source / name).read(), np.uint8, offset=header)

    images = idx("train-images-idx3-ubyte.gz", 16)[: SAMPLES[28] * 784]
    (images.astype("<f4") / 255).tofile(folder / "images28.f32")
    idx("train-labels-idx1-ubyte.gz", 8)[: SAMPLES[28]].tofile(folder / "labels.u8")
    random = np.random.default_rng(0).random(SAMPLES[32] * 3072, dtype="f4")
    random.astype("<f4").tofile(folder / "images32.f32")


def read_data(work: str, folder: str):
    """Images with channels last, and labels."""
    size = WORKS[work]["size"]
    images = np.fromfile(f"{folder}/images{size}.f32", "<f4")
    images = images.reshape(-1, size, size, 1 if size == 28 else 3)
    labels = np.fromfile(f"{folder}/labels.u8", np.uint8)[: len(images)]
    return images, labels.astype("int64")


def random_inputs(work: str, count: int):
    """Inputs of a task in 8 bits: values between 0 and 1."""
    shape = (count, *INT8_WORKS[work]["shape"])
    return np.random.default_rng(0).random(shape, dtype="f4")


def split(mode: str, images):
    """The batches of a mode: one sample, or all in batches of 256."""
    if mode == "infer":
        return [images[:1]]
    return [images[start : start + 256] for start in range(0, len(images), 256)]
