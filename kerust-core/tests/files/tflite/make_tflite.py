#!/usr/bin/env python3
"""Writes 8-bit models of TensorFlow Lite, and the outputs that TensorFlow Lite Micro computes with them.

    python make_tflite.py                            writes `operators.safetensors`, `refused.safetensors`, and
                                                     `unimportable.safetensors`
    python make_tflite.py networks                   writes `networks.safetensors`, `kerust-cli/tests/real.tflite`
    python make_tflite.py published FOLDER           writes `published.safetensors`
    python make_tflite.py run MODEL INPUT OUTPUT     runs a model

Set it up in a virtual environment outside the repository:

    python3 -m venv venv
    venv/bin/pip install --pre tflite-micro==0.dev20261023182759 safetensors==0.8.0 numpy==2.4.6
    venv/bin/pip install keras==3.15.1 tensorflow-cpu==2.21.0        # for `networks` alone

A file has, for each case, `CASE.model` (the bytes of the `.tflite`), `CASE.x` and `CASE.y`: inputs and
outputs, a sample for each place along the first axis. `operators` are models of one or two operators,
built here field by field, since the converter would choose the scales; `refused` are such as are not
read, and `unimportable` such as are read but cannot be declared, both without `x` and `y`. `networks` are whole models
of Keras as TensorFlow's converter writes them. `published` has the models of MLPerf Tiny, of which
FOLDER is the place, without their bytes.

`run` reads the inputs of all samples from INPUT, byte by byte, and writes the outputs to OUTPUT.
"""

import sys
import zlib
from pathlib import Path

import flatbuffers
import numpy as np
from safetensors.numpy import save_file
from tflite_micro import runtime
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as tfl

HERE = Path(__file__).parent
FLOAT32, INT32, INT8 = 0, 2, 9
TYPES = {np.dtype(np.float32): FLOAT32, np.dtype(np.int32): INT32, np.dtype(np.int8): INT8}
SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6 = 0, 1, 2, 3


