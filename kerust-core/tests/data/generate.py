#!/usr/bin/env python3
"""Writes the files that the readers of data are tested on, and the values that Keras reads from them.

    KERAS_BACKEND=tensorflow python generate.py

with Keras 3.15.1, TensorFlow 2.21 and NumPy 2. Keras's own loaders read the files (`keras.json`); only
the download is replaced. The files are small, and in the formats of Keras's cache:

- `*.npz`: arrays, and pickled arrays of lists. `imdb.npz` is written by NumPy 2 (protocol 4),
  `reuters.npz` as NumPy 1 wrote it (protocol 3, `numpy.core`), which Keras's own files are;
- `cifar-*.tar.gz`: pickles as Python 2 wrote them, which Python 3 cannot write, so they are put
  together here.
"""

import io
import json
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras.src.datasets import boston_housing, california_housing, cifar, cifar100, imdb, mnist, reuters

HERE = Path(__file__).resolve().parent
random = np.random.RandomState(0)
golden = {}


def from_here(fname=None, *_, **__):
    """Takes the place of Keras's `get_file`."""
    return str(HERE / fname)


for module in (boston_housing, california_housing, imdb, mnist, reuters):
    module.get_file = from_here


def checksums(x):
    """A number for each sample, in which each value has another weight."""
    x = np.asarray(x, "float64").reshape(len(x), -1)
    return (x * (1 + np.arange(x.shape[1]) % 13)).sum(axis=1).tolist()


def tables():
    def table(loaded):
        return [{"x": checksums(x), "y": y.tolist()} for x, y in loaded]

    x = random.randint(0, 1000, (17, 13)) / 8
    np.savez_compressed(HERE / "boston_housing.npz", x=x, y=random.randint(80, 400, 17) / 8)
    golden["boston_housing"] = table(boston_housing.load_data())
    golden["boston_housing_30"] = table(boston_housing.load_data(test_split=0.3, seed=7))
    x = (random.randint(0, 16, (610, 8)) / 4).astype("float32")
    y = random.randint(15, 500, 610).astype("float32")
    np.savez(HERE / "california_housing.npz", x=x, y=y)
    golden["california_housing"] = table(california_housing.load_data())
    golden["california_housing_small"] = table(california_housing.load_data(version="small"))


def images():
    noise = random.randint(0, 256, (33, 50, 3)).astype("uint8")
    progressive = tf.io.encode_jpeg(noise, quality=60, progressive=True)
    tf.io.write_file(str(HERE / "progressive.jpg"), progressive)

    def digits(count):
        return (np.arange(count * 784).reshape(count, 28, 28) % 251).astype("uint8")

    np.savez_compressed(
        HERE / "mnist.npz", x_train=digits(5), y_train=np.array([5, 0, 4, 1, 9], "uint8"),
        x_test=digits(2)[::-1], y_test=np.array([7, 2], "uint8"))
    golden["mnist"] = [{"x": checksums(x), "y": y.tolist()} for x, y in mnist.load_data()]


