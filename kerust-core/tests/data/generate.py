#!/usr/bin/env python3
"""Writes the files that the readers of data are tested on, in the formats of Keras's data sets.

Needs Keras 3, TensorFlow and NumPy: `python3 generate.py`, in this folder.
"""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)


def images():
    noise = rng.randint(0, 256, (33, 50, 3)).astype("uint8")
    progressive = tf.io.encode_jpeg(noise, quality=60, progressive=True)
    tf.io.write_file("progressive.jpg", progressive)


images()
