#!/usr/bin/env python3
"""Builds `firmware/` for three Cortex-M processors, runs it under QEMU, compares its outputs with those of the
host, and prints instructions, cycles of a Cortex-M4 (see `cortex_m4.py`), flash, arena and stack.

    scripts/firmware.py

It needs Debian's rustc-web, cargo-web, rust-web-src and qemu-system-arm. KERUST_MLPERF names a folder
with MLPerf Tiny's models (ad/ad01.h5, ad/ad01_int8.tflite, ic/pretrainedResnet.h5); without it the
autoencoder and ResNet-8 are initialized with a fixed seed, and MicroFlow is not measured.
"""

import concurrent.futures
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import cortex_m4

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
GENERATED = FIRMWARE / "generated"
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()

MODELS = {
    # Bytes of the input and the output of one sample, and the goals: instructions, arena in bytes, flash without weights
    # at opt-level 3 where it is larger than OVERHEAD.
    "fashion": dict(input=4 * 784, output=4 * 10),
    "autoencoder": dict(input=4 * 640, output=4 * 640, instructions=800_000, arena=3072 - 4 * 640),
    "resnet8": dict(input=4 * 3072, output=4 * 10, instructions=45_000_000, arena=133_000),
    "catalogue": dict(input=4 * 288, output=4 * 5),
    "keywords_lstm": dict(input=4 * 490, output=4 * 12, arena=1_344),
    # Tokens are of two bytes.
    "transformer": dict(input=2 * 16, output=4 * 8, arena=14_400),
    "fashion_int8": dict(input=4 * 784, output=4 * 10),
    "autoencoder_int8": dict(input=640, output=640, instructions=550_000, arena=1536 - 640),
    "resnet8_int8": dict(input=3072, output=10, instructions=27_000_000, arena=50_000 - 3072, overhead=21_000),
    "keywords_int8": dict(input=490, output=12, instructions=7_000_000, arena=17_000 - 490, overhead=18_000),
}
# The maximum flash without weights, on the M4F; the models name those that take more at opt-level 3.
OVERHEAD = 12_000
TARGETS = {
    "thumbv7em-none-eabihf": ("mps2-an386", "cortex-m4"),
    "thumbv7m-none-eabi": ("mps2-an385", "cortex-m3"),
    # An M3 runs what is compiled for an M0.
    "thumbv6m-none-eabi": ("mps2-an385", "cortex-m3"),
}
LEVELS = ["3", "s"]
# Symbols of panics, formatting, or an allocator.
FORBIDDEN = re.compile(r"panic|core::fmt|__rust_alloc|__rg_|alloc::")
# On an M4F the products are fused as on a workstation, and the results are the same. Separable and
# transposed convolutions are not products there but loops without a heap, which round twice. Therefore the
# catalogue, which contains both, may differ by a few roundings of values up to 1.
BOUNDS = {("thumbv7em-none-eabihf", "catalogue"): 2e-6}
# TensorFlow Lite Micro on the same M4F, measured once in the same way; this script does not build it.
PEERS = """
the same models elsewhere, on the M4F        flash B      RAM B   instructions
  autoencoder, TFLM, float32                       -      4,848      1,360,000
  autoencoder, TFLM + CMSIS-NN, int8         303,448      3,880        583,000
  ResNet-8, TFLM, float32                          -    199,120     88,700,000
  ResNet-8, TFLM + CMSIS-NN, int8            147,900     56,580     29,900,000
(RAM of the float32 rows is only the arena.)
"""


def run(*command, **settings):
    subprocess.run([str(part) for part in command], check=True, **settings)


def prepare():
    """Creates inputs, weights, and the host's outputs with its own kernels and with the portable kernels."""
    published = "KERUST_MLPERF" in os.environ
    if published:
        link = GENERATED / "ad01_int8.tflite"
        GENERATED.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(pathlib.Path(os.environ["KERUST_MLPERF"], "ad/ad01_int8.tflite").resolve())
    else:
        print("SKIPPED: the published weights; KERUST_MLPERF names no folder of MLPerf Tiny", flush=True)
    for binary, feature, *arguments in [
        ("prepare", "published" if published else "prepare"),
        ("answer", "answer", "plain"),
        ("answer", "workstation", "fused"),
    ]:
        run(
            "cargo", "run", "--quiet", "--release", "--features", feature, "--bin", binary, "--", *arguments,
            cwd=FIRMWARE,
        )


