"""Writes the files beside it, as Keras writes them: two small models whose values count 1/8, 2/8, ..

Needs `pip install keras tensorflow`; Keras 3.15.1 made the files.
"""

import os
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


# Layers made before, so that those of the models are called `dense_2`, `dense_3`, `dense_4`.
for _ in range(2):
    layers.Dense(1)

tiny = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])
count(tiny)
tiny.save_weights(FOLDER / "tiny.weights.h5")
tiny.save(FOLDER / "tiny.keras")
tiny.save(FOLDER / "tiny.h5")
print("tiny predicts", tiny.predict(keras.ops.array([[1.0, -2.0, 3.0, 0.5]]), verbose=0))

conv = keras.Sequential(
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
conv.compile("adam", "mse")
conv.fit(keras.ops.zeros((2, 6, 6, 2)), keras.ops.zeros((2, 2)), verbose=0)
count(conv)
conv.save_weights(FOLDER / "conv.weights.h5")
conv.save(FOLDER / "conv.h5")

block = keras.Sequential([keras.Input((4,)), layers.Dense(4)], name="block")
x = keras.Input((4,))
nested = keras.Model(x, layers.Dense(2)(block(x)))
count(nested)
nested.save_weights(FOLDER / "nested.weights.h5")
nested.save(FOLDER / "nested.h5")

# As Keras 2 wrote weights alone: fixed strings, `:0` behind the names, `depthwise_kernel`, no classes.
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

# An element type that kerust does not take, and no weights at all.
with h5py.File(FOLDER / "double.weights.h5", "w") as file:
    for place, (kernel, bias) in enumerate([((4, 3), (3,)), ((3, 2), (2,))]):
        vars = file.create_group(f"layers/dense_{place}/vars")
        vars.create_dataset("0", kernel, "float64")
        vars.create_dataset("1", bias, "float32")
with h5py.File(FOLDER / "empty.weights.h5", "w") as file:
    file.create_group("layers")
