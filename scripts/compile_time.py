#!/usr/bin/env python3
"""Measures the compile time of models, compared with the same program with a model of one layer.

    scripts/compile_time.py [FOLDER]

Writes a crate into FOLDER (a temporary one by default), builds kerust once, then times
`cargo check` and `cargo build --release` of that crate alone for chains of 1, 16, 64, 128 and 256
`Dense` layers, each with another shape, and for as many layers in residual blocks. Prints the median of
three runs each, in seconds of CPU time, which is affected least by other work on the machine; two cores
take half of it or more.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3


def dense(layers):
    sizes = [8 + (7 * i) % 61 for i in range(layers - 1)]
    chain = "".join(f"\n        => Dense({size}, relu)" for size in sizes)
    return f"Input(16){chain}\n        => Dense(4, softmax)"


def residual(layers):
    block = "Conv2D(8, 3x3, same) => BatchNormalization => ReLU => Conv2D(8, 3x3, same)"
    chain = f"\n        => Residual({block})" * ((layers - 1) // 4)
    return f"Input(8, 8, 8){chain}\n        => Flatten => Dense(4, softmax)"


def program(body):
    return f"""use kerust::prelude::*;
model! {{ pub Net: {body} }}
fn main() {{
    let net = Net::new(Seed(1));
    println!("{{:?}}", net.predict(&Tensor::zeroed()));
    let mut model = net.compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy);
    let data = Dataset::generate(8, |_| (Tensor::zeroed(), Class::new(0)));
    model.fit(&data, Fit::epochs(1)).unwrap();
}}
"""


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(folder, source, arguments):
    times = []
    for run in range(RUNS + 1):
        (folder / "src/main.rs").write_text(f"// run {run}\n{source}")
        began = processor_seconds()
        subprocess.run(["cargo", *arguments, "--quiet"], cwd=folder, check=True)
        times.append(processor_seconds() - began)
    # The first run also builds kerust.
    return statistics.median(times[1:])


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(
        f"""[package]
name = "compile_time"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
kerust = {{ path = "{ROOT}" }}
"""
    )
    for name, body in [("dense", dense), ("residual", residual)]:
        for arguments in (["check"], ["build", "--release"]):
            base = seconds(folder, program(body(1)), arguments)
            print(f"{name}, cargo {' '.join(arguments)}: one layer {base:.2f} s")
            for layers in (16, 64, 128, 256):
                more = seconds(folder, program(body(layers)), arguments) - base
                print(f"  {layers:4} layers: {more:+.2f} s", flush=True)


main()
