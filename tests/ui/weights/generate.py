#!/usr/bin/env python3
"""Writes the files that the cases of this folder refuse: safetensors, each with one fault."""
import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent
BYTES = {"F32": 4, "F16": 2}


def write(name, tensors, metadata=None, cut=0):
    header, place = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for tensor, dtype, shape in tensors:
        length = BYTES[dtype]
        for size in shape:
            length *= size
        header[tensor] = {"dtype": dtype, "shape": shape, "data_offsets": [place, place + length]}
        place += length
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file = struct.pack("<Q", len(text)) + text + bytes(place)
    (FOLDER / f"{name}.safetensors").write_bytes(file[: len(file) - cut])


KERNEL, BIAS = ("dense.kernel", "F32", [4, 3]), ("dense.bias", "F32", [3])
write("other-shape", [("dense.kernel", "F32", [4, 5]), ("dense.bias", "F32", [5])])
write("tensor-missing", [KERNEL])
write("tensor-surplus", [KERNEL, BIAS, ("dense_1.kernel", "F32", [3, 3])])
write("half-precision", [("dense.kernel", "F16", [4, 3]), BIAS])
write("truncated", [KERNEL, BIAS], cut=8)
write(
    "other-architecture",
    [KERNEL, BIAS],
    {
        "format": "kerust",
        "model": "Iris",
        "architecture": "0123456789abcdef",
        "layers": "dense: Dense(3, sigmoid) (4) -> (3)",
    },
)
(FOLDER / "other-kind.safetensors").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'}")
