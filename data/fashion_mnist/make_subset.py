"""Cut the small Fashion-MNIST subset of this folder out of the full data set.

    python3 make_subset.py SOURCE_DIR TARGET_DIR

SOURCE_DIR holds the four original IDX files (`train-images-idx3-ubyte.gz`,
`train-labels-idx1-ubyte.gz`, `t10k-images-idx3-ubyte.gz`,
`t10k-labels-idx1-ubyte.gz`). The script writes files of the same names and the
same format to TARGET_DIR, with the first 6,000 training and the first 1,000
test samples, in their original order. The gzip headers carry neither a time
nor a name, so the result is reproducible. Only the standard library is needed.
"""

import gzip
import struct
import sys
from pathlib import Path

TRAIN_SAMPLES = 6_000
TEST_SAMPLES = 1_000

FILES = {
    "train-images-idx3-ubyte.gz": TRAIN_SAMPLES,
    "train-labels-idx1-ubyte.gz": TRAIN_SAMPLES,
    "t10k-images-idx3-ubyte.gz": TEST_SAMPLES,
    "t10k-labels-idx1-ubyte.gz": TEST_SAMPLES,
}


def cut_idx(content: bytes, samples: int) -> bytes:
    """Return the IDX file `content`, of unsigned bytes, cut to its first `samples`.

    An IDX file starts with the bytes 0, 0, the element type (8: unsigned byte)
    and the rank; then every dimension as a big-endian u32; then the elements.
    """
    zero, element_type, rank = struct.unpack_from(">HBB", content)
    if zero != 0 or element_type != 8:
        raise ValueError("not an IDX file of unsigned bytes")
    dims = struct.unpack_from(f">{rank}I", content, 4)
    if dims[0] < samples:
        raise ValueError(f"only {dims[0]} samples, {samples} wanted")
    sample_size = 1
    for dim in dims[1:]:
        sample_size *= dim
    start = 4 + 4 * rank
    if len(content) != start + dims[0] * sample_size:
        raise ValueError("the length does not match the dimensions")
    header = content[:4] + struct.pack(f">{rank}I", samples, *dims[1:])
    return header + content[start : start + samples * sample_size]


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: python3 make_subset.py SOURCE_DIR TARGET_DIR")
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    if source.resolve() == target.resolve():
        sys.exit("the source and the target must be different folders")
    target.mkdir(parents=True, exist_ok=True)
    for name, samples in FILES.items():
        with gzip.open(source / name, "rb") as file:
            subset = cut_idx(file.read(), samples)
        with (
            open(target / name, "wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as file,
        ):
            file.write(subset)
        print(f"{name}: {samples} samples")


if __name__ == "__main__":
    main()
