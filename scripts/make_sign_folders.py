#!/usr/bin/env python3
"""Creates folders of small images, one folder for each class, for examples/03_sign_language.rs.

    scripts/make_sign_folders.py TARGET

It creates TARGET/train (24 classes with 20 images) and TARGET/test (24 classes with 5 images). Each class
has its own pattern: a 5×5 grid of dark and light cells in one of three tints, shifted by up to two
pixels, with noise. Needs only Python.
"""

import random
import struct
import sys
import zlib
from pathlib import Path

SIZE = 28
CLASSES = "ABCDEFGHIKLMNOPQRSTUVWXY"  # the 24 letters of American sign language without motion


def png(pixels):
    """An RGB image as the bytes of a PNG file: header, data and end, each with its checksum."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in pixels)
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def picture(pattern, tint, rng):
    down, right = rng.randint(-2, 2), rng.randint(-2, 2)

    def pixel(y, x):
        row, column = (y - down - 4) // 4, (x - right - 4) // 4
        inside = 0 <= row < 5 and 0 <= column < 5
        light = 200 if inside and pattern[5 * row + column] else 50
        return tuple(
            max(0, min(255, light * part // 100 + rng.randint(-20, 20))) for part in tint
        )

    return [[pixel(y, x) for x in range(SIZE)] for y in range(SIZE)]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = Path(sys.argv[1])
    rng = random.Random(1)
    for number, name in enumerate(CLASSES):
        pattern = [rng.random() < 0.5 for _ in range(25)]
        tint = [(100, 90, 80), (80, 100, 90), (90, 80, 100)][number % 3]
        for part, count in [("train", 20), ("test", 5)]:
            folder = target / part / name
            folder.mkdir(parents=True, exist_ok=True)
            for i in range(count):
                (folder / f"{i:03}.png").write_bytes(png(picture(pattern, tint, rng)))


main()
