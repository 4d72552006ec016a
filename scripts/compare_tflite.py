#!/usr/bin/env python3
"""Compares imported models with TensorFlow Lite Micro, byte by byte.

    python compare_tflite.py MODEL.tflite ..                 any models
    KERUST_MLPERF=FOLDER python compare_tflite.py            the published 8-bit models of MLPerf Tiny

`kerust-cli` imports each model, and a program is built with all of them. It runs each 8-bit twin on 1,000 random
and 100 structured inputs, by `predict` and by `predict_in`. The outputs must be those of TensorFlow Lite Micro.

The Python needs the packages that `kerust-core/tests/files/tflite/make_tflite.py` names for `run`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "kerust-core/tests/files/tflite"))
from make_tflite import TYPES, run, tfl  # noqa: E402

BUILT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
WORK = BUILT / "compare"
PUBLISHED = ["kws/kws_ref_model", "ic/pretrainedResnet_quant", "ad/ad01_int8"]
RANDOM, STRUCTURED = 1000, 100

MANIFEST = """\
[package]
name = "compare_tflite"
edition = "2024"

[workspace]

[dependencies]
kerust = {{ path = {path}, default-features = false, features = ["tflite"] }}
"""

PROGRAM = """\
use kerust::element::Element;
use kerust::prelude::*;
use kerust::tensor::StaticShape;

#[allow(dead_code)]
mod models {{
{modules}
}}

trait Number: Element {{
    fn read(bytes: &[u8]) -> Self;
    fn write(self, bytes: &mut Vec<u8>);
}}

macro_rules! numbers {{
    ($($type:ty)+) => {{
        $(impl Number for $type {{
            fn read(bytes: &[u8]) -> Self {{
                Self::from_le_bytes(bytes.try_into().unwrap())
            }}

            fn write(self, bytes: &mut Vec<u8>) {{
                bytes.extend(self.to_le_bytes());
            }}
        }})+
    }};
}}

numbers!(i8 f32);

/// The next input of a sample.
fn take<S: StaticShape, T: Number>(rest: &mut &[u8]) -> Tensor<S, T> {{
    let mut x = Tensor::zeros();
    for x in x.as_mut_slice() {{
        *x = T::read(rest.split_off(..size_of::<T>()).unwrap());
    }}
    x
}}

fn give<S: StaticShape, T: Number>(y: &Tensor<S, T>, bytes: &mut Vec<u8>) {{
    y.as_slice().iter().for_each(|y| y.write(bytes));
}}

fn main() {{
    let arguments: Vec<String> = std::env::args().collect();
    let x = std::fs::read(&arguments[2]).unwrap();
    let (mut rest, mut bytes) = (&x[..], Vec::new());
    match &*arguments[1] {{
{arms}
        other => panic!("no model {{other}}"),
    }}
    std::fs::write(&arguments[3], bytes).unwrap();
}}
"""

ARM = """\
        "{number}" => {{
            let (model, mut arena) = (models::{stem}::{name}Int8::trained(), Arena::new());
            while !rest.is_empty() {{
                let x = {inputs};
                let y = model.predict(&x);
                assert_eq!(y, model.predict_in(&x, &mut arena));
                {outputs}
            }}
        }}
"""


def structured(number, length):
    """Constants, ramps, checkerboards and single values."""
    places = np.arange(length)
    values = [np.full(length, number * 64 // 25), places * (number // 4 + 1),
              places // (number // 4 + 1) % 2 * 255, (places == number * 37 % length) * 255]
    return (values[number % 4] % 256 - 128).astype(np.int8)


def samples(details, seed):
    """For each sample, its inputs."""
    random = np.random.default_rng(seed)

    def one(number, shape, dtype):
        length = int(np.prod(shape))
        if number >= RANDOM:
            values = structured(number - RANDOM, length)
        else:
            values = random.integers(-128, 128, length).astype(np.int8)
        if dtype == np.float32:
            # Real numbers of many sizes.
            values = values.astype(np.float32) * np.float32(10.0 ** (number % 7 - 4))
        return values

    return [[one(number, *detail) for detail in details] for number in range(RANDOM + STRUCTURED)]


def cargo(*arguments, **options):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, **options)


def main():
    models = [Path(path) for path in sys.argv[1:]]
    if not models:
        folder = os.environ.get("KERUST_MLPERF")
        if folder is None:
            sys.exit("found neither a model nor `KERUST_MLPERF`, which names the folder of MLPerf Tiny's models")
        models = [Path(folder) / (name + ".tflite") for name in PUBLISHED]
    source = WORK / "src"
    source.mkdir(parents=True, exist_ok=True)
    cargo("build", "--quiet", "--release", "-p", "kerust-cli", check=True)
    command = BUILT / "release/kerust"
    modules, arms, graphs, failed = [], [], {}, 0
    for number, path in enumerate(models):
        name, stem = f"Model{number}", f"model{number}"
        made = subprocess.run([command, "import", path, "--name", name, "--out", source, "--force"],
                              capture_output=True, text=True)
        if made.returncode != 0:
            print(made.stderr.strip())
            failed += 1
            continue
        graph = tfl.ModelT.InitFromPackedBuf(bytearray(path.read_bytes())).subgraphs[0]
        graphs[number] = graph
        modules.append(f'    #[path = "{source / stem}.rs"]\n    pub mod {stem};')
        takes = ["take(&mut rest)"] * len(graph.inputs)
        outputs = [f"give(&y.{place}, &mut bytes);" for place in range(len(graph.outputs))]
        arms.append(ARM.format(number=number, stem=stem, name=name,
                               inputs=takes[0] if len(takes) == 1 else f"({', '.join(takes)})",
                               outputs="give(&y, &mut bytes);" if len(outputs) == 1 else " ".join(outputs)))
    # The same versions and settings as those of the command, so that its build of kerust is used again.
    shutil.copy(ROOT / "Cargo.lock", WORK / "Cargo.lock")
    (WORK / "Cargo.toml").write_text(MANIFEST.format(path=f'"{ROOT}"'))
    (source / "main.rs").write_text(PROGRAM.format(modules="\n".join(modules), arms="\n".join(arms)))
    cargo("build", "--quiet", "--release", "--manifest-path", WORK / "Cargo.toml", "--target-dir", BUILT, check=True)
    kinds = {number: dtype for dtype, number in TYPES.items()}
    for number, graph in graphs.items():
        details = [(tuple(graph.tensors[end].shape), kinds[graph.tensors[end].type]) for end in graph.inputs]
        x = samples(details, number)
        (WORK / "x").write_bytes(b"".join(value.tobytes() for sample in x for value in sample))
        program = BUILT / "release/compare_tflite"
        subprocess.run([program, str(number), WORK / "x", WORK / "y"], check=True)
        expected = np.frombuffer(run(models[number].read_bytes(), x).tobytes(), np.uint8)
        found = np.frombuffer((WORK / "y").read_bytes(), np.uint8)
        different = int((expected != found).sum()) if len(expected) == len(found) else len(expected)
        failed += different > 0
        print(f"{models[number]}: {len(x)} inputs, {len(expected)} bytes, {different} differences")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
