"""Shared code of the Python programs for measuring and reporting."""

import json
import sys
import time


def arguments():
    """Mode, work, folder, and one or two counts."""
    mode, work, folder, *counts = sys.argv[1:]
    return mode, work, folder, [int(count) for count in counts]


def chunks(count: int, steps: int, step):
    """The milliseconds per step, for each chunk of steps after a first one."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        for number in range(steps):
            step(number)
        times.append((time.perf_counter() - start) * 1e3 / steps)
    return times[1:]


def calls(count: int, call, samples=1):
    """The microseconds per sample for each call, after some warm-up calls."""
    for _ in range(max(count // 10, 1)):
        call()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e6 / samples)
    return times


def report(times):
    print(json.dumps({"times": times}))
