#!/usr/bin/env python3
"""Measures matrix products of kerust, OpenBLAS and MKL on one thread, and compares them with the machine's peak:
`benches/peers/matmul.py` (see README.md). Writes `target/peers/matmul.md`.
"""

import json
import os
import subprocess
from pathlib import Path

import run

# NumPy's OpenBLAS, which is newer than that of a distribution.
LIBRARIES = {
    "OpenBLAS": "venv/lib/python3*/site-packages/numpy.libs/libscipy_openblas64_*.so",
    "MKL": "venv/lib/libmkl_rt.so*",
}
THREADS = ["RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]


def main():
    libraries = []
    for name, pattern in LIBRARIES.items():
        found = sorted(run.FOLDER.glob(pattern))
        if not found:
            raise SystemExit(f"no {name} at {run.FOLDER / pattern}: run `benches/peers/run.py` first")
        libraries.append(str(found[0]))
    binary = run.FOLDER / "bin/kerust"
    run.build("kerust", None, binary)
    env = dict(os.environ, **{variable: "1" for variable in THREADS})
    env["LD_LIBRARY_PATH"] = str(run.FOLDER / "venv/lib")
    if "avx512f" in Path("/proc/cpuinfo").read_text():
        # It has AVX-512 kernels that it does not select on every machine with AVX-512.
        env["OPENBLAS_CORETYPE"] = "SkylakeX"
    command = [str(binary), "matmul", *libraries]
    output = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    found = json.loads(output.strip().splitlines()[-1])
    names = ["kerust", *LIBRARIES]
    lines = [f"{run.machine()} GFLOP/s, one thread, medians; peak: {found['peak']:.0f}.", "",
             f"| | {' | '.join(names)} | kerust ÷ peak | kerust ÷ best other |", "|---" * 6 + "|"]
    for product in found["products"]:
        speeds = product["speeds"]
        cells = [f"{speed:.0f}" for speed in speeds]
        cells += [f"{speeds[0] / found['peak']:.0%}", f"{speeds[0] / max(speeds[1:]):.2f}"]
        lines.append(f"| {product['name']} | {' | '.join(cells)} |")
    text = "\n".join(lines) + "\n"
    (run.FOLDER / "matmul.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
