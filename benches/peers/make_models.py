"""Writes `WORK.tflite` and `WORK.onnx` for each task into the given folder, with random weights, a final
softmax, and any batch size."""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
import onnx
import tensorflow as tf
from keras_nets import net
from onnx import TensorProto, helper, numpy_helper
from works import WORKS


class Graph:
    """An ONNX graph that is being built."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind, inputs, **attributes):
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def layer(self, layer, inputs):
        kind = type(layer).__name__
        weights = layer.get_weights()
        if kind == "Conv2D":
            kernel, bias = weights
            padding = "SAME_UPPER" if layer.padding == "same" else "VALID"
            x = self.add("Conv", [*inputs, self.weight(kernel.transpose(3, 2, 0, 1)), self.weight(bias)],
                         auto_pad=padding, kernel_shape=kernel.shape[:2], strides=layer.strides)
            return self.activation(layer, x)
        if kind == "Dense":
            kernel, bias = weights
            x = self.add("Gemm", [*inputs, self.weight(kernel), self.weight(bias)])
            return self.activation(layer, x)
        if kind == "BatchNormalization":
            numbers = [self.weight(values) for values in weights]
            return self.add("BatchNormalization", [*inputs, *numbers], epsilon=layer.epsilon)
        if kind in ("MaxPooling2D", "AveragePooling2D"):
            kind = kind.removesuffix("ing2D").removesuffix("Pool") + "Pool"
            return self.add(kind, inputs, kernel_shape=layer.pool_size, strides=layer.strides)
        if kind == "Flatten":
            # Channels last, the order of the Dense layer's weights.
            x = self.add("Transpose", inputs, perm=[0, 2, 3, 1]) if len(layer.input.shape) == 4 else inputs[0]
            return self.add("Flatten", [x])
        if kind in ("Add", "ReLU"):
            return self.add({"ReLU": "Relu"}.get(kind, kind), inputs)
        raise ValueError(f"no ONNX for {kind}")

    def activation(self, layer, x):
        kind = {"relu": "Relu", "softmax": "Softmax", "linear": None}[layer.activation.__name__]
        return self.add(kind, [x]) if kind else x


def onnx_model(model):
    graph, names = Graph(), {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            names[id(layer.output)] = "x"
            continue
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        names[id(layer.output)] = graph.layer(layer, [names[id(x)] for x in inputs])
    height, width, channels = model.input_shape[1:]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", channels, height, width])
    y = helper.make_tensor_value_info(graph.nodes[-1].output[0], TensorProto.FLOAT, ["n", model.output_shape[-1]])
    made = helper.make_model(helper.make_graph(graph.nodes, "net", [x], [y], graph.weights),
                             opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made


folder = sys.argv[1]
for work, facts in WORKS.items():
    model = net(work, facts["classes"][1])
    onnx.save(onnx_model(model), f"{folder}/{work}.onnx")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with open(f"{folder}/{work}.tflite", "wb") as file:
        file.write(converter.convert())
