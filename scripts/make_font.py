#!/usr/bin/env python3
"""Draws the font of kerust's PNG pictures: DejaVu Sans, as an image with a cell for each character.

    scripts/make_font.py [DejaVuSans.ttf]     # needs Pillow

The first row of a cell is a line as long as the character is wide; the character is below it. The
cells are arranged in rows, in the order of the ranges; the last cell is used for all other
characters. `kerust-core/src/picture/font.rs` has the same ranges and sizes.
"""

import struct
import sys
import zlib
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

RANGES = [(" ", "~"), ("\u00a0", "\u017f"), ("Α", "ω"), ("А", "я"), ("–", "…")]
OTHER = "□"
SIZE = 26
CELL = 32
COLUMNS = 32
# The space to the left of a letter's origin, and above its baseline.
LEFT, ABOVE = 2, 26


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, levels):
    """A grayscale image with 4 bits per pixel."""
    rows = [levels[at:at + width] for at in range(0, len(levels), width)]
    packed = b"".join(
        b"\0" + bytes(row[at] << 4 | row[at + 1] for at in range(0, width, 2)) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 4, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(packed, 9)) + chunk(b"IEND", b""))


def main():
    path = sys.argv[1] if sys.argv[1:] else "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    font = ImageFont.truetype(path, SIZE, layout_engine=ImageFont.Layout.BASIC)
    characters = [chr(code) for first, last in RANGES for code in range(ord(first), ord(last) + 1)]
    characters.append(OTHER)
    size = COLUMNS * CELL, -(-len(characters) // COLUMNS) * (1 + CELL)
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    for place, character in enumerate(characters):
        x, y = place % COLUMNS * CELL, place // COLUMNS * (1 + CELL)
        draw.line((x, y, x + round(font.getlength(character)) - 1, y), 255)
        draw.text((x + LEFT, y + 1 + ABOVE), character, 255, font, anchor="ls")
    levels = [round(level / 17) for level in image.tobytes()]
    target = Path(__file__).resolve().parent.parent / "kerust-core/src/picture/font.png"
    target.write_bytes(png(*size, levels))


main()
