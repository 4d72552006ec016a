"""Writes `WORK.tflite` and `WORK.onnx` for each task into the given folder, with random weights, a final
softmax, and any batch size; and `WORK-int8.tflite` and `WORK-int8.onnx` of the tasks in 8 bits. The tasks on sequences
have no `WORK.tflite`."""

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
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from torch_sequences import write_onnx
from works import INT8_WORKS, SEQUENCES, WORKS, random_inputs


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
        if kind == "DepthwiseConv2D":
            kernel, bias = weights
            kernel = kernel.transpose(2, 3, 0, 1)
            return self.add("Conv", [*inputs, self.weight(kernel), self.weight(bias)], auto_pad="SAME_UPPER",
                            kernel_shape=kernel.shape[2:], strides=layer.strides, group=len(kernel))
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
    if work in SEQUENCES:
        write_onnx(work, facts["classes"][1], facts["shape"], f"{folder}/{work}.onnx")
        continue
    model = net(work, facts["classes"][1])
    onnx.save(onnx_model(model), f"{folder}/{work}.onnx")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with open(f"{folder}/{work}.tflite", "wb") as file:
        file.write(converter.convert())


class Calibration(CalibrationDataReader):
    """Inputs for the ranges of ONNX Runtime's 8-bit model."""

    def __init__(self, inputs):
        self.inputs = iter(inputs)

    def get_next(self):
        x = next(self.inputs, None)
        return None if x is None else {"x": x[None].transpose(0, 3, 1, 2).copy()}


for work, facts in INT8_WORKS.items():
    model, inputs = net(work, facts["classes"]), random_inputs(work, 32)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in inputs)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with open(f"{folder}/{work}-int8.tflite", "wb") as file:
        file.write(converter.convert())
    float_path = f"{folder}/{work}-float.onnx"
    made = onnx_model(model)
    made.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(made, float_path)
    # Unsigned activations and signed weights: the fastest on processors with VNNI.
    quantize_static(float_path, f"{folder}/{work}-int8.onnx", Calibration(inputs), per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    os.remove(float_path)
