"""Writes the files next to this script with Keras: small models whose values count 1/8, 2/8, ..

`make_keras.py check FOLDER` checks instead that Keras loads the same models from FOLDER's
`tiny.weights.h5`, `conv.weights.h5`, `nested.weights.h5` and `normal.weights.h5`, with the same values.

Needs `pip install keras tensorflow`; Keras 3.15.1 made the files.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import keras
import numpy
from keras import layers

FOLDER = Path(__file__).parent


def count(model):
    """Gives the values of all variables, one after the other, 1/8, 2/8, .."""
    number = 0
    for layer in model.layers:
        values = []
        for weight in layer.get_weights():
            values.append(((number + 1 + keras.ops.arange(weight.size)) / 8).numpy().reshape(weight.shape))
            number += weight.size
        layer.set_weights(values)


def tiny():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])


def conv():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(3, 3, name="stem"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.DepthwiseConv2D(3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, use_bias=False),
        ]
    )


def nested():
    x = keras.Input((4,))
    y = keras.Input((4,))
    block = keras.Model(x, layers.Dense(4)(x), name="block")
    return keras.Model(y, layers.Dense(2)(block(y)))


def normal():
    return keras.Sequential([keras.Input((3,)), layers.Normalization(), layers.Dense(2)])


def check(folder):
    for make in (tiny, conv, nested, normal):
        model = make()
        model.load_weights(folder / f"{make.__name__}.weights.h5")
        values = numpy.concatenate([weight.ravel() for weight in model.get_weights() if weight.ndim])
        expected = numpy.arange(1, len(values) + 1, dtype=numpy.float32) / 8
        numpy.testing.assert_array_equal(values, expected, make.__name__)
    print("Keras", keras.__version__, "loads all files, with the values expected")


if sys.argv[1:2] == ["check"]:
    check(Path(sys.argv[2]))
    sys.exit()

# Layers made before, so that those of the models are called `dense_2`, `dense_3`, `dense_4`.
for _ in range(2):
    layers.Dense(1)

model = tiny()
count(model)
model.save_weights(FOLDER / "tiny.weights.h5")
model.save(FOLDER / "tiny.keras")
model.save(FOLDER / "tiny.h5")

model = conv()
model.compile("adam", "mse")
model.fit(keras.ops.zeros((2, 6, 6, 2)), keras.ops.zeros((2, 2)), verbose=0)
count(model)
model.save_weights(FOLDER / "conv.weights.h5")
model.save(FOLDER / "conv.h5")

model = nested()
count(model)
model.save_weights(FOLDER / "nested.weights.h5")
model.save(FOLDER / "nested.h5")

# As Keras 2 wrote files of weights only: fixed strings, `:0` after the names, `depthwise_kernel`, no classes.
with h5py.File(FOLDER / "conv.h5") as whole, h5py.File(FOLDER / "conv_keras2_weights.h5", "w") as alone:
    group = whole["model_weights"]
    alone.attrs["layer_names"] = numpy.array([name.encode() for name in group.attrs["layer_names"]])
    for layer in group.attrs["layer_names"]:
        target = alone.create_group(layer)
        names = []
        for path in group[layer].attrs["weight_names"]:
            name = path.rsplit("/")[-1]
            if layer.startswith("depthwise") and name == "kernel":
                name = "depthwise_kernel"
            names.append(f"{layer}/{name}:0".encode())
            target[names[-1].decode()] = group[layer][path][()]
        target.attrs["weight_names"] = numpy.array(names)

# Elements of other types, and no weights at all.
for name, dtype in [("half", "float16"), ("bfloat16", "bfloat16"), ("double", "float64")]:
    keras.config.set_dtype_policy(dtype)
    model = tiny()
    count(model)
    model.save_weights(FOLDER / f"{name}.weights.h5")
with h5py.File(FOLDER / "double.weights.h5") as double, h5py.File(FOLDER / "whole.weights.h5", "w") as whole:
    double.copy("layers", whole)
    kernel = whole["layers/dense/vars/0"][()]
    del whole["layers/dense/vars/0"]
    whole["layers/dense/vars/0"] = kernel.astype("int64")
with h5py.File(FOLDER / "empty.weights.h5", "w") as file:
    file.create_group("layers")
