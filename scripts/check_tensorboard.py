#!/usr/bin/env python3
"""Print what TensorBoard itself reads from a folder that kerust's `TensorBoard` has written, as JSON.

    python scripts/check_tensorboard.py LOG_DIR

It needs the package `tensorboard`. `KERUST_TENSORBOARD_PYTHON=python cargo test --test suite tensor_board` compares the
result with the history of the training.
"""

import json
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.graph import keras_util
from tensorboard.util import tensor_util


def read(folder):
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0, "scalars": 0, "histograms": 0})
    events.Reload()
    scalars, histograms, graph = {}, {}, None
    for tag in events.Tags()["scalars"]:
        scalars[tag] = [[event.step, event.value] for event in events.Scalars(tag)]
    for tag in events.Tags()["histograms"]:
        histograms[tag] = [[event.step, event.histogram_value.num] for event in events.Histograms(tag)]
    for tag in events.Tags()["tensors"]:
        plugin = events.SummaryMetadata(tag).plugin_data.plugin_name
        values = [(event.step, tensor_util.make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]
        if plugin == "graph_keras_model":
            config = json.loads(values[0][1].item())
            nodes = keras_util.keras_model_to_graph_def(config).node
            graph = [[node.name, list(node.input)] for node in nodes]
    return {"scalars": scalars, "histograms": histograms, "graph": graph}


folder = Path(sys.argv[1])
json.dump({part.name: read(part) for part in sorted(folder.iterdir())}, sys.stdout)
