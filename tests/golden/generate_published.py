#!/usr/bin/env python3
"""Writes `published.safetensors`: the outputs of Keras 3.15 with the published weights of MLPerf Tiny.

    KERAS_BACKEND=tensorflow python generate_published.py FOLDER

FOLDER holds MLPerf Tiny's `ic/pretrainedResnet.h5` (ResNet-8) and `ad/ad01.h5` (autoencoder); they
are not part of this repository. The environment is that of `generate.py`, whose formula makes the
inputs: number `i` of formula tensor 1000, times 255 for the images, times 20 minus 10 for the
spectra. Tensors: `resnet8` (100, 10), and `autoencoder` (100, 16), every 40th of its 640 outputs.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from generate import formula_unit, write_safetensors

SAMPLES = 100


def main():
    folder = Path(sys.argv[1])

    def outputs(name, inputs):
        model = keras.models.load_model(folder / name, compile=False)
        return np.asarray(model.predict(inputs, batch_size=SAMPLES, verbose=0))

    images = formula_unit(1000, SAMPLES * 32 * 32 * 3).reshape(SAMPLES, 32, 32, 3)
    spectra = formula_unit(1000, SAMPLES * 640).reshape(SAMPLES, 640)
    tensors = {
        "resnet8": outputs("ic/pretrainedResnet.h5", images * np.float32(255)),
        "autoencoder": outputs("ad/ad01.h5", spectra * np.float32(20) - np.float32(10))[:, ::40],
    }
    write_safetensors("published.safetensors", tensors, {})


main()