class Net:
    """A model, operator by operator."""

    def __init__(self, name):
        self.name = name
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.tensors, self.operators, self.codes = [], [], []
        self.buffers = [tfl.BufferT()]
        self.inputs = []
        # The only input to be tried, where it is not any.
        self.x = None
        self.subgraphs = 1

    def tensor(self, shape, scale=None, zero=0, kind=INT8, data=None, axis=0):
        tensor = tfl.TensorT()
        tensor.name = f"tensor_{len(self.tensors)}".encode()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = kind
        tensor.buffer = 0
        if data is not None:
            buffer = tfl.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            tensor.type, tensor.buffer = TYPES[data.dtype], len(self.buffers)
            self.buffers.append(buffer)
        if scale is not None:
            tensor.quantization = tfl.QuantizationParametersT()
            tensor.quantization.scale = np.atleast_1d(np.float32(scale))
            zeros = np.full(len(tensor.quantization.scale), zero, np.int64)
            tensor.quantization.zeroPoint = zeros
            tensor.quantization.quantizedDimension = axis
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def input(self, shape, scale=None, zero=0, kind=INT8):
        self.inputs.append(self.tensor(shape, scale, zero, kind))
        return self.inputs[-1]

    def constant(self, data, scale=None, axis=0):
        return self.tensor(data.shape, scale, 0, data=data, axis=axis)

    def weights(self, shape, scale, axis=0, most=127):
        values = self.random.integers(-most, most + 1, shape)
        return self.constant(values.astype(np.int8), scale, axis)

    def bias(self, values):
        return self.constant(np.array(values, np.int32))

    def operator(self, name, version, inputs, output, options=None):
        code = tfl.OperatorCodeT()
        code.builtinCode = getattr(tfl.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        operator = tfl.OperatorT()
        operator.opcodeIndex = len(self.codes)
        operator.inputs = np.array(inputs, np.int32)
        operator.outputs = np.array([output], np.int32)
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(tfl.BuiltinOptions, kind)
            operator.builtinOptions = options
        self.codes.append(code)
        self.operators.append(operator)
        self.outputs = [output]
        return output

    def bytes(self):
        graph = tfl.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs = np.array(self.inputs, np.int32)
        graph.outputs = np.array(self.outputs, np.int32)
        model = tfl.ModelT()
        model.version = 3
        model.operatorCodes, model.buffers = self.codes, self.buffers
        model.subgraphs = [graph] * self.subgraphs
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def options(kind, **fields):
    made = getattr(tfl, kind + "T")()
    for name, value in fields.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made


def output_size(size, window, stride, dilation, padding):
    span = (window - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - span) // stride + 1


def sizes(shape, window, strides, dilation, padding):
    pairs = zip(shape, window, strides, dilation)
    return [output_size(*pair, padding) for pair in pairs]


def fixed(window, strides, dilation, padding, activation):
    return dict(padding=padding, strideH=strides[0], strideW=strides[1], dilationHFactor=dilation[0],
                dilationWFactor=dilation[1], fusedActivationFunction=activation)


# What the cases of convolutions and dense layers choose, with scales that fill the output's range.
def layer(net, taps, channels, per_tensor, bias, multiplier):
    """The scales of the input, the weights, the output, and a bias."""
    scale_in, scale_w = 0.043, 0.0171
    scales = scale_w * net.random.uniform(0.3, 1.9, channels)
    if per_tensor:
        scales = scales[:1]
    # A sum's spread, in steps of the input's scale times the weights'.
    spread = 73 * 73 * np.sqrt(taps)
    scale_out = scale_in * scale_w * spread / 50
    if multiplier is not None:
        scale_out = scale_in * float(np.mean(scales)) / multiplier
    if bias == "random":
        bias = net.random.integers(-spread, spread, channels)
    elif bias == "ends":
        ends = [2**31 - 1, -(2**31), 2**30, -(2**30), 12345]
        bias = np.resize(ends, channels)
    elif bias == "near the ends":
        # No sum leaves 32 bits: its products come to less than the distance.
        distance = 255 * 127 * taps
        ends = [2**31 - 1 - distance, -(2**31) + distance, 2**30, -(2**30), 12345]
        bias = np.resize(ends, channels)
    elif bias == "halves":
        # Sums around those at which an output changes to the next, which show each bit of a multiplier.
        real = np.float32(scale_in) * np.float64(np.float32(scales)) / np.float32(scale_out)
        steps = np.arange(channels) % 256 - 127.5
        bias = np.rint(steps / real) + net.random.integers(-150, 151, channels)
        bias = np.clip(bias, -(2**31), 2**31 - 1)
    return scale_in, scales, scale_out, bias


def conv(name, shape, filters, window, strides=(1, 1), padding=SAME, dilation=(1, 1), activation=NONE,
         groups=1, per_tensor=False, bias="random", zeros=(-7, 19), multiplier=None):
    net = Net("conv_" + name)
    halves = bias == "halves"
    channels = shape[2] // groups
    taps = window[0] * window[1] * channels
    scale_in, scales, scale_out, bias = layer(net, taps, filters, per_tensor, bias, multiplier)
    x = net.input([1, *shape], scale_in, zeros[0])
    w = net.weights((filters, *window, channels), scales, most=0 if halves else 127)
    inputs = [x, w] if bias is None else [x, w, net.bias(bias)]
    y = net.tensor([1, *sizes(shape, window, strides, dilation, padding), filters], scale_out, zeros[1])
    net.operator("CONV_2D", 3, inputs, y,
                 options("Conv2DOptions", **fixed(window, strides, dilation, padding, activation)))
    return net


def depthwise(name, shape, multiplier_of, window, strides=(1, 1), padding=SAME, dilation=(1, 1),
              activation=NONE, per_tensor=False, bias="random", zeros=(-7, 19), multiplier=None):
    net = Net("depthwise_" + name)
    halves = bias == "halves"
    outputs = shape[2] * multiplier_of
    taps = window[0] * window[1]
    scale_in, scales, scale_out, bias = layer(net, taps, outputs, per_tensor, bias, multiplier)
    x = net.input([1, *shape], scale_in, zeros[0])
    w = net.weights((1, *window, outputs), scales, 3, 0 if halves else 127)
    inputs = [x, w, net.bias(bias)]
    y = net.tensor([1, *sizes(shape, window, strides, dilation, padding), outputs], scale_out, zeros[1])
    made = options("DepthwiseConv2DOptions", depthMultiplier=multiplier_of,
                   **fixed(window, strides, dilation, padding, activation))
    net.operator("DEPTHWISE_CONV_2D", 3, inputs, y, made)
    return net


def dense(name, rows, inputs, units, activation=NONE, per_tensor=True, bias="random", zeros=(-7, 19),
          multiplier=None):
    net = Net("dense_" + name)
    halves = bias == "halves"
    scale_in, scales, scale_out, bias = layer(net, inputs, units, per_tensor, bias, multiplier)
    x = net.input([1, *rows, inputs], scale_in, zeros[0])
    w = net.weights((units, inputs), scales, most=0 if halves else 127)
    tensors = [x, w, -1]
    if bias is not None:
        # TensorFlow Lite Micro holds the bias's scale to the product of the two others.
        product = np.float32(scale_in) * np.float32(scales)
        tensors[2] = net.constant(np.array(bias, np.int32), product)
    y = net.tensor([1, *rows, units], scale_out, zeros[1])
    made = options("FullyConnectedOptions", fusedActivationFunction=activation, keepNumDims=bool(rows))
    net.operator("FULLY_CONNECTED", 4, tensors, y, made)
    return net


def dense_at_halves(name, scale_in, scale_w, scale_out):
    """A dense layer without bias whose sums are those at which an output changes to the next."""
    net = Net("dense_sums_at_halves_" + name)
    inputs = 700
    real = np.float64(np.float32(scale_in)) * np.float64(np.float32(scale_w)) / np.float64(np.float32(scale_out))
    other = np.float64(np.float32(scale_in) * np.float32(scale_w)) / np.float64(np.float32(scale_out))
    steps = np.arange(256) - 127.5
    low, high = np.sort([steps / real, steps / other], axis=0)
    # Sums between those of two ways to round the scales' product.
    sums = np.ceil(low[np.ceil(low) <= high]).astype(np.int64)
    units = len(sums)
    assert units > 0
    # All inputs but the last are 127, the last is 1.
    weights = np.zeros((units, inputs), np.int64)
    tens, ones = np.divmod(sums, 127)
    weights[:, -1] = ones
    for unit, count in enumerate(tens):
        whole, rest = divmod(abs(int(count)), 127)
        weights[unit, :whole] = 127 * np.sign(count)
        weights[unit, whole] = rest * np.sign(count)
    net.x = np.full(inputs, 127, np.int8)
    net.x[-1] = 1
    x = net.input([1, inputs], scale_in, 0)
    w = net.constant(weights.astype(np.int8), scale_w)
    y = net.tensor([1, units], scale_out, 0)
    net.operator("FULLY_CONNECTED", 4, [x, w, -1], y, options("FullyConnectedOptions"))
    return net


def pool(name, kind, shape, window, strides, padding, activation=NONE):
    net = Net(f"{kind.lower()}_pool_{name}")
    x = net.input([1, *shape], 0.05, -3)
    y = net.tensor([1, *sizes(shape, window, strides, (1, 1), padding), shape[2]], 0.05, -3)
    made = options("Pool2DOptions", padding=padding, strideH=strides[0], strideW=strides[1],
                   filterHeight=window[0], filterWidth=window[1], fusedActivationFunction=activation)
    net.operator(f"{kind}_POOL_2D", 2, [x], y, made)
    return net


def mean(name, shape, axes, scales, zeros, keep=False):
    net = Net("mean_" + name)
    x = net.input([1, *shape], scales[0], zeros[0])
    kept = [1] * len(axes) if keep else []
    y = net.tensor([1, *kept, shape[-1]], scales[1], zeros[1])
    axes = net.constant(np.array(axes, np.int32))
    net.operator("MEAN", 2, [x, axes], y, options("ReducerOptions", keepDims=keep))
    return net


def add(name, shape, scales, zeros, activation=NONE):
    net = Net("add_" + name)
    a = net.input([1, *shape], scales[0], zeros[0])
    b = net.input([1, *shape], scales[1], zeros[1])
    y = net.tensor([1, *shape], scales[2], zeros[2])
    net.operator("ADD", 2, [a, b], y, options("AddOptions", fusedActivationFunction=activation))
    return net


def concatenation(name, shapes, axis):
    net = Net("concatenation_" + name)
    inputs = [net.input([1, *shape], 0.1, 5) for shape in shapes]
    shape = [1, *shapes[0]]
    shape[axis] = sum([1, *other][axis] for other in shapes)
    y = net.tensor(shape, 0.1, 5)
    net.operator("CONCATENATION", 2, inputs, y, options("ConcatenationOptions", axis=axis))
    return net


def pad(name, shape, widths, value=None):
    net = Net("pad_" + name)
    x = net.input([1, *shape], 0.1, 5)
    widths = [[0, 0], *widths, [0, 0]]
    y = net.tensor([a + sum(b) for a, b in zip([1, *shape], widths)], 0.1, 5)
    inputs = [x, net.constant(np.array(widths, np.int32))]
    if value is None:
        net.operator("PAD", 2, inputs, y, options("PadOptions"))
    else:
        inputs.append(net.tensor([1], 0.1, 5, data=np.array([value], np.int8)))
        net.operator("PADV2", 2, inputs, y, options("PadV2Options"))
    return net


def unary(name, kind, version, source, target, made=None, shape=(256,)):
    net = Net(f"{kind.lower()}_{name}")
    x = net.input([1, *shape], *source)
    y = net.tensor([1, *shape], *target)
    net.operator(kind, version, [x], y, made)
    return net


def shapes():
    """The same values in one shape after another."""
    net = Net("shapes")
    x = net.input([1, 6, 4], 0.2, 9)
    a = net.tensor([1, 1, 6, 4], 0.2, 9)
    b = net.tensor([1, 24], 0.2, 9)
    c = net.tensor([1, 24], 0.3, -9)
    net.operator("EXPAND_DIMS", 1, [x, net.constant(np.array([1], np.int32))], a,
                 options("ExpandDimsOptions"))
    net.operator("RESHAPE", 1, [a, net.constant(np.array([1, 24], np.int32))], b,
                 options("ReshapeOptions"))
    net.operator("QUANTIZE", 2, [b], c, options("QuantizeOptions"))
    return net


def real_ends():
    """Real values in and out."""
    net = Net("real_ends")
    x = net.input([1, 37], kind=FLOAT32)
    a, b = net.tensor([1, 37], 0.07, -20), net.tensor([1, 37], 1 / 256, -128)
    y = net.tensor([1, 37], kind=FLOAT32)
    net.operator("QUANTIZE", 1, [x], a, options("QuantizeOptions"))
    net.operator("LOGISTIC", 2, [a], b)
    net.operator("DEQUANTIZE", 2, [b], y, options("DequantizeOptions"))
    return net


def operators():
    yield conv("same_stride_2_even", (8, 10, 3), 5, (3, 3), (2, 2))
    yield conv("same_stride_2_odd", (7, 9, 3), 4, (3, 3), (2, 2), activation=RELU)
    yield conv("valid", (7, 5, 1), 3, (2, 3), padding=VALID)
    yield conv("same_dilated", (9, 7, 2), 6, (3, 2), dilation=(2, 3), activation=RELU6)
    yield conv("valid_dilated", (9, 11, 3), 1, (2, 3), padding=VALID, dilation=(3, 2))
    yield conv("pointwise_stride_2", (6, 6, 16), 33, (1, 1), (2, 2), per_tensor=True)
    yield conv("tall", (49, 10, 1), 8, (10, 4), (2, 2), activation=RELU)
    yield conv("groups", (6, 5, 4), 6, (3, 3), groups=2)
    yield conv("groups_of_one", (5, 6, 3), 6, (3, 3), (1, 2), groups=3)
    yield conv("larger_than_the_image", (3, 2, 5), 7, (5, 5), activation=RELU_N1_TO_1)
    yield conv("one_value", (1, 1, 1), 1, (1, 1))
    yield conv("without_bias", (4, 4, 17), 17, (3, 3), bias=None, zeros=(127, -128))
    yield conv("zero_points_at_the_ends", (5, 5, 2), 4, (3, 3), zeros=(-128, 127), activation=RELU)
    yield conv("sums_at_the_ends", (4, 4, 3), 10, (3, 3), bias="ends", zeros=(-128, -1))
    yield conv("sums_near_the_ends", (4, 4, 3), 10, (3, 3), bias="near the ends", zeros=(-128, -1))
    yield conv("multiplier_above_one", (4, 4, 3), 5, (3, 3), multiplier=3.7)
    yield conv("multiplier_far_above_one", (4, 4, 3), 5, (3, 3), multiplier=700.0)
    yield conv("multiplier_of_nothing", (4, 4, 3), 5, (3, 3), multiplier=2.0**-31, bias="ends")
    yield conv("long_strides", (11, 13, 2), 3, (2, 2), (3, 4), padding=VALID)

    for number, scale in enumerate([1.1, 1.3, 1.7, 1.9]):
        halves = dict(bias="halves", multiplier=scale * 2.0**-23)
        yield conv(f"halves_{number}", (1, 1, 1), 300, (1, 1), per_tensor=number % 2 == 0, **halves)
        yield depthwise(f"halves_{number}", (1, 1, 1), 300, (1, 1), per_tensor=number % 2 == 0, **halves)
        yield dense(f"halves_{number}", (), 1, 300, per_tensor=number % 2 == 0, **halves)

    yield dense_at_halves("0", 0.043, 0.0171, 61.0)
    yield dense_at_halves("1", 0.0311, 0.0057, 14.3)

    yield depthwise("same_stride_2_even", (8, 6, 5), 1, (3, 3), (2, 2))
    yield depthwise("many_channels", (5, 4, 45), 1, (3, 3), activation=RELU)
    yield depthwise("multiplier_3", (6, 7, 3), 3, (3, 2), padding=VALID)
    yield depthwise("of_one_channel", (7, 7, 1), 8, (4, 3), (2, 1), activation=RELU6)
    yield depthwise("dilated", (9, 8, 9), 1, (3, 3), dilation=(2, 3))
    yield depthwise("per_tensor", (4, 5, 3), 1, (3, 3), per_tensor=True, zeros=(-128, 127))
    yield depthwise("sums_at_the_ends", (4, 4, 10), 1, (3, 3), bias="ends", zeros=(127, -128))
    yield depthwise("multiplier_above_one", (4, 4, 3), 1, (2, 2), multiplier=5.1)
    yield depthwise("larger_than_the_image", (2, 3, 4), 2, (5, 7))

    yield dense("per_tensor", (), 17, 9)
    yield dense("per_channel", (), 17, 9, per_tensor=False, activation=RELU)
    yield dense("one_input", (), 1, 3, per_tensor=False)
    yield dense("one_output", (), 33, 1, activation=RELU6)
    yield dense("rows", (4,), 9, 5)
    yield dense("without_bias", (), 40, 6, bias=None, zeros=(-128, 127))
    yield dense("multiplier_above_one", (), 7, 6, multiplier=2.3)
    yield dense("multiplier_of_nothing", (), 7, 6, multiplier=2.0**-31)
    yield dense("long", (), 640, 8, zeros=(89, -128), activation=RELU)

    for kind in ["MAX", "AVERAGE"]:
        yield pool("valid", kind, (6, 8, 5), (2, 2), (2, 2), VALID)
        yield pool("same_even", kind, (8, 6, 3), (3, 3), (2, 2), SAME)
        yield pool("same_overlapping", kind, (5, 7, 45), (3, 2), (1, 1), SAME, RELU)
        yield pool("of_all", kind, (8, 8, 9), (8, 8), (8, 8), VALID, RELU6)
        yield pool("larger_than_the_image", kind, (3, 2, 1), (5, 5), (2, 2), SAME, RELU_N1_TO_1)

    yield mean("of_an_image", (7, 5, 37), [1, 2], (0.1, 0.03), (-3, 70))
    yield mean("of_an_image_kept", (8, 8, 9), [2, 1], (0.02, 0.05), (100, -100), True)
    yield mean("of_a_sequence", (13, 5), [1], (0.1, 0.1), (5, 5))
    yield mean("of_one", (1, 1, 3), [1, 2], (0.1, 0.001), (-128, -128))
    yield mean("of_many", (19, 17, 3), [1, 2], (0.3, 0.01), (17, -5))
    yield mean("at_halves", (2, 1, 9), [1, 2], (0.3, 0.1), (1, 2))
    yield mean("at_thirds", (3, 1, 9), [1, 2], (0.3, 0.2), (1, 2))
    yield mean("to_nothing", (3, 3, 4), [1, 2], (1e-9, 0.9), (17, -5))

    yield add("two_scales", (5, 7, 3), (0.11, 0.031, 0.13), (-5, 40, -20))
    yield add("relu", (17,), (0.02, 0.03, 0.04), (127, -128, -128), RELU)
    yield add("relu6", (17,), (0.1, 0.03, 0.04), (1, 2, 3), RELU6)
    yield add("at_halves", (256,), (0.3, 0.1, 0.2), (1, 2, 3))
    yield add("at_quarters", (256,), (0.1, 0.1, 0.4), (-1, 2, -3))
    yield add("far_apart", (33,), (1e-4, 3.0, 2.9), (1, 2, 3))
    yield add("to_a_small_scale", (33,), (0.5, 0.7, 0.002), (0, 0, 0))

    yield concatenation("channels", [(3, 2, 4), (3, 2, 1), (3, 2, 7)], -1)
    yield concatenation("rows", [(3, 2, 4), (1, 2, 4)], 1)
    yield concatenation("one", [(5,)], 1)

    yield pad("image", (3, 4, 2), [(1, 2), (0, 3)])
    yield pad("sequence", (5, 3), [(4, 0)])
    yield pad("with_a_value", (2, 2, 3), [(0, 1), (1, 1)], -100)

    for name, depth, scale, beta in [("two", 2, 0.1, 1.0), ("twelve", 12, 0.4, 1.0), ("many", 100, 0.02, 1.0),
                                     ("flat", 7, 1e-4, 1.0), ("steep", 9, 8.0, 1.0), ("beta", 5, 0.1, 2.5),
                                     ("one", 1, 0.1, 1.0), ("steeper", 6, 90.0, 1.0)]:
        yield unary(name, "SOFTMAX", 2, (scale, 21), (1 / 256, -128), options("SoftmaxOptions", beta=beta),
                    (depth,))
    yield unary("rows", "SOFTMAX", 2, (0.07, -8), (1 / 256, -128), options("SoftmaxOptions", beta=1.0), (3, 4))
    for number, source in enumerate([(0.05, 0), (0.1, -128), (0.0123, 127), (0.9, 3), (17.0, -4), (1e-5, 9)]):
        yield unary(number, "LOGISTIC", 2, source, (1 / 256, -128))
        yield unary(number, "TANH", 2, source, (1 / 128, 0))
    for number, (alpha, source, target) in enumerate([
            (0.3, (0.1, -20), (0.07, 30)), (0.0, (0.1, 5), (0.1, 5)), (-0.5, (0.04, 9), (0.05, -9)),
            (1.5, (0.2, 0), (0.1, -128)), (0.01, (0.5, 127), (0.01, 127)),
            (0.5, (0.3, 7), (0.1, 2)), (0.3, (0.1, 120), (0.02, 90)), (-0.7, (0.3, 100), (0.6, 2)),
            (-0.5, (0.1, 100), (0.1, 0))]):
        yield unary(number, "LEAKY_RELU", 2, source, target, options("LeakyReluOptions", alpha=alpha))
    for number, (source, target) in enumerate([
            ((0.1, -20), (0.07, 30)), ((0.1, 5), (0.1, 5)), ((0.013, 9), (0.9, -9)), ((3.0, 0), (0.01, -128)),
            ((0.3, 1), (0.2, 2)), ((0.1, -1), (0.04, 0)), ((0.7, 5), (0.2, 3)), ((0.1, 5), (0.6, 0))]):
        yield unary(number, "QUANTIZE", 2, source, target, options("QuantizeOptions"))
        yield unary(number, "RELU", 2, source, target)
    yield unary("wide", "RELU6", 2, (0.1, -20), (0.1, -20))
    for number, scale in enumerate([0.48, 0.16, 0.8, 6 / 10.5, 6 / 20.5]):
        yield unary(f"at_a_half_{number}", "RELU6", 2, (scale, -20), (scale, -20))
        yield add(f"relu6_at_a_half_{number}", (256,), (1.1, 1.2, scale), (1, 2, -20), RELU6)
    yield unary("narrow", "RELU6", 2, (0.06, 10), (0.06, 10))
    for number, scale in enumerate([0.1, 0.3, 0.7, 1 / 3]):
        net = unary(f"real_halves_{number}", "QUANTIZE", 1, (), (scale, 3), shape=(280,))
        net.tensors[0].type = FLOAT32
        net.x = (np.arange(-140, 140) + 0.5).astype(np.float32) * np.float32(scale)
        yield net
    yield shapes()
    yield real_ends()


def refused():
    """Models that are not read, each for its own reason."""

    def of(name, kind="RESHAPE", version=1, made=None, inputs=((1, 8),), shape=(1, 8), **fields):
        net = Net(name)
        numbers = [net.input(shape, 0.1, 5) for shape in inputs]
        net.operator(kind, version, numbers, net.tensor(shape, 0.1, 5), made)
        for field, value in fields.items():
            setattr(net.tensors[0], field, value)
        return net

    yield of("another_operator", "TRANSPOSE_CONV", 3)
    net = of("custom_operator", "CUSTOM")
    net.codes[0].customCode = b"Wavelet"
    yield net
    yield of("another_version", "SOFTMAX", 4, options("SoftmaxOptions", beta=1.0))
    yield of("options_of_another", "SOFTMAX", 1, options("AddOptions"))
    yield of("changing_steps", shapeSignature=np.array([-1, -1], np.int32))
    yield of("a_batch", inputs=[(4, 8)], shape=(4, 8))
    net = of("real_values", "LEAKY_RELU", 1, options("LeakyReluOptions", alpha=0.1), type=FLOAT32)
    yield net
    yield of("unsigned", "QUANTIZE", type=3)
    yield of("without_scales", quantization=None)
    yield of("a_cut_shape", shape=(1, 7))

    net = dense("weights_of_4_bits", (), 4, 3)
    net.tensors[1].type = 17
    yield net
    net = dense("weights_with_a_zero_point", (), 4, 3)
    net.tensors[1].quantization.zeroPoint[0] = 3
    yield net
    net = conv("scales_along_another_axis", (3, 3, 5), 5, (1, 1))
    net.tensors[1].quantization.quantizedDimension = 3
    yield net
    net = conv("output_of_another_shape", (4, 4, 1), 1, (3, 3))
    net.tensors[-1].shape[1] = 3
    yield net
    net = conv("stride_0", (4, 4, 1), 1, (3, 3))
    net.operators[0].builtinOptions.strideH = 0
    yield net
    yield conv("fused_tanh", (4, 4, 1), 1, (3, 3), activation=4)
    net = dense("a_short_bias", (), 4, 3)
    net.tensors[2].shape[0] = 2
    net.buffers[-1].data = net.buffers[-1].data[:8]
    yield net
    net = dense("missing_bytes", (), 4, 3)
    net.buffers[1].data = net.buffers[1].data[:11]
    yield net

    net = concatenation("two_scales", [(3,), (4,)], 1)
    net.tensors[0].quantization.scale[0] = 0.2
    yield net
    net = add("broadcast", (3, 3, 4), (0.1, 0.2, 0.3), (1, 2, 3))
    net.tensors[1].shape = np.array([1, 1, 1, 4], np.int32)
    yield net
    net = mean("of_channels", (4, 4, 3), [3], (0.1, 0.1), (0, 0))
    net.tensors[1].shape = np.array([1, 4, 4], np.int32)
    yield net
    net = pad("of_channels", (4, 4, 3), [(1, 1), (1, 1)])
    net.buffers[-1].data = np.frombuffer(np.array([0, 0, 1, 1, 1, 1, 0, 1], np.int32).tobytes(), np.uint8)
    net.tensors[1].shape[-1] = 4
    yield net
    yield unary("another_output", "LOGISTIC", 1, (0.1, 0), (1 / 128, 0))

    net = shapes()
    net.name = "out_of_order"
    net.operators.reverse()
    yield net
    net = of("written_twice")
    net.operators.append(net.operators[0])
    yield net
    net = of("loops")
    net.subgraphs = 2
    yield net

    # A thousand tensors of one shape that is written once.
    builder = flatbuffers.Builder(1024)
    shape = builder.CreateNumpyVector(np.ones(20000, np.int32))
    tensors = []
    for _ in range(1000):
        tfl.TensorStart(builder)
        tfl.TensorAddShape(builder, shape)
        tensors.append(tfl.TensorEnd(builder))

    def vector(offsets):
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()

    tensors = vector(tensors)
    tfl.SubGraphStart(builder)
    tfl.SubGraphAddTensors(builder, tensors)
    subgraphs = vector([tfl.SubGraphEnd(builder)])
    tfl.BufferStart(builder)
    buffers = vector([tfl.BufferEnd(builder)])
    tfl.ModelStart(builder)
    tfl.ModelAddVersion(builder, 3)
    tfl.ModelAddSubgraphs(builder, subgraphs)
    tfl.ModelAddBuffers(builder, buffers)
    builder.Finish(tfl.ModelEnd(builder), b"TFL3")
    net = Net("shared_vectors")
    net.bytes = lambda: bytes(builder.Output())
    yield net


def unimportable():
    """Models that are read but that no declaration is, each for its own reason."""
    yield conv("strides_and_dilation", (9, 9, 1), 1, (3, 3), (2, 2), dilation=(2, 2))
    yield unary("falling", "LEAKY_RELU", 2, (0.1, 0), (0.1, 0), options("LeakyReluOptions", alpha=-0.5), (8,))
    yield unary("of_one", "SOFTMAX", 2, (0.1, 0), (1 / 256, -128), options("SoftmaxOptions", beta=1.0), (1,))
    yield unary("of_rank_5", "TANH", 2, (0.1, 0), (1 / 128, 0), shape=(2, 2, 2, 2, 2))
    yield concatenation("five_inputs", [(3,)] * 5, 1)

    net = unary("unread", "TANH", 2, (0.1, 0), (1 / 128, 0), shape=(8,))
    net.input([1, 3], 0.1, 5)
    yield net
    net = unary("twice", "TANH", 2, (0.1, 0), (1 / 128, 0), shape=(8,))
    net.inputs *= 2
    yield net
    net = add("mixed_inputs", (8,), (0.1, 0.1, 0.1), (0, 0, 0))
    net.tensors[1].type, net.tensors[1].quantization = FLOAT32, None
    inner = net.tensor([1, 8], 0.1, 0)
    net.operators[0].inputs[1] = inner
    net.operator("QUANTIZE", 1, [1], inner, options("QuantizeOptions"))
    net.operators.reverse()
    net.outputs = [2]
    yield net
    net = unary("mixed_outputs", "TANH", 2, (0.1, 0), (1 / 128, 0), shape=(8,))
    y = net.operator("DEQUANTIZE", 2, [1], net.tensor([1, 8], kind=FLOAT32))
    net.outputs = [1, y]
    yield net
    net = unary("real_values_between", "TANH", 2, (0.1, 0), (1 / 128, 0), shape=(8,))
    y = net.operator("DEQUANTIZE", 2, [1], net.tensor([1, 8], kind=FLOAT32))
    net.operator("QUANTIZE", 1, [y], net.tensor([1, 8], 0.1, 0), options("QuantizeOptions"))
    yield net
    net = real_ends()
    net.name = "quantized_twice"
    again = net.tensor([1, 37], 0.1, 0)
    net.operator("QUANTIZE", 1, [0], again, options("QuantizeOptions"))
    net.operator("ADD", 2, [1, again], net.tensor([1, 37], 0.1, 0), options("AddOptions"))
    yield net

    # A hundred layers of the same weights.
    net = dense("shared_weights", (), 100, 100)
    for _ in range(100):
        y = net.tensor([1, 100], net.tensors[3].quantization.scale[0], 19)
        net.operator("FULLY_CONNECTED", 4, [*net.outputs, 1, 2], y, options("FullyConnectedOptions"))
        net.operators[-1].opcodeIndex = 0
        net.codes = net.codes[:1]
    yield net


def run(model, x):
    """The outputs of each sample, given as a list of inputs. Several outputs are joined."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=4 << 20)
    count = len(tfl.ModelT.InitFromPackedBuf(bytearray(model)).subgraphs[0].outputs)
    outputs = []
    for sample in x:
        for place, value in enumerate(sample):
            value = value.reshape(interpreter.get_input_details(place)["shape"])
            interpreter.set_input(np.ascontiguousarray(value), place)
        interpreter.invoke()
        outputs.append(np.concatenate([interpreter.get_output(place).ravel() for place in range(count)]))
    return np.stack(outputs)


def samples(details, random, count):
    """Random inputs, then structured ones."""
    kinds = [lambda n: np.full(n, -128), lambda n: np.full(n, 127), lambda n: np.arange(n) % 2 * 255 - 128,
             lambda n: np.arange(n) % 256 - 128]

    def one(number, shape, dtype):
        length = int(np.prod(shape))
        if dtype == np.float32:
            return random.normal(0, 6, length).astype(dtype)
        if length == 256 and number == 0:
            return np.arange(-128, 128).astype(dtype)
        if number < count:
            return random.integers(-128, 128, length).astype(dtype)
        return kinds[number - count](length).astype(dtype)

    return [[one(number, *detail) for detail in details] for number in range(count + len(kinds))]


def case(tensors, name, model, count, with_model=True, only=None):
    graph = tfl.ModelT.InitFromPackedBuf(bytearray(model)).subgraphs[0]
    kinds = {number: dtype for dtype, number in TYPES.items()}
    inputs = [graph.tensors[number] for number in graph.inputs]
    details = [(tuple(tensor.shape), kinds[tensor.type]) for tensor in inputs]
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if details[0] == ((1, 256), np.int8):
        count = 1
    x = samples(details, random, count)
    if only is not None:
        x = [[only]]
    elif "halves" in name:
        # The input does not matter there.
        x = x[:1]
    if with_model:
        tensors[name + ".model"] = np.frombuffer(model, np.uint8)
    tensors[name + ".x"] = np.stack([np.concatenate(sample) for sample in x])
    tensors[name + ".y"] = run(model, x)


def networks():
    """Models of Keras, as TensorFlow's converter writes them."""
    import keras
    import tensorflow as tf
    from keras import layers
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def pictures():
        x = inputs = keras.Input((12, 12, 3))
        x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        y = layers.ZeroPadding2D(((0, 1), (1, 0)))(x)
        y = layers.DepthwiseConv2D(2, activation="relu6")(y)
        y = layers.Conv2D(8, 1)(y)
        x = layers.Add()([x, y])
        x = layers.ReLU()(x)
        y = layers.MaxPooling2D(2)(x)
        z = layers.Conv2D(5, 3, strides=2, padding="same", activation="tanh")(x)
        x = layers.Concatenate()([y, z])
        x = layers.AveragePooling2D(2, strides=1, padding="same")(x)
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(10)(x)
        return keras.Model(inputs, layers.Softmax()(x))

    def sequence():
        x = inputs = keras.Input((24, 4))
        x = layers.Conv1D(8, 3, padding="causal", activation="relu")(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
        x = layers.Conv1D(6, 5, strides=2, padding="same")(x)
        x = layers.Dense(7, activation="relu")(x)
        x = layers.GlobalAveragePooling1D()(x)
        return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))

    def flattened():
        x = inputs = keras.Input((6, 5, 2))
        x = layers.Conv2D(3, (2, 3), dilation_rate=(2, 1), activation="relu")(x)
        x = layers.Reshape((4, 9))(x)
        x = layers.Flatten()(x)
        x = layers.Dense(16, activation="relu")(x)
        return keras.Model(inputs, layers.Dense(4)(x))

    def any_batch():
        """Its converter computes the shapes while it runs."""
        x = inputs = keras.Input((6, 5, 2))
        x = layers.Conv2D(4, 2)(x)
        x = layers.Reshape((10, 8))(x)
        x = layers.Conv1D(4, 3)(x)
        x = layers.Flatten()(x)
        return keras.Model(inputs, layers.Dense(3)(x))

    def several():
        """Two inputs, and two outputs, of which another layer reads one."""
        image, meta = keras.Input((8, 6, 2)), keras.Input((4,))
        x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu6")(image)
        x = layers.GlobalAveragePooling2D()(x)
        y = layers.Dense(6, activation="relu")(meta)
        x = layers.Concatenate()([x, y])
        joined = layers.Dense(8, activation="tanh")(x)
        return keras.Model([image, meta], [joined, layers.Dense(3, activation="softmax")(joined)])

    def real():
        """Real numbers in and out."""
        x = inputs = keras.Input((9, 7, 1))
        x = layers.Conv2D(4, (4, 3), strides=(2, 1), padding="same", activation="relu")(x)
        x = layers.MaxPooling2D((2, 3), padding="same")(x)
        x = layers.Flatten()(x)
        return keras.Model(inputs, layers.Dense(5, activation="softmax")(x))

    def convert(name, model, per_tensor):
        random = np.random.default_rng(zlib.crc32(name.encode()))
        for weight in model.weights:
            values = random.normal(0, 0.4, weight.shape)
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)
        shapes = [(1, *end.shape[1:]) for end in model.inputs]
        function = tf.function(lambda *x: model(x[0] if len(x) == 1 else x, training=False))
        batch = None if name == "any_batch" else 1
        specs = [tf.TensorSpec((batch, *shape[1:]), tf.float32) for shape in shapes]
        function = function.get_concrete_function(*specs)
        # The converter does not see that Keras 3 no longer changes its variables.
        function = convert_variables_to_constants_v2(function)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        data = [random.normal(0, 1, (50, *shape)).astype(np.float32) for shape in shapes]
        converter.representative_dataset = lambda: ([*sample] for sample in zip(*data))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if name != "real":
            converter.inference_input_type = converter.inference_output_type = tf.int8
        converter._experimental_disable_per_channel_quantization_for_dense_layers = per_tensor
        return converter.convert()

    for made, per_tensor in [(pictures, True), (sequence, False), (flattened, False), (any_batch, True),
                             (several, False), (real, True)]:
        yield made.__name__, convert(made.__name__, made(), per_tensor)


