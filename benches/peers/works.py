"""The tasks of every library, and their data."""

import gzip
from pathlib import Path

import numpy as np

# Batch size of the training, chunks, and steps per chunk; file and shape of the samples; numbers of classes for
# training and inference.
WORKS = {
    "mlp": dict(batch=32, chunks=9, steps=400, data="images28", shape=(28, 28, 1), classes=(10, 10)),
    "conv": dict(batch=64, chunks=7, steps=50, data="images28", shape=(28, 28, 1), classes=(10, 24)),
    "deep-conv": dict(batch=128, chunks=7, steps=12, data="images28", shape=(28, 28, 1), classes=(10, 10)),
    "resnet8": dict(batch=32, chunks=7, steps=16, data="images32", shape=(32, 32, 3), classes=(10, 10)),
    # The rows of an image are steps.
    "lstm": dict(batch=64, chunks=7, steps=60, data="images28", shape=(28, 28), classes=(10, 10)),
    "gru": dict(batch=32, chunks=7, steps=30, data="series100", shape=(100, 8), classes=(10, 10)),
    "transformer": dict(batch=32, chunks=7, steps=16, data="series64", shape=(64, 64), classes=(10, 10)),
}
# The tasks on sequences, (steps, features).
SEQUENCES = [work for work, facts in WORKS.items() if len(facts["shape"]) == 2]
# Tasks in 8 bits: input shape and classes.
INT8_WORKS = {
    "resnet8": dict(shape=(32, 32, 3), classes=10),
    "keywords": dict(shape=(49, 10, 1), classes=12),
}
SAMPLES = 4096
# Values of a sample in each file of random values.
RANDOM = {"images32": 3072, "series100": 800, "series64": 4096}


def write_data(repository: Path, folder: Path):
    """`images28.f32` (from the repository's Fashion-MNIST), the files of `RANDOM` with 1,024 samples each, and
    `labels.u8`; values are between 0 and 1."""
    source = repository / "data/fashion_mnist"

    def idx(name, header):
        return np.frombuffer(gzip.open(source / name).read(), np.uint8, offset=header)

    images = idx("train-images-idx3-ubyte.gz", 16)[: SAMPLES * 784]
    (images.astype("<f4") / 255).tofile(folder / "images28.f32")
    idx("train-labels-idx1-ubyte.gz", 8)[: SAMPLES].tofile(folder / "labels.u8")
    for name, values in RANDOM.items():
        random = np.random.default_rng(0).random(1024 * values, dtype="f4")
        random.astype("<f4").tofile(folder / f"{name}.f32")


def read_data(work: str, folder: str):
    """Images with channels last, or sequences, and labels."""
    images = np.fromfile(f"{folder}/{WORKS[work]['data']}.f32", "<f4")
    images = images.reshape(-1, *WORKS[work]["shape"])
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