def build(target, level, folder=FIRMWARE):
    sysroot = subprocess.run(
        ["rustc", "--print", "sysroot"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    linker = next(pathlib.Path(sysroot).glob("lib/rustlib/*/bin/rust-lld"))
    environment = os.environ | {
        "RUSTC": "/usr/bin/rustc",
        # Debian's stable compiler builds `core` from its sources.
        "RUSTC_BOOTSTRAP": "1",
        "RUSTFLAGS": f"-C link-arg=-Tlink.x -L {FIRMWARE}",
        "CARGO_PROFILE_DEVICE_OPT_LEVEL": level,
        "CARGO_TARGET_DIR": str(BUILT / f"firmware-{level}"),
        f"CARGO_TARGET_{target.upper().replace('-', '_')}_LINKER": str(linker),
    }
    run(
        "/usr/bin/cargo", "build", "--quiet", "--profile", "device", "-Zbuild-std=core", "--target", target,
        cwd=folder,
        env=environment,
    )


def program(target, level, name):
    return BUILT / f"firmware-{level}" / target / "device" / name


def symbols(path):
    """The symbols of a program that must not be there."""
    names = subprocess.run(["nm", "-C", path], capture_output=True, text=True, check=True).stdout
    return [line.split(maxsplit=2)[-1] for line in names.splitlines() if FORBIDDEN.search(line)]


def sections(path):
    lines = subprocess.run(["size", "-A", path], capture_output=True, text=True, check=True).stdout
    sizes = dict(re.findall(r"^(\.\w+)\s+(\d+)", lines, re.MULTILINE))
    size = lambda *names: sum(int(sizes.get(name, 0)) for name in names)
    return size(".vector_table", ".text", ".rodata", ".data"), size(".data", ".bss")


def emulate(target, level, name, inputs=None):
    """The outputs of a program, and the values that it printed."""
    board, processor = TARGETS[target]
    with tempfile.TemporaryDirectory() as folder:
        values = (GENERATED / f"{inputs or name}.inputs").read_bytes()
        if name in MODELS:
            values = values[:samples(target, name) * MODELS[name]["input"]]
        pathlib.Path(folder, "inputs").write_bytes(values)
        command = [
            "qemu-system-arm", "-M", board, "-cpu", processor, "-nographic", "-monitor", "none",
            "-serial", "none", "-icount", "shift=6", "-semihosting-config", "enable=on,target=native",
            "-kernel", str(program(target, level, name)),
        ]
        printed = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True, timeout=1200,
        )
        words = (printed.stdout + printed.stderr).split()
        counts = {word: int(number) for word, number in zip(words[::2], words[1::2])}
        outputs = pathlib.Path(folder, "outputs").read_bytes()
        if processor == "cortex-m4" and level == "3" and name in MODELS:
            pathlib.Path(folder, "inputs").write_bytes(values[:MODELS[name]["input"]])
            counts["cycles"] = cortex_m4.measure(command, folder, program(target, level, name))
        return outputs, counts


def compare(target, name, outputs):
    """A description of the difference to the host's outputs, or None."""
    of = "fused" if target == "thumbv7em-none-eabihf" else "plain"
    expected = (GENERATED / f"{name}.{of}").read_bytes()
    expected = expected[:samples(target, name) * MODELS[name]["output"]]
    if len(outputs) != len(expected):
        return f"{len(outputs)} bytes of output, expected {len(expected)}"
    if outputs == expected:
        return None
    found, bound = gap(outputs, expected), BOUNDS.get((target, name), 0.0)
    return None if found <= bound else f"outputs differ from the host's by {found:e}, expected at most {bound:e}"


def microflow():
    """Prints the measurements of the published int8 autoencoder with MicroFlow, on the same board and inputs."""
    target = "thumbv7em-none-eabihf"
    print("\nthe autoencoder with MicroFlow 0.1.3 in int8, on the same board, with the same flags and inputs")
    for level in LEVELS:
        build(target, level, FIRMWARE / "microflow")
        outputs, counts = emulate(target, level, "microflow", "autoencoder")
        flash, statics = sections(program(target, level, "microflow"))
        flash -= sections(program(target, level, "empty"))[0]
        row(f"microflow {target.split('-')[0]} {level}", flash, None, statics, counts)
        gaps = gap(outputs, (GENERATED / "autoencoder.fused").read_bytes())
        print(f"  its outputs differ from those of kerust's float32 weights by up to {gaps:.2f}")


def row(label, flash, weights, statics, counts):
    numbers = [flash, weights, flash - weights] if weights else [flash, None, None]
    numbers += [statics, counts["stack"], statics + counts["stack"], counts["instructions"], counts.get("cycles")]
    widths = [10, 10, 9, 9, 6, 8, 14, 12]
    cells = (f"{'-' if number is None else format(number, ','):>{width}}" for number, width in zip(numbers, widths))
    print(f"{label:29}", *cells)


def gap(outputs, expected):
    """The largest difference between two files of values."""
    values = lambda data: struct.unpack(f"<{len(data) // 4}f", data)
    return max(abs(a - b) for a, b in zip(values(outputs), values(expected)))


def runs(target, level, name):
    """Whether a program is run: all on the M4F, most on the M3, and those in 8 bits as compiled for an M0."""
    if name.endswith("_int8"):
        return level == "3" or (target == "thumbv7em-none-eabihf" and name != "resnet8_int8")
    # Without an FPU, ResNet-8 takes a minute for its twenty inputs, so it is run only once.
    return target != "thumbv6m-none-eabi" and (target, level, name) != ("thumbv7m-none-eabi", "3", "resnet8")


def samples(target, name):
    """How many inputs a program is given: 200 in 8 bits, but for ResNet-8 without DSP instructions."""
    slow = name == "resnet8_int8" and target != "thumbv7em-none-eabihf"
    return 200 if name.endswith("_int8") and not slow else 20


def main():
    faults = []
    prepare()
    for target in TARGETS:
        for level in LEVELS:
            build(target, level)
            for name in ["empty", *MODELS]:
                for symbol in symbols(program(target, level, name)):
                    faults.append(f"{name}, {target}, opt-level {level}: it links `{symbol}`")
    jobs = [
        (target, level, name)
        for target in TARGETS
        for level in LEVELS
        for name in MODELS
        if runs(target, level, name)
    ]
    # The longest first.
    jobs.sort(key=lambda job: (job[2].startswith("resnet8"), job[0] == "thumbv7m-none-eabi"), reverse=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip(jobs, pool.map(lambda job: emulate(*job), jobs)))
    print(f"{'':29} {'flash':>10} {'weights':>10} {'overhead':>9} {'statics':>9} {'stack':>6} {'RAM':>8} {'instructions':>14} {'cycles':>12}")
    for (target, level, name), (outputs, counts) in sorted(results.items()):
        where = f"{name}, {target}, opt-level {level}"
        fault = compare(target, name, outputs)
        if fault:
            faults.append(f"{where}: {fault}")
        flash, statics = sections(program(target, level, name))
        flash -= sections(program(target, level, "empty"))[0]
        weights = weight_bytes(name)
        overhead = flash - weights
        row(f"{name} {target.split('-')[0]} {level}", flash, weights, statics, counts)
        if target == "thumbv7em-none-eabihf":
            goal = MODELS[name].get("instructions")
            if goal and counts["instructions"] > goal:
                faults.append(f"{where}: {counts['instructions']:,} instructions, the goal is {goal:,}")
            most, arena = MODELS[name].get("arena"), statics - MODELS[name]["input"]
            if most and arena > most:
                faults.append(f"{where}: {arena:,} bytes of arena, the goal is {most:,}")
            most = MODELS[name].get("overhead", OVERHEAD) if level == "3" else OVERHEAD
            if goal and overhead > most:
                faults.append(f"{where}: {overhead:,} bytes of flash without weights, the bound is {most:,}")
    if "KERUST_MLPERF" in os.environ:
        microflow()
    print(PEERS)
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(bool(faults))


def weight_bytes(name):
    """The size of a model's weights in bytes: its file without the header."""
    folder = ROOT / "examples" if name == "fashion" else GENERATED
    data = (folder / f"{name}.safetensors").read_bytes()
    return len(data) - 8 - struct.unpack("<Q", data[:8])[0]


if __name__ == "__main__":
    main()