def main():
    match sys.argv[1:]:
        case []:
            tensors = {}
            for net in operators():
                case(tensors, net.name, net.bytes(), 3, only=net.x)
            save_file(tensors, HERE / "operators.safetensors")
            models = {net.name + ".model": np.frombuffer(net.bytes(), np.uint8) for net in refused()}
            save_file(models, HERE / "refused.safetensors")
            models = {net.name + ".model": np.frombuffer(net.bytes(), np.uint8) for net in unimportable()}
            save_file(models, HERE / "unimportable.safetensors")
        case ["networks"]:
            tensors = {}
            for name, model in networks():
                case(tensors, name, bytes(model), 20)
                if name == "real":
                    # The model that the tests of the command import.
                    (HERE.parents[3] / "kerust-cli/tests/real.tflite").write_bytes(model)
            save_file(tensors, HERE / "networks.safetensors")
        case ["published", folder]:
            tensors = {}
            for name in ["ad/ad01_int8", "ic/pretrainedResnet_quant", "kws/kws_ref_model"]:
                model = (Path(folder) / (name + ".tflite")).read_bytes()
                case(tensors, Path(name).name, model, 4, with_model=False)
            save_file(tensors, HERE / "published.safetensors")
        case ["run", model, source, target]:
            model = Path(model).read_bytes()
            interpreter = runtime.Interpreter.from_bytes(model, arena_size=4 << 20)
            length = int(np.prod(interpreter.get_input_details(0)["shape"]))
            x = np.fromfile(source, np.int8).reshape(-1, length)
            run(model, [[sample] for sample in x]).tofile(target)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
