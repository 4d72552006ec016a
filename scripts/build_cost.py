#!/usr/bin/env python3
"""Shows the cost of each dependency in a clean release build of kerust.

    scripts/build_cost.py [CARGO'S FLAGS, as --no-default-features --features std]

Builds into a temporary folder, with itself as cargo's `RUSTC_WRAPPER`. Prints the CPU time of each
crate, largest first, with the direct dependencies of kerust that need it; then that of each direct
dependency including everything that it needs: `alone` is what would be saved without it. CPU time is
affected least by other work on the machine; two cores take a bit more than half of it.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOG = "KERUST_BUILD_COST_LOG"
OURS = {"kerust", "kerust-core", "kerust-macros"}


def wrap():
    """Runs the compiler and records its CPU time."""
    pid = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
    _, status, usage = os.wait4(pid, 0)
    if package := os.environ.get("CARGO_PKG_NAME"):
        line = f"{package} {usage.ru_utime + usage.ru_stime}\n"
        # A short append to a file is atomic, even if other processes write too.
        with open(os.environ[LOG], "a", buffering=len(line) + 1) as log:
            log.write(line)
    sys.exit(os.waitstatus_to_exitcode(status))


def build(flags):
    """The CPU time of each crate, the total CPU time, and the wall-clock time."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        log.touch()
        env = dict(os.environ, RUSTC_WRAPPER=str(Path(__file__).resolve()), CARGO_INCREMENTAL="0",
                   CARGO_TARGET_DIR=f"{folder}/target", **{LOG: str(log)})
        began = time.monotonic()
        command = ["cargo", "build", "--release", "--quiet", "-p", "kerust", *flags]
        subprocess.run(command, cwd=ROOT, env=env, check=True)
        wall = time.monotonic() - began
        crates = {}
        for line in log.read_text().splitlines():
            package, seconds = line.split()
            crates[package] = crates.get(package, 0) + float(seconds)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return crates, used.ru_utime + used.ru_stime, wall


def reached(flags):
    """For each direct dependency, the package itself and those that it needs."""
    host = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = next(line.split()[1] for line in host.splitlines() if line.startswith("host:"))
    command = ["cargo", "metadata", "--format-version=1", "--filter-platform", host, *flags]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    metadata = json.loads(output)
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    below = {}
    for node in metadata["resolve"]["nodes"]:
        kept = [dep["pkg"] for dep in node["deps"]
                if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])]
        below.setdefault(names[node["id"]], set()).update(names[one] for one in kept)

    def all_below(name):
        found, new = {name}, [name]
        while new:
            new = [one for one in below.get(new.pop(), ()) if one not in found] + new
            found.update(new)
        return found

    direct = set().union(*(below[name] for name in OURS)) - OURS
    return {name: all_below(name) for name in direct}


def main():
    flags = sys.argv[1:]
    brought = reached(flags)
    crates, total, wall = build(flags)
    crates["build scripts and cargo"] = total - sum(crates.values())
    print(f"{total:.0f} s of CPU time, {wall:.0f} s of wall-clock time\n")
    print(f"{'crate':26}{'seconds':>8}{'share':>7}  brought by")
    for name, seconds in sorted(crates.items(), key=lambda crate: -crate[1]):
        by = ", ".join(sorted(direct for direct, all_of in brought.items() if name in all_of))
        if seconds >= total / 500:
            print(f"{name:26}{seconds:8.1f}{seconds / total:7.1%}  {by}")

    def cost(names):
        return sum(crates.get(name, 0) for name in names)

    print(f"\n{'direct dependency':26}{'with all':>9}{'alone':>8}")
    rows = []
    for direct, all_of in brought.items():
        others = set().union(*(all_of for name, all_of in brought.items() if name != direct))
        rows.append((cost(all_of), cost(all_of - others), direct))
    for with_all, alone, direct in sorted(rows, reverse=True):
        if with_all:
            print(f"{direct:26}{with_all:9.1f}{alone:8.1f}")


if __name__ == "__main__":
    wrap() if LOG in os.environ else main()