def texts():
    def reviews(count):
        """Zipf's words, as lists of Python's integers in an array of objects."""
        lengths = random.randint(1, 14, count)
        reviews = [np.minimum(random.zipf(1.4, length), 70000).tolist() for length in lengths]
        array = np.empty(count, object)
        array[:] = reviews
        return array

    np.savez_compressed(
        HERE / "imdb.npz", x_train=reviews(12), y_train=random.randint(0, 2, 12),
        x_test=reviews(9), y_test=random.randint(0, 2, 9))
    with zipfile.ZipFile(HERE / "reuters.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        array = reviews(21)
        member = io.BytesIO()
        header = {"descr": "|O", "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(member, header)
        old = pickle.dumps(array, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
        assert b"cnumpy.core.multiarray\n_reconstruct\n" in old
        archive.writestr("x.npy", member.getvalue() + old)
        member = io.BytesIO()
        np.save(member, random.randint(0, 46, 21))
        archive.writestr("y.npy", member.getvalue())

    def loaded(parts):
        return [{"x": [[int(w) for w in text] for text in x], "y": [int(c) for c in y]} for x, y in parts]

    cases = {
        "default": {},
        "num_words": {"num_words": 20, "skip_top": 5},
        "maxlen": {"maxlen": 9, "seed": 7},
        "dropped": {"num_words": 20, "oov_char": None, "start_char": None, "index_from": 0},
        "start": {"start_char": 7, "oov_char": 8, "index_from": 9},
    }
    for name, arguments in cases.items():
        golden[f"imdb_{name}"] = loaded(imdb.load_data(**arguments))
        golden[f"reuters_{name}"] = loaded(reuters.load_data(**arguments))
    golden["reuters_split"] = loaded(reuters.load_data(test_split=0.35))
    (HERE / "imdb_word_index.json").write_text('{"the": 1, "fawn": 34701, "\\u00e9t\\u00e9": 17}')


def python2(data, lists):
    """A dictionary as Python 2's cPickle writes it by protocol 2: strings are bytes."""
    out = bytearray(b"\x80\x02}q\x01(")

    def string(text):
        text = text if isinstance(text, bytes) else text.encode()
        if len(text) < 256:
            out.extend(b"U" + bytes([len(text)]) + text)
        else:
            out.extend(b"T" + struct.pack("<i", len(text)) + text)

    string("batch_label")
    string("training batch 1 of 1")
    for key, values in lists.items():
        string(key)
        out.extend(b"]q\x02(")
        for value in values:
            if isinstance(value, str):
                string(value)
            else:
                out.extend(b"K" + bytes([value]))
        out.extend(b"e")
    string("data")
    out.extend(b"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05(K\x01")
    out.extend(b"K" + bytes([data.shape[0]]) + b"M" + struct.pack("<H", data.shape[1]) + b"\x86")
    out.extend(b"cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")
    out.extend(b"\x89")
    string(data.tobytes())
    out.extend(b"tbu.")
    return bytes(out)


def batches():
    def pixels(count, start):
        values = np.arange(start, start + count * 3072) // 5 % 251
        return values.astype("uint8").reshape(count, 3072)

    def archive(name, folder, files):
        with tarfile.open(HERE / name, "w:gz", format=tarfile.USTAR_FORMAT) as tar:
            member = tarfile.TarInfo(folder)
            member.type = tarfile.DIRTYPE
            tar.addfile(member)
            for path, content in files.items():
                member = tarfile.TarInfo(f"{folder}/{path}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))

    def read(content, key):
        (HERE / "batch").write_bytes(content)
        x, y = cifar.load_batch(str(HERE / "batch"), key)
        (HERE / "batch").unlink()
        return x.transpose(0, 2, 3, 1), y

    def part(loaded):
        x = np.concatenate([x for x, _ in loaded])
        return {"x": checksums(x), "y": sum((list(y) for _, y in loaded), [])}

    files = {"readme.html": b"<html></html>"}
    for i, name in enumerate(["test_batch"] + [f"data_batch_{i}" for i in range(5, 0, -1)]):
        labels = [(3 * i + 1) % 10, (7 * i) % 10]
        files[name] = python2(pixels(2, 1000 * i), {"filenames": ["a.png", "b.png"], "labels": labels})
    archive("cifar-10-python.tar.gz", "cifar-10-batches-py", files)
    train = [read(files[f"data_batch_{i}"], "labels") for i in range(1, 6)]
    golden["cifar10"] = [part(train), part([read(files["test_batch"], "labels")])]

    files = {}
    for i, (name, count) in enumerate([("train", 3), ("test", 2)]):
        fine = [(37 * (i + 2 * j) + 5) % 100 for j in range(count)]
        coarse = [(7 * (i + 2 * j) + 3) % 20 for j in range(count)]
        files[name] = python2(pixels(count, 500 * i), {"fine_labels": fine, "coarse_labels": coarse})
    archive("cifar-100-python.tar.gz", "cifar-100-python", files)
    for mode in ("fine", "coarse"):
        golden[f"cifar100_{mode}"] = [part([read(files[name], f"{mode}_labels")]) for name in ("train", "test")]


def arrays():
    """An array of each type of elements, and those that are refused."""
    values = np.array([[0, 1, 2], [3, 100, 27]])
    types = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">f4", ">i2", ">u8"]
    named = {name.replace(">", "big_"): values.astype(name) for name in types}
    np.savez(
        HERE / "arrays.npz", **named, bools=values > 2, scalar=np.float32(2.5), empty=np.zeros((0, 4), "f4"),
        fortran=np.asfortranarray(values.astype("f4")), text=np.array(["a", "b"]), half=values.astype("f2"),
        objects=np.array([[1], None], object), records=np.zeros(2, [("a", "f4"), ("b", "i4")]))
    np.savez_compressed(HERE / "packed.npz", x=values.astype("f4"))
    np.save(HERE / "array.npy", values.astype("f4"))


tables()
images()
texts()
batches()
arrays()
golden["keras"] = keras.__version__
(HERE / "keras.json").write_text(json.dumps(golden) + "\n")
