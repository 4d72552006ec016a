#!/usr/bin/env python3
"""Measures a training step of kerust and PyTorch for different batch sizes, widths and depths, and plots the times:
`benches/peers/growth.py [--quick] [--rounds N]` (see README.md).

The network is a chain of `Dense` layers of the same width, with ReLU, and 10 classes; Adam, f32, 2 threads. One of
batch size, width and depth varies; the others are constant. Writes `target/peers/growth.md` and `growth.svg`.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path

import run

BASE = dict(width=256, depth=4, batch=32)
# The same widths and depths as in `kerust/src/growth.rs`.
GROWTHS = {
    "batch": [1, 4, 16, 64, 256, 1024],
    "width": [16, 64, 256, 1024, 4096],
    "depth": [1, 4, 16, 64],
}
CHUNKS = 5
CONTENDERS = {
    "kerust": [str(run.FOLDER / "bin/kerust"), "grow"],
    "PyTorch": [str(run.PYTHON), str(run.HERE / "torch_growth.py")],
}


def steps(sizes):
    """The number of steps in a chunk, which takes some tenths of a second."""
    parameters = sizes["width"] ** 2 * sizes["depth"]
    work = parameters * (6 * sizes["batch"] + 100)
    return min(max(int(2e10 / work), 3), 400)


def times(name, sizes):
    """The milliseconds per step for each chunk."""
    # The allocator is tuned for PyTorch; it makes no difference for kerust.
    env = dict(os.environ, **run.TUNED, **{variable: "2" for variable in run.THREADS})
    numbers = [sizes["width"], sizes["depth"], sizes["batch"], CHUNKS, steps(sizes)]
    command = [*CONTENDERS[name], *map(str, numbers)]
    output = subprocess.run(command, env=env, cwd=run.HERE, check=True, capture_output=True, text=True)
    return json.loads(output.stdout.strip().splitlines()[-1])["times"]


def measure(growths, rounds):
    """The median for each growth, contender and size."""
    found = {}
    for _ in range(rounds):
        for what, values in growths.items():
            for value in values:
                for name in CONTENDERS:
                    sizes = {**BASE, what: value}
                    found.setdefault((what, name, value), []).extend(times(name, sizes))
                    median = statistics.median(found[what, name, value])
                    print(f"{what} {value} {name}: {median:.4g} ms", flush=True)
    return {key: statistics.median(all_times) for key, all_times in found.items()}


def slope(values, medians):
    """The exponent of the growth, by a least-squares fit of the logarithms."""
    x, y = [math.log(value) for value in values], [math.log(median) for median in medians]
    return statistics.linear_regression(x, y).slope


def table(medians, growths, rounds):
    lines = [f"Machine: {run.machine()}. Medians of {rounds} rounds, ms a step; where not said otherwise, "
             + ", ".join(f"{what} {value}" for what, value in BASE.items()) + ".", "",
             "A slope is the exponent of the growth, over the whole range and over the last step. The number of "
             "operations grows with the exponent 1 for batch and depth, and 2 for width.", ""]
    for what, values in growths.items():
        lines += [f"### {what}", "", "| | " + " | ".join(map(str, values)) + " | slope | last slope |",
                  "|---" * (len(values) + 3) + "|"]
        found = {name: [medians[what, name, value] for value in values] for name in CONTENDERS}
        for name, row in found.items():
            slopes = [slope(values, row), slope(values[-2:], row[-2:])]
            cells = [f"{one:.3g}" for one in row] + [f"{one:.2f}" for one in slopes]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        ratios = [f"{peer / ours:.2f}" for ours, peer in zip(found["kerust"], found["PyTorch"])]
        lines += ["| PyTorch ÷ kerust | " + " | ".join(ratios) + " | | |", ""]
    return "\n".join(lines)


def picture(medians, growths, path):
    data = [dict(growth=what, name=name, values=values,
                 medians=[medians[what, name, value] for value in values],
                 slope=slope(values, [medians[what, name, value] for value in values]))
            for what, values in growths.items() for name in CONTENDERS]
    command = [str(run.PYTHON), str(run.HERE / "growth_picture.py"), str(path)]
    subprocess.run(command, input=json.dumps(data), text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="only two small sizes of each, once, to check that it works")
    arguments = parser.parse_args()
    if not run.PYTHON.exists():
        sys.exit("`target/peers/venv` is missing: run benches/peers/run.py first")
    growths, rounds = GROWTHS, arguments.rounds
    if arguments.quick:
        growths, rounds = {what: values[:2] for what, values in GROWTHS.items()}, 1
    (run.FOLDER / "bin").mkdir(exist_ok=True)
    run.build("kerust", None, Path(CONTENDERS["kerust"][0]))
    medians = measure(growths, rounds)
    written = table(medians, growths, rounds)
    (run.FOLDER / "growth.md").write_text(written)
    picture(medians, growths, run.FOLDER / "growth.svg")
    print(written)
    print(f"written to {run.FOLDER}/growth.md and growth.svg")


if __name__ == "__main__":
    main()
