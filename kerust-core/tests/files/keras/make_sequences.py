"""Writes the files of a sequence model next to this script with Keras: `sequences.keras`,
`sequences.weights.h5` and `sequences.h5`, whose values count 1/64, 2/64, .. modulo 1 minus 1/2, and
`sequences.safetensors`: inputs `x` and the outputs `y` for them.

`make_sequences.py check FOLDER` checks instead that Keras loads the same model from FOLDER's
`sequences.weights.h5`, with the same values.

Needs `pip install keras tensorflow safetensors`; Keras 3.15.1 made the files.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy
from keras import layers

FOLDER = Path(__file__).parent


def model():
    x = keras.Input((6, 4))
    y = layers.Conv1D(4, 3, padding="causal", activation="relu")(x)
    y = layers.LSTM(3, return_sequences=True)(y)
    y = layers.Bidirectional(layers.GRU(2, return_sequences=True))(y)
    y = layers.LayerNormalization()(y)
    y = layers.MultiHeadAttention(2, 3)(y, y)
    y = layers.TimeDistributed(layers.Dense(5, activation="tanh"))(y)
    y = layers.SimpleRNN(3)(y)
    y = layers.RepeatVector(2)(y)
    y = layers.GRU(3, reset_after=False)(y)
    return keras.Model(x, layers.Dense(2)(y))


def values(model):
    return numpy.concatenate([weight.ravel() for layer in model.layers for weight in weights_of(layer)])


def weights_of(layer):
    return [weight.numpy() for weight in layer.weights if "seed" not in weight.path]


def count(model):
    """Gives the values of all layers, one after the other, 1/64, 2/64, .. modulo 1 minus 1/2."""
    number = 0
    for layer in model.layers:
        for weight in layer.weights:
            if "seed" in weight.path:
                continue
            size = int(numpy.prod(weight.shape))
            numbers = numpy.arange(number + 1, number + 1 + size, dtype="float32") % 64 / 64 - 0.5
            weight.assign(numbers.reshape(weight.shape))
            number += size


if sys.argv[1:2] == ["check"]:
    loaded, expected = model(), model()
    loaded.load_weights(Path(sys.argv[2]) / "sequences.weights.h5")
    count(expected)
    numpy.testing.assert_array_equal(values(loaded), values(expected))
    print("Keras", keras.__version__, "loads the file, with the values expected")
    sys.exit()

from safetensors.numpy import save_file

model = model()
count(model)
model.save_weights(FOLDER / "sequences.weights.h5")
model.save(FOLDER / "sequences.keras")
model.save(FOLDER / "sequences.h5")
x = numpy.sin(numpy.arange(2 * 6 * 4, dtype="float32")).reshape(2, 6, 4)
save_file({"x": x, "y": model(x).numpy()}, FOLDER / "sequences.safetensors")
