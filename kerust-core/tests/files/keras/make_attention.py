"""Writes `attention.weights.h5` next to this script with Keras: an `Attention` with both of its weights, which are
scalars in Keras.

`make_attention.py check FOLDER` checks instead that Keras loads the same weights from FOLDER's
`attention.weights.h5`.

Needs `pip install keras tensorflow`; Keras 3.15.1 made the file.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
from keras import layers

VALUES = [0.25, -1.5]


def model():
    inputs = [keras.Input((3, 2)), keras.Input((4, 2))]
    y = layers.Attention(use_scale=True, score_mode="concat")(inputs)
    return keras.Model(inputs, layers.Flatten()(y))


found = model()
if sys.argv[1:2] == ["check"]:
    found.load_weights(Path(sys.argv[2]) / "attention.weights.h5")
    assert [float(weight.numpy()) for weight in found.weights] == VALUES
    print("Keras", keras.__version__, "loads the file, with the values expected")
    sys.exit()

for weight, value in zip(found.weights, VALUES):
    weight.assign(value)
found.save_weights(Path(__file__).parent / "attention.weights.h5")
