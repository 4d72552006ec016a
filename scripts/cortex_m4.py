"""Estimates the cycles of a Cortex-M4 from the instructions that QEMU executes.

Each instruction has a number of cycles by its class, as Arm's Cortex-M4 Technical Reference Manual lists them in section
3.3.1, without wait states of the memory. Two neighbouring loads or stores are pipelined.
"""

import bisect
import os
import re
import subprocess
import threading

# The first pattern that matches decides. What matches none takes one cycle: arithmetic, also of SIMD and of products.
CLASSES = [
    (r"(v?ldm|v?stm|push|pop|vpush|vpop)", "several"),
    (r"(ldrd|strd)", 3),
    (r"(vldr|vstr|ldr|str)", "memory"),
    (r"v(fma|fms|fnma|fnms|mla|mls|nmla|nmls)", 3),
    (r"v(div|sqrt)", 14),
    (r"(sdiv|udiv)", 12),
]
# What a taken branch costs besides its own cycle: the pipeline is filled again.
TAKEN = 2


def cost(mnemonic, operands, follows_memory):
    """The cycles of an instruction, and whether it is a single load or store."""
    for pattern, cycles in CLASSES:
        if re.match(pattern, mnemonic):
            if cycles == "several":
                return 1 + registers(operands), False
            if cycles == "memory":
                return (1 if follows_memory else 2), True
            return cycles, False
    return 1, False


def registers(operands):
    """How many registers a list such as `{r4, r5, s16-s31}` names."""
    count = 0
    for part in re.search(r"\{(.*)\}", operands)[1].split(","):
        ends = [int(number) for number in re.findall(r"[a-z](\d+)", part)]
        count += ends[1] - ends[0] + 1 if len(ends) == 2 else 1
    return count


def measure(command, folder, program):
    """The cycles between the program's `stack::paint` and `stack::used`, which surround what is measured."""
    log = os.path.join(folder, "log")
    os.mkfifo(log)
    process = subprocess.Popen(
        [*command, "-d", "in_asm,exec,nochain", "-D", log],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    result = []
    reader = threading.Thread(target=lambda: result.append(count(log, functions(program))))
    reader.start()
    process.wait()
    reader.join()
    return result[0]


def functions(program):
    lines = subprocess.run(["nm", "-C", "-n", program], capture_output=True, text=True, check=True).stdout.splitlines()
    symbols = [line.split(maxsplit=2) for line in lines]
    return [(int(address, 16) & ~1, name) for address, kind, name in symbols if kind in "tT"]


def count(log, symbols):
    """Reads QEMU's log: the instructions of each block when it is translated, and each execution of a block."""
    addresses = [address for address, _ in symbols]
    blocks, places = {}, {}
    current, follows_memory = None, False
    total, state, after = 0, "before", None
    trace = re.compile(r"\[[0-9a-f]+/([0-9a-f]+)/")
    with open(log, errors="replace") as lines:
        for line in lines:
            if line.startswith("Trace"):
                current = None
                if state == "after":
                    continue
                address = int(trace.search(line)[1], 16)
                place = places.get(address)
                if place is None:
                    name = symbols[bisect.bisect_right(addresses, address) - 1][1]
                    place = places[address] = re.sub(r".*stack::", "", name)
                if place == "paint":
                    state, after = "painted", None
                elif place == "used" and state == "painted":
                    state = "after"
                elif state == "painted":
                    cycles, end = blocks[address]
                    taken = after is not None and address != after
                    total, after = total + cycles + (TAKEN if taken else 0), end
            elif line.startswith("IN:") or line.startswith("---"):
                current = None
            elif found := re.match(r"0x([0-9a-f]+):\s+((?:[0-9a-f]{4} ?)+)\s+(\S+)\s*(.*)", line):
                address, code = int(found[1], 16), found[2].replace(" ", "")
                if current is None:
                    current, follows_memory = address, False
                    blocks[current] = (0, address)
                cycles, follows_memory = cost(found[3], found[4], follows_memory)
                blocks[current] = (blocks[current][0] + cycles, address + len(code) // 2)
    return total
