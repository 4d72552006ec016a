#!/usr/bin/env python3
"""Measures kerust and other libraries on the same tasks, in turn, in one run, and writes a table and a
plot: `benches/peers/run.py` (see README.md).

All output is in `target/peers`. Each library runs in its own process. The libraries take turns in each
round, so that changes of the machine's speed affect all of them.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FOLDER = REPOSITORY / "target/peers"
PYTHON = FOLDER / "venv/bin/python"

# By default glibc returns memory to the system after each step; most libraries then spend half of their
# time on page faults.
TUNED = dict(MALLOC_TRIM_THRESHOLD_="2000000000", MALLOC_MMAP_THRESHOLD_="2000000000",
             MALLOC_TOP_PAD_="67108864")
THREADS = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "THREADS"]
INT8_WORKS = ["resnet8", "keywords"]
IMAGES_28 = ["mlp", "conv", "deep-conv"]
IMAGES = [*IMAGES_28, "resnet8", "keywords"]


def python(script, **env):
    return dict(command=[str(PYTHON), str(HERE / script)], env=env)


def rust(name, features=None, env=None):
    binary = name if features is None else f"{name}-{features}"
    return dict(command=[str(FOLDER / "bin" / binary)], env=env or {}, crate=name, features=features)


# Name, modes, supported tasks (all by default), and command.
CONTENDERS = {
    "kerust": dict(modes=["train", "infer", "batch", "int8"], **rust("kerust")),
    "Keras": dict(modes=["train", "infer", "batch"], **python("keras_bench.py")),
    "Keras, XLA": dict(modes=["train", "infer", "batch"], **python("keras_bench.py", KERAS_JIT="1")),
    "PyTorch": dict(modes=["train", "infer", "batch"], **python("torch_bench.py")),
    "PyTorch, compiled": dict(modes=["train", "infer", "batch"],
                              **python("torch_bench.py", TORCH_COMPILE="1")),
    "PyTorch, channels last": dict(modes=["train"], works=["deep-conv", "resnet8"],
                                   **python("torch_bench.py", TORCH_CHANNELS_LAST="1")),
    "burn, OpenBLAS": dict(modes=["train", "infer", "batch"], works=IMAGES_28, fewer=12, **rust("burn", "openblas")),
    "burn, flex": dict(modes=["train", "infer", "batch"], works=IMAGES_28, fewer=2, **rust("burn", "flex")),
    "candle, MKL": dict(modes=["train", "infer", "batch"], works=IMAGES_28, fewer=6, **rust("candle", env={"LD_LIBRARY_PATH": str(FOLDER / "venv/lib")})),
    "LiteRT": dict(modes=["infer", "batch", "int8"], works=IMAGES, **python("runtime_bench.py", RUNTIME="litert")),
    "ONNX Runtime": dict(modes=["infer", "batch", "int8"], **python("runtime_bench.py", RUNTIME="ort")),
    "tract": dict(modes=["infer"], works=IMAGES, **rust("tract")),
}
CALLS = {"infer": 2000, "batch": 7, "int8": 2000}
UNITS = {"train": "ms a step", "infer": "µs a prediction", "batch": "µs a sample", "int8": "µs a prediction"}
TITLES = {
    "train": "Training: Adam, f32, 2 threads",
    "infer": "One sample: f32, 1 thread",
    "batch": "Many samples, in batches of 256: f32, 2 threads",
    "int8": "One sample: 8 bits, 1 thread",
}


def prepare():
    """Installs packages, and creates data, models, and the programs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "venv")], check=True)
        requirements = str(HERE / "requirements.txt")
        subprocess.run([str(PYTHON), "-m", "pip", "install", "-q", "-r", requirements], check=True)
    make = f"from pathlib import Path; import works; works.write_data(Path({str(REPOSITORY)!r}), Path({str(FOLDER)!r}))"
    subprocess.run([str(PYTHON), "-c", make], cwd=HERE, check=True)
    subprocess.run([str(PYTHON), str(HERE / "make_models.py"), str(FOLDER)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (FOLDER / "bin").mkdir(exist_ok=True)
    for contender in CONTENDERS.values():
        if crate := contender.get("crate"):
            build(crate, contender["features"], Path(contender["command"][0]))


def build(crate, features, binary):
    if crate != "kerust" and binary.exists():
        return
    target = FOLDER / crate
    env = dict(os.environ, CARGO_TARGET_DIR=str(target), MKLROOT=str(FOLDER / "venv"))
    command = ["cargo", "build", "--release", "--quiet"]
    command += ["--features", features] if features else []
    subprocess.run(command, cwd=HERE / crate, env=env, check=True)
    binary.write_bytes((target / f"release/{crate}-bench").read_bytes())
    binary.chmod(0o755)


def run(contender, mode, work, facts, tuned):
    """The times of one process, and its peak memory in MB."""
    threads = "1" if mode in ("infer", "int8") else "2"
    env = dict(os.environ, **contender["env"], **{name: threads for name in THREADS})
    env.pop("OPENBLAS_CORETYPE", None)
    env.update(TUNED if tuned else {})
    # Only a few steps and calls of tasks that take a second each.
    fewer = contender.get("fewer", 1)
    if mode == "train":
        counts = [facts["chunks"], max(facts["steps"] // fewer, 1)]
    else:
        counts = [CALLS[mode] if fewer == 1 or mode in ("infer", "int8") else 3]
    command = [*contender["command"], mode, work, str(FOLDER), *map(str, counts)]
    process = subprocess.Popen(command, env=env, cwd=HERE, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    lines = output.strip().splitlines()
    if status or not lines:
        print(f"  failed: {' '.join(command)}\n{errors[-600:]}", file=sys.stderr)
        return None
    return json.loads(lines[-1])["times"], usage.ru_maxrss / 1000


def measure(works, arguments):
    results = {}
    for mode in arguments.modes:
        for work in works_of(mode, arguments):
            for round_number in range(arguments.rounds):
                for tuned in [False, True] if mode == "train" else [False]:
                    for name in turn(round_number):
                        contender = CONTENDERS[name]
                        if mode not in contender["modes"] or work not in contender.get("works", [work]):
                            continue
                        if not (one := run(contender, mode, work, works.get(work), tuned)):
                            continue
                        place = results.setdefault((mode, work, tuned, name), dict(times=[], memory=0))
                        place["times"] += one[0]
                        place["memory"] = max(place["memory"], one[1])
                        median = statistics.median(one[0])
                        print(f"{mode} {work}{' tuned' if tuned else ''} {name}: {median:.4g}", flush=True)
    return results


def works_of(mode, arguments):
    return INT8_WORKS if mode == "int8" else arguments.works


def turn(round_number):
    names = list(CONTENDERS)
    start = round_number * 5 % len(names)
    return names[start:] + names[:start]


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = next(line.split(":")[1].strip() for line in info.splitlines() if "model name" in line)
    git = ["git", "-C", str(REPOSITORY), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip()
    return f"{model}, {os.cpu_count()} cores, {platform.system()}; commit {commit}"


def table(results, works, arguments):
    lines = [f"Machine: {machine()}. Medians of {arguments.rounds} rounds [least, most]; "
             "×: time relative to kerust.", ""]
    for mode in arguments.modes:
        columns = [(work, tuned) for work in works_of(mode, arguments)
                   for tuned in ([False, True] if mode == "train" else [False])]
        lines += [f"### {TITLES[mode]}, {UNITS[mode]}", ""]
        titles = [work + (", tuned allocator" if tuned else "") for work, tuned in columns]
        lines += ["| | " + " | ".join(titles) + " |", "|---" * (len(columns) + 1) + "|"]
        for name in CONTENDERS:
            cells = [cell(results, mode, column, name) for column in columns]
            if any(cells):
                lines.append(f"| {name} | " + " | ".join(cells) + " |")
        best = [best_ratio(results, mode, column) for column in columns]
        lines += [f"| **best peer ÷ kerust** | " + " | ".join(best) + " |", ""]
        if mode == "train":
            lines += ["Largest memory of the training's process, MB:", "",
                      "| | " + " | ".join(titles) + " |", "|---" * (len(columns) + 1) + "|"]
            for name in CONTENDERS:
                found = [results.get((mode, *column, name)) for column in columns]
                if any(found):
                    cells = [f"{one['memory']:.0f}" if one else "" for one in found]
                    lines.append(f"| {name} | " + " | ".join(cells) + " |")
            lines.append("")
    return "\n".join(lines)


def cell(results, mode, column, name):
    one = results.get((mode, *column, name))
    if not one:
        return ""
    times = sorted(one["times"])
    median = statistics.median(times)
    ours = results.get((mode, *column, "kerust"))
    ratio = f" {median / statistics.median(ours['times']):.2f}×" if ours and name != "kerust" else ""
    return f"{median:.3g} [{times[0]:.3g}, {times[-1]:.3g}]{ratio}"


def best_ratio(results, mode, column):
    peers = [statistics.median(results[mode, *column, name]["times"]) for name in CONTENDERS
             if name != "kerust" and (mode, *column, name) in results]
    ours = results.get((mode, *column, "kerust"))
    return f"**{min(peers) / statistics.median(ours['times']):.2f}**" if peers and ours else ""


def picture(results, arguments, path):
    chart = f"{HERE / 'picture.py'}"
    data = [dict(mode=mode, work=work, tuned=tuned, name=name, median=statistics.median(one["times"]))
            for (mode, work, tuned, name), one in results.items() if mode != "int8"]
    if data:
        subprocess.run([str(PYTHON), chart, str(path)], input=json.dumps(data), text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--modes", nargs="+", default=["train", "infer", "batch", "int8"])
    parser.add_argument("--works", nargs="+", default=[*IMAGES_28, "resnet8", "lstm", "gru", "transformer"])
    parser.add_argument("--contenders", nargs="+", help="only these")
    arguments = parser.parse_args()
    if arguments.contenders:
        for name in set(CONTENDERS) - set(arguments.contenders):
            del CONTENDERS[name]
    prepare()
    facts = [str(PYTHON), "-c", "import json, works; print(json.dumps(works.WORKS))"]
    works = json.loads(subprocess.run(facts, cwd=HERE, check=True, capture_output=True, text=True).stdout)
    results = measure(works, arguments)
    written = table(results, works, arguments)
    (FOLDER / "table.md").write_text(written)
    picture(results, arguments, FOLDER / "picture.svg")
    print(written)
    print(f"written to {FOLDER}, with picture.svg of the other modes than int8")


if __name__ == "__main__":
    main()
