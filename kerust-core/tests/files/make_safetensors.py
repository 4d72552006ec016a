"""Writes `python.safetensors`: the weights of `tests/suite/weights/stored.rs`'s `Net` as Python's safetensors writes them.

Needs `pip install safetensors numpy`; safetensors 0.8.0 made the file next to this script.
"""

from pathlib import Path

import numpy
from safetensors.numpy import save_file

tensors = {
    "dense.kernel": numpy.arange(6, dtype=numpy.float32).reshape(2, 3),
    "dense.bias": numpy.array([0.5, -0.5, 1.5], numpy.float32),
    "dense_1.kernel": -numpy.arange(6, dtype=numpy.float32).reshape(3, 2),
}
save_file(tensors, Path(__file__).parent / "python.safetensors")
