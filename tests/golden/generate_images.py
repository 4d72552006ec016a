#!/usr/bin/env python3
"""Writes the folder `images` and `images.safetensors`: the result of reading that folder with Keras 3.15.

    KERAS_BACKEND=tensorflow python generate_images.py

The environment is that of `generate.py`. The images are PNGs of random pixels, larger and smaller
than what they are resized to, of each kind of colour. Tensors: `grey`, `rgb` and `rgba`, the images
in the order of their names as (image, 8, 6, channel), by `image_dataset_from_directory`; `nearest` and `cropped` are
`rgb` with `interpolation="nearest"` and with `crop_to_aspect_ratio=True`.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from generate import write_safetensors

FOLDER = Path(__file__).resolve().parent / "images"
# Name, height, width, channels, type.
IMAGES = [
    ("a/large.png", 17, 13, 3, np.uint8),
    ("a/small.png", 5, 3, 3, np.uint8),
    ("a/wide.png", 7, 20, 1, np.uint8),
    ("b/alpha.png", 9, 9, 4, np.uint8),
    ("b/deep.png", 11, 7, 1, np.uint16),
    ("b/same.png", 8, 6, 3, np.uint8),
]


def main():
    random = np.random.default_rng(1)
    for name, height, width, channels, kind in IMAGES:
        pixels = random.integers(0, np.iinfo(kind).max, (height, width, channels), kind, endpoint=True)
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tf.io.encode_png(pixels).numpy())

    def read(mode, **arguments):
        dataset = keras.utils.image_dataset_from_directory(
            FOLDER, image_size=(8, 6), color_mode=mode, shuffle=False, batch_size=None, verbose=0,
            **arguments)
        return np.stack([image.numpy() for image, _ in dataset]).astype("float32")

    tensors = {"grey": read("grayscale"), "rgb": read("rgb"), "rgba": read("rgba")}
    tensors["nearest"] = read("rgb", interpolation="nearest")
    tensors["cropped"] = read("rgb", crop_to_aspect_ratio=True)
    write_safetensors("images.safetensors", tensors, {})


main()
