"""Plots the medians of `run.py`, given as JSON, to a file: bars relative to kerust."""

import json
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

TITLES = {"train": "training, 2 threads", "infer": "one sample, 1 thread", "batch": "batches of 256, 2 threads"}
results = json.load(sys.stdin)
# The default allocator; the table has both.
results = [result for result in results if not result["tuned"]]
modes = [mode for mode in TITLES if any(result["mode"] == mode for result in results)]
figure, places = plt.subplots(1, len(modes), figsize=(5 * len(modes), 5), squeeze=False)
names = list(dict.fromkeys(result["name"] for result in results))
colours = {name: plt.get_cmap("tab20")(place) for place, name in enumerate(names)}
for mode, axes in zip(modes, places[0]):
    works = list(dict.fromkeys(result["work"] for result in results if result["mode"] == mode))
    shown = [name for name in names if any(r["mode"] == mode and r["name"] == name for r in results)]
    for place, name in enumerate(shown):
        medians = {r["work"]: r["median"] for r in results if r["mode"] == mode and r["name"] == name}
        ours = {r["work"]: r["median"] for r in results if r["mode"] == mode and r["name"] == "kerust"}
        heights = [medians[work] / ours[work] if work in medians else 0 for work in works]
        at = [number + (place - len(shown) / 2) * 0.8 / len(shown) for number in range(len(works))]
        axes.bar(at, heights, 0.8 / len(shown), label=name, color=colours[name])
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_xticks(range(len(works)), works)
    axes.set_ylabel("time, kerust = 1")
    axes.set_title(TITLES[mode])
    axes.legend(fontsize=7)
figure.tight_layout()
figure.savefig(sys.argv[1])
