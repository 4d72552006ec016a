"""Write the golden numbers of the parity tests, computed by the real Keras.

The Rust tests read the files that this script writes next to itself; nobody
needs Python to run them. Run the script again only to add or change cases.

Set it up in a virtual environment outside the repository, and run it from
anywhere:

    python3 -m venv keras-venv
    keras-venv/bin/pip install keras==3.15.1 tensorflow-cpu==2.21.0 \\
        safetensors==0.8.0 numpy==2.4.6
    keras-venv/bin/python tests/golden/generate.py            # every file
    keras-venv/bin/python tests/golden/generate.py losses     # only some parts

Inputs are random with fixed seeds, made from the names of the cases or groups
of cases, so a second run on the same machine writes the same bytes. (Another
processor may change the last bits of the outputs.)

The parts, and the files they write:

`layers`: `layers.safetensors`
    Forward and backward passes of single layers. The metadata maps the name of
    every case to JSON, `{"class_name", "config"}`. The tensors of a case are
    `CASE.x`, `CASE.y` (the output), `CASE.kernel` and `CASE.bias` if the layer
    has them, `CASE.dy` (the upstream gradient), and the gradients
    of sum(y * dy): `CASE.dx`, `CASE.d_kernel`, `CASE.d_bias`. Cases of
    `Resizing` have neither `dy` nor `dx`.

`augmentation`: `augmentation.safetensors`
    `RandomRotation` and `RandomFlip` with the random part replaced by a fixed
    one, forward only. The metadata is as above, with the fixed part next to the
    configuration. Tensors: `CASE.x`, `CASE.y`, and for rotations `CASE.angle`
    (radians, shape [1]) and `CASE.matrix` (shape [1, 8]).

`training`: `training.json`, `training.safetensors`
    Training runs that start from weights made by a formula (`formula_unit`):
    `cnn`, a convolutional network on the Fashion-MNIST subset of
    `data/fashion_mnist`, and `mlp_runs`, a small network (`mlp`) with every
    optimizer. `losses` holds the loss of every step, before its update, of the
    float32 run; `losses_float64` those of the same run in float64, which tell
    how far rounding alone moves them. The tensors are `cnn.initial_outputs`
    and `cnn.final_outputs` (of the first 8 test images),
    `cnn.first_gradients.LAYER.WEIGHT` (of the first batch), `mlp.x`, `mlp.y`,
    `mlp.initial_outputs`, and for every run `mlp.RUN.final_outputs` (of the
    first 16 samples) and the weights after it, `mlp.RUN.LAYER.WEIGHT`.

`graph_layers`: `graph_layers.safetensors`
    The layers of networks that are graphs, as in `layers`, but with weights by
    number in Keras's order: `CASE.w0`, `CASE.d_w0`, .., where the metadata says
    their names. Layers with several inputs have `CASE.x0`, `CASE.dx0`, ...
    Cases of `BatchNormalization` whose metadata says `training` are a training
    step, and `CASE.moving_mean_after` and `CASE.moving_variance_after` are the
    averages after it. The weights that are not trained have no gradient.

`graph_training`: `graph_training.json`, `graph_training.safetensors`
    ResNet-8 (that of MLPerf Tiny) in training, as in `training`. The images are
    the numbers of tensor `inputs_tensor` by the formula, the label of an image
    is its number modulo 10, and each batch is used once. `weights` gives the
    number, the shape and the limit of every tensor, in Keras's order; what has
    no limit is 0, or 1 for `gamma` and `moving_variance`. The tensors are
    `initial_outputs` and `final_outputs` (of the first 8 images, in inference)
    and the first normalization's `moving_mean` and `moving_variance` afterwards.

`losses`: `losses.json`
    `losses`: values and gradients by the prediction; a `_weighted` case has
    sample weights. `after_activation`: the same, by the logits, where the
    prediction comes out of a softmax or sigmoid. `metrics`: results after the
    first and after both of two uneven batches (`metric_batches`) of the data in
    `metric_inputs`.

`initializers`: `initializers.json`
    For every initializer and two shapes: the exact parameters of the
    distribution, and the statistics of a large draw.

`schedules`: `schedules.json`
    Learning rate schedules: `values`, one for each of `steps`.
"""

import gzip
import json
import math
import os
import sys
import zlib
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # its results differ between processors
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras  # noqa: E402  (the variables above must be set first)
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "data" / "fashion_mnist"
SEED = 2015


# --- Helpers -----------------------------------------------------------------


def rng_for(name):
    """The random generator of the case, or group of cases, `name`."""
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


def normal(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


def floats(array):
    """A float32 array as nested lists of the shortest numbers that read back as it."""
    array = np.asarray(array)
    if array.dtype == np.float64:
        return array.tolist()
    assert array.dtype == np.float32, array.dtype
    short = np.array([float(str(value)) for value in array.ravel()], "float64")
    assert np.array_equal(short.astype("float32"), array.ravel())
    return short.reshape(array.shape).tolist()


def public_config(obj, extra=()):
    """The part of `obj.get_config()` that has to do with what it computes."""
    dropped = {"name", "dtype", "trainable", "quantization_config", *extra}
    suffixes = ("_initializer", "_regularizer", "_constraint")
    return {
        key: value
        for key, value in obj.get_config().items()
        if key not in dropped and not key.endswith(suffixes)
    }


def describe(obj, **extra):
    """What JSON says of a layer, loss, metric, optimizer or schedule."""
    return {
        "class_name": type(obj).__name__,
        "config": public_config(obj),
        **extra,
    }


def write_safetensors(name, tensors, metadata):
    """Write float32 tensors in the safetensors format.

    The library's own writer orders the metadata at random, which would change
    the file with every run. So the library only checks what is written here.
    """
    header = {"__metadata__": metadata}
    blobs, end = [], 0
    for key, tensor in tensors.items():
        tensor = np.asarray(tensor)
        assert tensor.dtype == np.float32, (key, tensor.dtype)
        assert np.isfinite(tensor).all(), key
        blob = tensor.astype("<f4").tobytes()
        header[key] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [end, end + len(blob)],
        }
        blobs.append(blob)
        end += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = HERE / name
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))

    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        assert file.metadata() == metadata
        assert set(file.keys()) == set(tensors)
        for key in file.keys():
            assert np.array_equal(file.get_tensor(key), tensors[key])
    report(path, f"{len(tensors)} tensors")


def write_json(name, content):
    """Write `content` with one line for every entry of its sections."""

    def lines(value, depth):
        if depth == 0 or not isinstance(value, dict):
            return json.dumps(value, allow_nan=False)
        pad = " " * (3 - depth)
        entries = (
            f"{pad}{json.dumps(key)}: {lines(entry, depth - 1)}"
            for key, entry in value.items()
        )
        return "{\n" + ",\n".join(entries) + "\n" + pad[:-1] + "}"

    path = HERE / name
    path.write_text(lines(content, 2) + "\n")
    assert json.loads(path.read_text()) == content
    report(path, ", ".join(content))


def report(path, what):
    print(f"{path.name}: {path.stat().st_size} bytes, {what}")


# --- Layers ------------------------------------------------------------------

ACTIVATIONS = (
    "linear relu relu6 leaky_relu elu selu celu gelu silu sigmoid hard_sigmoid "
    "hard_silu tanh softplus softsign softmax log_softmax exponential mish"
).split()


def layer_cases():
    """Yield (name, layer, shape of the input or the input itself)."""
    layers = keras.layers

    yield "dense_linear", layers.Dense(5), (3, 7)
    yield "dense_relu", layers.Dense(5, activation="relu"), (3, 7)
    yield "dense_no_bias", layers.Dense(5, use_bias=False), (3, 7)

    # About -8 to 8, at no point where a derivative jumps; and far outside.
    spread = np.linspace(-8, 8, 22, dtype="float32")
    spread = rng_for("activation").permutation(spread).reshape(2, 11)
    extreme = np.array([[-80, 40, -12, 20], [12, -20, 80, -40]], "float32")
    for name in ACTIVATIONS:
        yield f"activation_{name}", layers.Activation(name), spread
        yield f"extreme_{name}", layers.Activation(name), extreme

    def conv(filters, kernel_size, **config):
        return layers.Conv2D(filters, kernel_size, **config)

    for name, layer, shape in (
        ("same_3x3", conv(4, 3, padding="same"), (2, 7, 5, 3)),
        ("valid_3x3", conv(4, 3), (2, 7, 5, 3)),
        ("stride2_same_even", conv(3, 3, strides=2, padding="same"), (2, 8, 6, 2)),
        ("stride2_same_odd", conv(3, 3, strides=2, padding="same"), (2, 7, 5, 2)),
        ("stride2_valid", conv(3, 3, strides=2), (2, 8, 7, 2)),
        ("kernel_2x4_same", conv(3, (2, 4), padding="same"), (2, 6, 7, 2)),
        ("kernel_1x1", conv(5, 1), (2, 4, 5, 3)),
        ("dilation2_same", conv(3, 3, dilation_rate=2, padding="same"), (2, 9, 9, 2)),
        ("dilation2_valid", conv(3, 3, dilation_rate=2), (2, 9, 9, 2)),
        ("groups2", conv(6, 3, groups=2, padding="same"), (2, 6, 5, 4)),
        ("one_channel", conv(1, 3, padding="same"), (2, 6, 5, 1)),
        ("no_bias", conv(4, 3, padding="same", use_bias=False), (2, 5, 5, 2)),
        ("relu", conv(4, 3, padding="same", activation="relu"), (2, 5, 5, 2)),
        ("stride_2x1_valid", conv(3, 3, strides=(2, 1)), (2, 8, 7, 2)),
        ("kernel_5x5_same_on_4x4", conv(3, 5, padding="same"), (2, 4, 4, 2)),
    ):
        yield f"conv2d_{name}", layer, shape

    for prefix, pooling in (
        ("max_pooling2d", layers.MaxPooling2D),
        ("average_pooling2d", layers.AveragePooling2D),
    ):
        yield f"{prefix}_2x2_valid_even", pooling(2), (2, 6, 6, 3)
        yield f"{prefix}_2x2_valid_odd", pooling(2), (2, 7, 5, 3)
        yield (
            f"{prefix}_3x3_stride2_same",
            pooling(3, strides=2, padding="same"),
            (2, 7, 8, 3),
        )
        yield (
            f"{prefix}_2x2_stride1_same",
            pooling(2, strides=1, padding="same"),
            (2, 5, 6, 3),
        )
    # Many equal maxima, as after a ReLU: the whole gradient goes to the first
    # of a window in row-major order.
    ties = rng_for("ties").integers(0, 3, (2, 7, 6, 2)).astype("float32")
    yield "max_pooling2d_ties", layers.MaxPooling2D(3, 2, "same"), ties

    yield "global_average_pooling2d", layers.GlobalAveragePooling2D(), (2, 5, 4, 3)
    yield "flatten", layers.Flatten(), (2, 3, 4, 2)
    yield "reshape", layers.Reshape((4, -1)), (2, 3, 4, 2)
    yield "rescaling", layers.Rescaling(1 / 127.5, offset=-1.0), (2, 3, 4, 2)
    yield "softmax", layers.Softmax(), (3, 6)
    yield "relu", layers.ReLU(), (3, 8)
    yield (
        "relu_capped",
        layers.ReLU(max_value=6, negative_slope=0.1, threshold=0.5),
        spread,
    )
    yield "leaky_relu", layers.LeakyReLU(), spread
    yield "leaky_relu_slope", layers.LeakyReLU(negative_slope=0.1), spread

    # Forward only.
    yield "resizing_bilinear_down", layers.Resizing(4, 5), (2, 6, 8, 3)
    yield "resizing_bilinear_up", layers.Resizing(9, 13), (2, 6, 8, 3)
    yield (
        "resizing_nearest_down",
        layers.Resizing(4, 5, interpolation="nearest"),
        (2, 6, 8, 3),
    )


def generate_layers():
    tensors, metadata = {}, {}
    for name, layer, x in layer_cases():
        assert name not in metadata
        rng = rng_for(name)
        if isinstance(x, tuple):
            x = normal(rng, *x)
        layer.build(x.shape)
        weights = {weight.name: weight for weight in layer.trainable_weights}
        if "kernel" in weights:
            weights["kernel"].assign(0.5 * normal(rng, *weights["kernel"].shape))
        if "bias" in weights:
            size = rng.uniform(0.1, 0.6, weights["bias"].shape)
            sign = rng.choice([-1, 1], weights["bias"].shape)
            weights["bias"].assign((size * sign).astype("float32"))

        inputs = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = layer(inputs)
            if not isinstance(layer, keras.layers.Resizing):
                dy = normal(rng, *y.shape)
                objective = tf.reduce_sum(y * dy)

        tensors[f"{name}.x"] = x
        for key, weight in weights.items():
            tensors[f"{name}.{key}"] = weight.numpy()
        tensors[f"{name}.y"] = y.numpy()
        if not isinstance(layer, keras.layers.Resizing):
            sources = {"dx": inputs}
            sources |= {f"d_{key}": weight.value for key, weight in weights.items()}
            tensors[f"{name}.dy"] = dy
            for key, gradient in tape.gradient(objective, sources).items():
                tensors[f"{name}.{key}"] = gradient.numpy()
        metadata[name] = json.dumps(describe(layer))
    write_safetensors("layers.safetensors", tensors, metadata)


# --- Augmentation ------------------------------------------------------------

ANGLES = {"0.3": 0.3, "-0.7": -0.7, "fifth_turn": 0.2 * 2 * math.pi}


def generate_augmentation():
    """Rotations and flips, through the layers' own methods.

    How Keras rotates: `RandomRotation(factor)` turns `factor` into the bounds
    (-|factor|, |factor|), or takes a pair as (lower, upper). In training it
    draws one angle per sample, in degrees, uniformly from
    [lower * 360, upper * 360), and multiplies it with pi / 180. With
    cx = (width - 1) / 2 and cy = (height - 1) / 2, the output pixel (x, y) is
    the input at

        x' = cos(a) * x - sin(a) * y + (cx - cx * cos(a) + cy * sin(a))
        y' = sin(a) * x + cos(a) * y + (cy - cx * sin(a) - cy * cos(a))

    y counts downward, so a positive angle turns the picture counterclockwise
    as seen. `matrix` holds the six factors of these lines, then 0, 0.

    How x' and y' outside of the image are mapped into it, before the
    interpolation, for a length n (this is TensorFlow's
    `ImageProjectiveTransformV3`; the integer division truncates):

        reflect   c < 0:      c += 2n * int(-c / 2n), then
                              c = c + 2n if c < -n else -c - 1
                  c > n - 1:  c -= 2n * int(c / 2n), then
                              c = 2n - c - 1 if c >= n
                  and at last clamped to [0, n - 1]
        wrap      c < 0:      c += n * (int(-c / (n - 1)) + 1)
                  c > n - 1:  c -= n * int(c / (n - 1))
                  and at last clamped to [0, n - 1]
        nearest   clamped to [0, n - 1]
        constant  as it is

    Bilinear then reads the four pixels around floor(x'), floor(y'), and
    nearest the one at round(x'), round(y') (halves away from zero); a pixel
    outside of the image reads as `fill_value`.

    `RandomFlip` flips every sample with probability one half, each on its own.
    In the mode horizontal_and_vertical one draw decides both, so a sample is
    either left alone or turned by half a turn.
    """
    tensors, metadata = {}, {}

    def rotation(name, angle, **config):
        layer = keras.layers.RandomRotation(1.0, **config)
        x = normal(rng_for(name), 1, 7, 9, 2)
        zeros, ones = tf.zeros([1]), tf.ones([1])
        degrees = tf.constant([math.degrees(angle)], "float32")
        matrix = layer._compute_affine_matrix(
            center_x=0.5,
            center_y=0.5,
            angle=degrees,
            translate_x=zeros,
            translate_y=zeros,
            scale=ones,
            shear_x=zeros,
            shear_y=zeros,
            height=7,
            width=9,
        )
        y = layer.transform_images(tf.constant(x), {"rotation_matrix": matrix})
        tensors[f"{name}.x"] = x
        tensors[f"{name}.angle"] = np.array([angle], "float32")
        tensors[f"{name}.matrix"] = matrix.numpy()
        tensors[f"{name}.y"] = y.numpy()
        metadata[name] = json.dumps(describe(layer, angle=angle))

    for fill_mode in ("reflect", "constant", "nearest", "wrap"):
        for key, angle in ANGLES.items():
            for interpolation in ("bilinear", "nearest"):
                rotation(
                    f"rotation_{fill_mode}_{interpolation}_{key}",
                    angle,
                    fill_mode=fill_mode,
                    interpolation=interpolation,
                )
    rotation("rotation_constant_filled", 0.3, fill_mode="constant", fill_value=2.5)

    flips = np.array([True, False, True])
    for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
        name = f"flip_{mode}"
        layer = keras.layers.RandomFlip(mode)
        x = normal(rng_for(name), 3, 4, 5, 2)
        transformation = {"flips": tf.constant(flips.reshape(3, 1, 1, 1))}
        tensors[f"{name}.x"] = x
        tensors[f"{name}.y"] = layer.transform_images(x, transformation).numpy()
        metadata[name] = json.dumps(describe(layer, flips=flips.tolist()))
    write_safetensors("augmentation.safetensors", tensors, metadata)


# --- Training ----------------------------------------------------------------


def formula_unit(tensor, count):
    """The first `count` numbers, in [0, 1), of the tensor number `tensor`."""
    mask = np.uint64(0xFFFFFFFF)

    def times(h, factor):
        return (h * np.uint64(factor)) & mask

    h = times(np.arange(count, dtype="uint64"), 2654435761)
    h = (h + np.uint64((tensor + 1) * 40503)) & mask
    h ^= h >> np.uint64(15)
    h = times(h, 2246822519)
    h ^= h >> np.uint64(13)
    h = times(h, 3266489917)
    h ^= h >> np.uint64(16)
    return (h >> np.uint64(8)).astype("float32") / np.float32(2**24)


def formula_weights(model):
    """Set the weights by the formula; return the limits of the kernels.

    A kernel is (2u - 1) * limit in float32, with Glorot's limit; a bias is 0.
    """
    limits = {}
    for number, weight in enumerate(model.trainable_weights):
        if weight.name == "bias":
            weight.assign(np.zeros(weight.shape, "float32"))
            continue
        *window, fan_in, fan_out = weight.shape
        area = math.prod(window)
        limit = np.float32(math.sqrt(6 / (area * fan_in + area * fan_out)))
        unit = formula_unit(number, math.prod(weight.shape))
        values = (np.float32(2) * unit - np.float32(1)) * limit
        weight.assign(values.reshape(weight.shape))
        limits[number] = float(limit)
    return limits


def train_on_batches(model, batches):
    """Train with `train_on_batch`, as `fit` does; return every step's loss."""
    return [float(model.train_on_batch(x, y)) for x, y in batches]


def train_with_tape(model, batches):
    """The same as an explicit loop, to check it."""
    losses = []
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = model.loss(y, model(x, training=True))
        variables = model.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        model.optimizer.apply(gradients, variables)
        losses.append(float(loss))
    return losses


def use_precision(dtype):
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


def run_training(make_model, batches, tolerance=1e-6):
    """Train thrice: for the record, to check it, and in float64.

    Return the first model, trained, and what JSON says of the run.
    """
    model, checked = make_model(), make_model()
    losses = train_on_batches(model, batches)
    difference = np.abs(np.subtract(losses, train_with_tape(checked, batches))).max()
    assert difference < tolerance, difference

    use_precision("float64")
    exact = make_model()
    exact_losses = train_on_batches(exact, batches)
    assert exact.weights[0].dtype == exact.optimizer.variables[-1].dtype == "float64"
    use_precision("float32")
    drift = np.abs(np.subtract(losses, exact_losses)).max()
    print(
        f"  {losses[0]:.4f} to {losses[-1]:.4f}; to the tape: {difference:.1e}, "
        f"to float64: {drift:.1e}"
    )
    optimizer = describe(model.optimizer)
    optimizer["config"]["learning_rate"] = floats(model.optimizer.learning_rate)
    return model, {
        "optimizer": optimizer,
        "loss": type(model.loss).__name__,
        "losses": losses,
        "losses_float64": exact_losses,
    }


def read_idx(name, header):
    return np.frombuffer(gzip.decompress((DATA / name).read_bytes())[header:], "uint8")


def train_cnn(tensors):
    """50 steps of Adam on the Fashion-MNIST subset."""
    steps, batch_size = 50, 64
    images = read_idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)
    labels = read_idx("train-labels-idx1-ubyte.gz", 8)
    batches = [
        (
            images[batch_size * s : batch_size * (s + 1)].astype("float32"),
            labels[batch_size * s : batch_size * (s + 1)].astype("int32"),
        )
        for s in range(steps)
    ]
    test = read_idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)
    test = test[:8].astype("float32")

    def make_model():
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Rescaling(1 / 255),
                layers.Conv2D(10, 3, padding="same"),
                layers.Flatten(),
                layers.Dense(64, activation="relu"),
                layers.Dense(10, activation="softmax"),
            ]
        )
        formula_weights(model)
        model.compile(
            keras.optimizers.Adam(0.001),
            keras.losses.SparseCategoricalCrossentropy(),
            jit_compile=False,
        )
        return model

    initial = make_model()
    tensors["cnn.initial_outputs"] = initial(test).numpy()
    with tf.GradientTape() as tape:
        loss = initial.loss(batches[0][1], initial(batches[0][0]))
    names = ["conv2d.kernel", "conv2d.bias", "dense.kernel", "dense.bias"]
    names += ["dense_1.kernel", "dense_1.bias"]
    variables = [weight.value for weight in initial.trainable_weights]
    for name, gradient in zip(names, tape.gradient(loss, variables)):
        if name != "dense.kernel":  # too large
            tensors[f"cnn.first_gradients.{name}"] = gradient.numpy()

    weights = {}
    limits = formula_weights(initial)
    for number, (name, weight) in enumerate(zip(names, initial.trainable_weights)):
        values = weight.numpy()
        weights[name] = {
            "tensor": number,
            "shape": list(values.shape),
            "limit": limits.get(number),
            "first": floats(values.ravel()[:6]),
            "sum_of_squares": float(np.sum(values.astype("float64") ** 2)),
        }

    print("cnn:")
    model, record = run_training(make_model, batches)
    tensors["cnn.final_outputs"] = model(test).numpy()
    return {"batch_size": batch_size, "steps": steps, "weights": weights, **record}


def mlp_optimizers():
    """Yield (name of the run, function that makes the optimizer)."""
    make = keras.optimizers
    yield "sgd", lambda: make.SGD(0.1)
    yield "sgd_momentum", lambda: make.SGD(0.05, momentum=0.9)
    yield "sgd_nesterov", lambda: make.SGD(0.05, momentum=0.9, nesterov=True)
    yield "rmsprop", lambda: make.RMSprop(0.003, rho=0.9)
    yield (
        "rmsprop_centered_momentum",
        lambda: make.RMSprop(0.003, rho=0.9, momentum=0.9, centered=True),
    )
    yield "adam", lambda: make.Adam(0.01)
    yield "adam_amsgrad", lambda: make.Adam(0.01, amsgrad=True)
    # With the default beta_2, 30 steps with and without amsgrad hardly differ.
    yield "adam_beta_2", lambda: make.Adam(0.01, beta_2=0.7)
    yield "adam_beta_2_amsgrad", lambda: make.Adam(0.01, beta_2=0.7, amsgrad=True)
    yield "adam_clipnorm", lambda: make.Adam(0.01, clipnorm=0.1)
    yield "adam_global_clipnorm", lambda: make.Adam(0.01, global_clipnorm=0.1)
    yield "adam_clipvalue", lambda: make.Adam(0.01, clipvalue=0.01)
    yield "adam_weight_decay", lambda: make.Adam(0.01, weight_decay=0.01)


def train_mlp(tensors):
    """30 steps of every optimizer on a small network, each batch used once."""
    steps, batch_size, features = 30, 16, 20
    x = formula_unit(9, steps * batch_size * features).reshape(-1, features)
    y = (x.astype("float64").sum(axis=1, keepdims=True) > 10).astype("float32")
    assert 0.4 < y.mean() < 0.6
    batches = list(zip(x.reshape(steps, batch_size, -1), y.reshape(steps, -1, 1)))
    tensors["mlp.x"], tensors["mlp.y"] = x, y

    def make_model(optimizer):
        model = keras.Sequential(
            [
                keras.Input((features,)),
                keras.layers.Dense(32, activation="relu"),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        formula_weights(model)
        model.compile(optimizer, keras.losses.BinaryCrossentropy(), jit_compile=False)
        return model

    initial = make_model("sgd")
    limits = formula_weights(initial)
    tensors["mlp.initial_outputs"] = initial(x[:batch_size]).numpy()
    runs = {}
    for name, make_optimizer in mlp_optimizers():
        print(f"mlp, {name}:")
        model, runs[name] = run_training(lambda: make_model(make_optimizer()), batches)
        names = ("dense.kernel", "dense.bias", "dense_1.kernel", "dense_1.bias")
        for key, weight in zip(names, model.trainable_weights):
            tensors[f"mlp.{name}.{key}"] = weight.numpy()
        tensors[f"mlp.{name}.final_outputs"] = model(x[:batch_size]).numpy()
    settings = {
        "batch_size": batch_size,
        "steps": steps,
        "limits": {"dense.kernel": limits[0], "dense_1.kernel": limits[2]},
    }
    return settings, runs


def generate_training():
    tensors = {}
    cnn = train_cnn(tensors)
    mlp, runs = train_mlp(tensors)
    write_json("training.json", {"cnn": cnn, "mlp": mlp, "mlp_runs": runs})
    write_safetensors("training.safetensors", tensors, {})


# --- Graphs: layers ----------------------------------------------------------


def merge_cases():
    """Yield (name, layer, inputs or their shapes)."""
    layers = keras.layers
    for name in "Add Multiply Average Maximum Minimum".split():
        merge = getattr(layers, name)
        yield f"{name.lower()}_two", merge(), [(2, 3, 5)] * 2
        yield f"{name.lower()}_three", merge(), [(2, 7)] * 3
    yield "subtract_two", layers.Subtract(), [(2, 3, 5)] * 2
    # Many equal values: which input takes the gradient?
    for name in ("Maximum", "Minimum"):
        ties = rng_for("merge_ties").integers(0, 3, (3, 2, 11)).astype("float32")
        yield f"{name.lower()}_ties", getattr(layers, name)(), list(ties)
    images = (2, 3, 4, 2), (2, 3, 4, 3), (2, 3, 4, 1)
    yield "concatenate_last", layers.Concatenate(), images
    yield "concatenate_axis_1", layers.Concatenate(axis=1), [(2, 3, 4, 2), (2, 1, 4, 2)]
    yield "concatenate_axis_2", layers.Concatenate(axis=2), [(2, 3, 4, 2), (2, 3, 1, 2)]
    yield "concatenate_vectors", layers.Concatenate(), [(2, 5), (2, 3)]


def graph_layer_cases():
    """Yield (name, layer, shape of the input or the input itself, training)."""
    layers = keras.layers

    norm = layers.BatchNormalization
    for name, config, shape in (
        ("images", {}, (3, 5, 3, 4)),
        ("vectors", {}, (6, 7)),
        ("one_channel", {}, (2, 3, 3, 1)),
        ("many_channels", {}, (2, 2, 3, 67)),
        ("momentum_epsilon", {"momentum": 0.8, "epsilon": 0.1}, (4, 3, 2, 5)),
        ("no_center", {"center": False}, (3, 2, 2, 5)),
        ("no_scale", {"scale": False}, (3, 2, 2, 5)),
        ("no_center_no_scale", {"center": False, "scale": False}, (6, 7)),
    ):
        for training in (False, True):
            mode = "training" if training else "inference"
            yield f"batch_normalization_{mode}_{name}", norm(**config), shape, training

    norm = layers.LayerNormalization
    for name, config, shape in (
        ("vectors", {}, (3, 7)),
        ("images", {}, (2, 3, 4, 5)),
        ("many_features", {}, (2, 2, 35)),
        ("epsilon", {"epsilon": 0.1}, (3, 6)),
    ):
        yield f"layer_normalization_{name}", norm(**config), shape, False

    def depthwise(kernel_size, **config):
        return layers.DepthwiseConv2D(kernel_size, **config)

    def separable(kernel_size, **config):
        return layers.SeparableConv2D(4, kernel_size, **config)

    def transposed(kernel_size, **config):
        return layers.Conv2DTranspose(4, kernel_size, **config)

    same, even = {"padding": "same"}, (2, 8, 6, 3)
    for prefix, make in (
        ("depthwise_conv2d", depthwise),
        ("separable_conv2d", separable),
        ("conv2d_transpose", transposed),
    ):
        for name, layer, shape in (
            ("same_3x3", make(3, **same), (2, 7, 5, 3)),
            ("valid_3x3", make(3), (2, 7, 5, 3)),
            ("stride2_same_even", make(3, strides=2, **same), even),
            ("stride2_same_odd", make(3, strides=2, **same), (2, 7, 5, 3)),
            ("stride2_valid", make(3, strides=2), even),
            ("kernel_2x4_same", make((2, 4), **same), (2, 5, 6, 2)),
            ("kernel_3x1_valid", make((3, 1)), (2, 5, 4, 2)),
            ("one_channel", make(3, **same), (2, 5, 4, 1)),
            ("no_bias", make(3, use_bias=False), (2, 5, 4, 2)),
            ("relu", make(3, activation="relu", **same), (2, 5, 4, 3)),
        ):
            yield f"{prefix}_{name}", layer, shape, False
        if make is transposed:
            continue
        for name, layer, shape in (
            ("dilation2_same", make(3, dilation_rate=2, **same), (2, 7, 6, 3)),
            ("dilation2_valid", make(3, dilation_rate=2), (2, 7, 6, 3)),
            ("multiplier2", make(3, depth_multiplier=2, **same), (2, 5, 4, 3)),
        ):
            yield f"{prefix}_{name}", layer, shape, False
    many = (2, 4, 3, 43)
    yield "depthwise_conv2d_many_channels", depthwise(3, **same), many, False
    yield "conv2d_transpose_kernel_2x2_stride2", transposed(2, strides=2), even, False
    strides = {"strides": (3, 1)}
    yield "conv2d_transpose_stride_3x1", transposed((2, 3), **strides), even, False

    padding = layers.ZeroPadding2D
    yield "zero_padding2d_one", padding(), (2, 3, 2, 2), False
    yield "zero_padding2d_sides", padding(((1, 2), (3, 0))), (2, 3, 2, 2), False
    yield "global_max_pooling2d", layers.GlobalMaxPooling2D(), (2, 5, 4, 3), False
    ties = rng_for("global_ties").integers(0, 3, (2, 3, 4, 3)).astype("float32")
    yield "global_max_pooling2d_ties", layers.GlobalMaxPooling2D(), ties, False
    up = layers.UpSampling2D
    yield "up_sampling2d_nearest", up((2, 3)), (2, 3, 2, 2), False
    yield (
        "up_sampling2d_bilinear",
        up((2, 3), interpolation="bilinear"),
        (2, 3, 2, 2),
        False,
    )


def graph_weights(layer, rng):
    """Give the layer weights that are not those of a fresh one."""
    for weight in layer.weights:
        if weight.name in ("gamma", "moving_variance"):
            values = rng.uniform(0.5, 2.0, weight.shape)
        elif weight.name == "bias":
            # Not near 0, where the derivative of a ReLU jumps.
            values = rng.uniform(0.1, 0.6, weight.shape)
            values *= rng.choice([-1, 1], weight.shape)
        else:
            values = 0.5 * rng.standard_normal(weight.shape)
        weight.assign(values.astype("float32"))


def generate_graph_layers():
    tensors, metadata = {}, {}

    def inputs_of(rng, x):
        return normal(rng, *x) if isinstance(x, tuple) else x

    for name, layer, x in merge_cases():
        assert name not in metadata
        rng = rng_for(name)
        x = [tf.constant(inputs_of(rng, x)) for x in x]
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            dy = normal(rng, *y.shape)
            objective = tf.reduce_sum(y * dy)
        for number, (x, dx) in enumerate(zip(x, tape.gradient(objective, x))):
            tensors[f"{name}.x{number}"] = x.numpy()
            tensors[f"{name}.dx{number}"] = dx.numpy()
        tensors[f"{name}.y"], tensors[f"{name}.dy"] = y.numpy(), dy
        metadata[name] = json.dumps(describe(layer))

    for name, layer, x, training in graph_layer_cases():
        assert name not in metadata
        rng = rng_for(name)
        x = inputs_of(rng, x)
        layer.build(x.shape)
        graph_weights(layer, rng)
        for number, weight in enumerate(layer.weights):
            tensors[f"{name}.w{number}"] = weight.numpy()
        inputs = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = layer(inputs, training=True) if training else layer(inputs)
            dy = normal(rng, *y.shape)
            objective = tf.reduce_sum(y * dy)
        sources = {"dx": inputs}
        for number, weight in enumerate(layer.weights):
            if weight.trainable:
                sources[f"d_w{number}"] = weight.value
        tensors[f"{name}.x"] = x
        tensors[f"{name}.y"], tensors[f"{name}.dy"] = y.numpy(), dy
        for key, gradient in tape.gradient(objective, sources).items():
            tensors[f"{name}.{key}"] = tf.convert_to_tensor(gradient).numpy()
        if training:
            for weight in layer.non_trainable_weights:
                tensors[f"{name}.{weight.name}_after"] = weight.numpy()
        names = [weight.name for weight in layer.weights]
        metadata[name] = json.dumps(describe(layer, weights=names, training=training))
    write_safetensors("graph_layers.safetensors", tensors, metadata)


# --- Graphs: training --------------------------------------------------------


def resnet8():
    """ResNet-8 as MLPerf Tiny has it, with weights by the formula.

    Returns the model, and what JSON says of its weights.
    """
    layers = keras.layers

    def conv(x, filters, size, strides, name):
        make = layers.Conv2D(filters, size, strides, "same", name=name)
        return make(x)

    def norm(x, name):
        return layers.BatchNormalization(name=name)(x)

    image = keras.Input((32, 32, 3))
    x = layers.ReLU()(norm(conv(image, 16, 3, 1, "conv"), "norm"))
    for stack, (filters, strides) in enumerate(((16, 1), (32, 2), (64, 2)), 1):
        y = conv(x, filters, 3, strides, f"stack{stack}_conv1")
        y = layers.ReLU()(norm(y, f"stack{stack}_norm1"))
        y = norm(conv(y, filters, 3, 1, f"stack{stack}_conv2"), f"stack{stack}_norm2")
        if strides != 1:
            x = conv(x, filters, 1, strides, f"stack{stack}_shortcut")
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    x = layers.Dense(10, activation="softmax", name="dense")(x)
    model = keras.Model(image, x)

    weights = {}
    for number, weight in enumerate(model.weights):
        limit = None
        if weight.name == "kernel":
            *window, fan_in, fan_out = weight.shape
            area = math.prod(window)
            limit = np.float32(math.sqrt(6 / (area * fan_in + area * fan_out)))
            unit = formula_unit(number, math.prod(weight.shape))
            values = (np.float32(2) * unit - np.float32(1)) * limit
            weight.assign(values.reshape(weight.shape))
        else:
            one = weight.name in ("gamma", "moving_variance")
            weight.assign(np.full(weight.shape, float(one), "float32"))
        weights[weight.path.replace("/", ".")] = {
            "tensor": number,
            "shape": list(weight.shape),
            "limit": None if limit is None else float(limit),
        }
    return model, weights


def generate_graph_training():
    steps, batch_size, tensor = 20, 32, 1000
    size = (32, 32, 3)
    x = formula_unit(tensor, steps * batch_size * math.prod(size)).reshape(-1, *size)
    y = (np.arange(len(x)) % 10).astype("int32")
    batches = list(
        zip(x.reshape(steps, batch_size, *size), y.reshape(steps, batch_size))
    )

    def make_model():
        model, _ = resnet8()
        model.compile(
            keras.optimizers.Adam(0.001),
            keras.losses.SparseCategoricalCrossentropy(),
            jit_compile=False,
        )
        return model

    model, weights = resnet8()
    tensors = {"initial_outputs": model(x[:8]).numpy()}
    print("resnet8:")
    # The gradient of a bias in front of a normalization is rounding alone, which Adam scales up to
    # steps of full size: two ways of summation drift apart.
    model, record = run_training(make_model, batches, tolerance=1e-2)
    tensors["final_outputs"] = model(x[:8]).numpy()
    norm = model.get_layer("norm")
    tensors["moving_mean"] = norm.moving_mean.numpy()
    tensors["moving_variance"] = norm.moving_variance.numpy()
    settings = {"batch_size": batch_size, "steps": steps, "inputs_tensor": tensor}
    record = {"resnet8_training": {**settings, "weights": weights, **record}}
    write_json("graph_training.json", record)
    write_safetensors("graph_training.safetensors", tensors, {})


# --- Losses and metrics ------------------------------------------------------


def softmax(logits):
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (exp / exp.sum(axis=-1, keepdims=True)).astype("float32")


def one_hot(labels, classes):
    return np.eye(classes, dtype="float32")[labels]


def loss_cases():
    """Yield (name, loss, y_true, y_pred)."""
    losses = keras.losses
    rng = rng_for("losses")

    truth = rng.integers(0, 2, (4, 3)).astype("float32")
    probabilities = rng.uniform(0.03, 0.97, (4, 3)).astype("float32")
    logits = 2 * normal(rng, 4, 3)
    certain = np.array([[0, 1, 1], [1, 0, 0.5]], "float32")
    certain_truth = np.array([[1, 1, 0], [1, 0, 1]], "float32")
    name, loss = "binary_crossentropy", losses.BinaryCrossentropy
    yield name, loss(), truth, probabilities
    yield f"{name}_from_logits", loss(from_logits=True), truth, logits
    yield f"{name}_smoothing", loss(label_smoothing=0.1), truth, probabilities
    yield (
        f"{name}_smoothing_from_logits",
        loss(from_logits=True, label_smoothing=0.1),
        truth,
        logits,
    )
    yield f"{name}_certain", loss(), certain_truth, certain

    labels = np.array([2, 0, 4, 1, 2])
    truth = one_hot(labels, 5)
    logits = 2 * normal(rng, 5, 5)
    probabilities = softmax(logits[::-1])
    unnormalized = rng.uniform(0.1, 2, (5, 5)).astype("float32")
    certain = np.array([[1, 0, 0], [0, 1, 0], [0, 0.25, 0.75]], "float32")
    certain_labels = np.array([0, 2, 0])
    name, loss = "categorical_crossentropy", losses.CategoricalCrossentropy
    yield name, loss(), truth, probabilities
    yield f"{name}_from_logits", loss(from_logits=True), truth, logits
    yield f"{name}_smoothing", loss(label_smoothing=0.1), truth, probabilities
    yield (
        f"{name}_smoothing_from_logits",
        loss(from_logits=True, label_smoothing=0.1),
        truth,
        logits,
    )
    yield f"{name}_unnormalized", loss(), truth, unnormalized
    yield f"{name}_certain", loss(), one_hot(certain_labels, 3), certain
    name, loss = "sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy
    yield name, loss(), labels, probabilities
    yield f"{name}_from_logits", loss(from_logits=True), labels, logits
    yield f"{name}_unnormalized", loss(), labels, unnormalized
    yield f"{name}_certain", loss(), certain_labels, certain

    truth, prediction = normal(rng, 4, 3), normal(rng, 4, 3)
    prediction[1, 2] = truth[1, 2]
    yield "mean_squared_error", losses.MeanSquaredError(), truth, prediction
    yield "mean_absolute_error", losses.MeanAbsoluteError(), truth, prediction


def numbers(array):
    return array.tolist() if array.dtype == np.int64 else floats(array)


def generate_loss_values():
    result = {}
    for base, loss, y_true, y_pred in loss_cases():
        unreduced = type(loss).from_config({**loss.get_config(), "reduction": None})
        weight = rng_for(base).uniform(0.2, 2.5, len(y_true)).astype("float32")
        for name, sample_weight in ((base, None), (f"{base}_weighted", weight)):
            prediction = tf.constant(y_pred)
            with tf.GradientTape() as tape:
                tape.watch(prediction)
                value = loss(y_true, prediction, sample_weight)
            result[name] = {
                "class_name": type(loss).__name__,
                "config": public_config(loss, {"axis", "ignore_class"}),
                "y_true": numbers(y_true),
                "y_pred": floats(y_pred),
                "sample_weight": None if sample_weight is None else floats(weight),
                "value": floats(value),
                "per_sample": floats(unreduced(y_true, prediction, sample_weight)),
                "gradient": floats(tape.gradient(value, prediction)),
            }
    return result


def generate_losses_after_activation():
    """Losses of the output of a softmax or sigmoid.

    Keras keeps the logits with the output of these two activations (in
    `_keras_logits`), and its crossentropies compute with the logits when there
    are any. So even logits of 200 lead to a finite loss of 200 and to a right
    gradient, where the probabilities alone would be clipped at 1e-7.
    """
    large = np.array([[200, 0, -30], [1, 2, 3], [-50, 40, 0]], "float32")
    labels = np.array([2, 0, 1])
    scores = np.array([[200], [-40], [0.5], [-90]], "float32")
    truth = np.array([[0], [1], [1], [0]], "float32")
    losses = keras.losses
    result = {}
    for loss, activation, y_true, logits in (
        (losses.BinaryCrossentropy(), "sigmoid", truth, scores),
        (losses.CategoricalCrossentropy(), "softmax", one_hot(labels, 3), large),
        (losses.SparseCategoricalCrossentropy(), "softmax", labels, large),
    ):
        inputs = tf.constant(logits)
        units = logits.shape[-1]
        layer = keras.layers.Dense(
            units, activation=activation, kernel_initializer="identity"
        )
        model = keras.Sequential([keras.Input((units,)), layer])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = loss(y_true, model(inputs))
        result[loss.name] = {
            "class_name": type(loss).__name__,
            "activation": activation,
            "y_true": numbers(y_true),
            "logits": floats(logits),
            "value": floats(value),
            "gradient": floats(tape.gradient(value, inputs)),
        }
    return result


def metric_inputs():
    rng = rng_for("metrics")
    samples, classes = 50, 6
    truth = rng.integers(0, 2, (samples, 1)).astype("float32")
    scores = 1 / (1 + np.exp(-(truth * 1.5 - 0.75 + normal(rng, samples, 1))))
    labels = rng.integers(0, classes, samples)
    logits = normal(rng, samples, classes) + 1.5 * one_hot(labels, classes)
    guesses = np.where(
        rng.uniform(size=samples) < 0.6, labels, rng.integers(0, classes, samples)
    )
    values = normal(rng, samples, 2)
    return {
        "binary": (truth, scores.astype("float32")),
        "sparse": (labels, softmax(logits)),
        "one_hot": (one_hot(labels, classes), softmax(logits)),
        "classes": (labels, guesses),
        "regression": (values, values + 0.5 * normal(rng, samples, 2)),
        "sample_weight": rng.uniform(0.2, 2.5, samples).astype("float32"),
    }


def metric_cases():
    """Yield (name, class, configuration, name of the inputs)."""
    metrics = keras.metrics
    yield "accuracy", metrics.Accuracy, {}, "classes"
    yield "binary_accuracy", metrics.BinaryAccuracy, {}, "binary"
    yield "binary_accuracy_0.7", metrics.BinaryAccuracy, {"threshold": 0.7}, "binary"
    yield "categorical_accuracy", metrics.CategoricalAccuracy, {}, "one_hot"
    yield "sparse_categorical_accuracy", metrics.SparseCategoricalAccuracy, {}, "sparse"
    yield "top_k_3", metrics.TopKCategoricalAccuracy, {"k": 3}, "one_hot"
    yield "sparse_top_k_3", metrics.SparseTopKCategoricalAccuracy, {"k": 3}, "sparse"
    yield "precision", metrics.Precision, {}, "binary"
    yield "precision_0.3", metrics.Precision, {"thresholds": 0.3}, "binary"
    yield "recall", metrics.Recall, {}, "binary"
    yield "recall_0.3", metrics.Recall, {"thresholds": 0.3}, "binary"
    yield "auc", metrics.AUC, {}, "binary"
    yield "auc_20_thresholds", metrics.AUC, {"num_thresholds": 20}, "binary"
    yield "auc_pr", metrics.AUC, {"curve": "PR"}, "binary"
    yield "mean_absolute_error", metrics.MeanAbsoluteError, {}, "regression"
    yield "mean_squared_error", metrics.MeanSquaredError, {}, "regression"
    yield "root_mean_squared_error", metrics.RootMeanSquaredError, {}, "regression"
    yield "binary_crossentropy", metrics.BinaryCrossentropy, {}, "binary"
    yield "categorical_crossentropy", metrics.CategoricalCrossentropy, {}, "one_hot"
    yield (
        "sparse_categorical_crossentropy",
        metrics.SparseCategoricalCrossentropy,
        {},
        "sparse",
    )


def generate_metric_values(inputs):
    split, result = 32, {}
    for base, metric_class, config, key in metric_cases():
        y_true, y_pred = inputs[key]
        weight = inputs["sample_weight"]
        for name, sample_weight in ((base, None), (f"{base}_weighted", weight)):
            metric = metric_class(**config)
            results = []
            for part in (slice(0, split), slice(split, None)):
                weights = None if sample_weight is None else sample_weight[part]
                metric.update_state(y_true[part], y_pred[part], weights)
                results.append(floats(metric.result()))
            result[name] = {
                "class_name": metric_class.__name__,
                "config": config,
                "inputs": key,
                "weighted": sample_weight is not None,
                "after_first_batch": results[0],
                "value": results[1],
            }
    return result


def generate_losses():
    inputs = metric_inputs()
    recorded = {
        key: (
            floats(value)
            if key == "sample_weight"
            else {"y_true": numbers(value[0]), "y_pred": numbers(value[1])}
        )
        for key, value in inputs.items()
    }
    write_json(
        "losses.json",
        {
            "losses": generate_loss_values(),
            "after_activation": generate_losses_after_activation(),
            "metric_batches": [32, 18],
            "metric_inputs": recorded,
            "metrics": generate_metric_values(inputs),
        },
    )


# --- Initializers ------------------------------------------------------------

SHAPES = {"200x100": (200, 100), "3x3x16x64": (3, 3, 16, 64)}
DRAWS = 50
# The standard deviation of a normal of deviation 1 that is cut at -2 and 2.
TRUNCATED_STD = 0.87962566103423978

# Class: (scale, mode, distribution) of the initializers that scale with the fans.
SCALED = {
    "GlorotUniform": (1, "fan_avg", "uniform"),
    "GlorotNormal": (1, "fan_avg", "truncated_normal"),
    "HeUniform": (2, "fan_in", "uniform"),
    "HeNormal": (2, "fan_in", "truncated_normal"),
    "LecunUniform": (1, "fan_in", "uniform"),
    "LecunNormal": (1, "fan_in", "truncated_normal"),
    "VarianceScaling": (1, "fan_in", "truncated_normal"),
}


def exact_distribution(name, shape, fan_in, fan_out):
    """What the initializer draws from, by its definition, with Keras's defaults.

    `stddev` is the parameter of the normal distribution before it is
    truncated, `limit` what no value exceeds, `std` the standard deviation of
    what comes out.
    """
    if name in SCALED:
        scale, mode, kind = SCALED[name]
        fan = {"fan_in": fan_in, "fan_avg": (fan_in + fan_out) / 2}[mode]
        std = math.sqrt(scale / fan)
    elif name == "RandomUniform":
        kind, std = "uniform", 0.05 / math.sqrt(3)
    elif name == "RandomNormal":
        return {"distribution": "normal", "stddev": 0.05, "limit": None, "std": 0.05}
    elif name == "TruncatedNormal":
        kind, std = "truncated_normal", 0.05 * TRUNCATED_STD
    elif name == "Orthogonal":
        size = max(math.prod(shape[:-1]), shape[-1])
        return {
            "distribution": "orthogonal",
            "stddev": None,
            "limit": 1.0,
            "std": 1 / math.sqrt(size),
        }
    else:
        return {"distribution": "constant", "stddev": None, "limit": None, "std": None}
    if kind == "uniform":
        return {
            "distribution": kind,
            "stddev": None,
            "limit": math.sqrt(3) * std,
            "std": std,
        }
    stddev = std / TRUNCATED_STD
    return {"distribution": kind, "stddev": stddev, "limit": 2 * stddev, "std": std}


def generate_initializers():
    constants = ("Zeros", "Ones", "Identity")
    random = (*SCALED, "RandomNormal", "RandomUniform", "TruncatedNormal", "Orthogonal")
    result = {}
    for name in (*random, *constants):
        initializer_class = getattr(keras.initializers, name)
        result[name] = {}
        for key, shape in SHAPES.items():
            if name == "Identity" and len(shape) != 2:
                continue  # Keras refuses it
            if name in constants:
                values = np.array(initializer_class()(shape), "float64")
            else:
                values = np.array(
                    [initializer_class(seed=i)(shape) for i in range(DRAWS)], "float64"
                )
            area = math.prod(shape[:-2])
            fan_in, fan_out = area * shape[-2], area * shape[-1]
            exact = exact_distribution(name, shape, fan_in, fan_out)
            result[name][key] = {
                "shape": list(shape),
                "fan_in": fan_in,
                "fan_out": fan_out,
                **exact,
                "measured": {
                    "draws": values.size,
                    "mean": float(values.mean()),
                    "std": float(values.std()),
                    "min": float(values.min()),
                    "max": float(values.max()),
                },
            }
            if exact["std"] is not None:
                assert abs(values.std() / exact["std"] - 1) < 0.01, (name, key)
            if exact["limit"] is not None:
                # Keras computes in float32.
                assert np.abs(values).max() <= exact["limit"] * (1 + 1e-6), (name, key)
    write_json("initializers.json", result)


# --- Schedules ---------------------------------------------------------------


def schedule_cases():
    """Yield (name, schedule)."""
    make = keras.optimizers.schedules
    yield "exponential", make.ExponentialDecay(0.1, 20, 0.5)
    yield "exponential_staircase", make.ExponentialDecay(0.1, 20, 0.5, staircase=True)
    yield "polynomial_linear", make.PolynomialDecay(0.1, 40, 0.001)
    yield "polynomial_square", make.PolynomialDecay(0.1, 40, 0.001, power=2.0)
    yield "polynomial_cycle", make.PolynomialDecay(0.1, 20, 0.01, cycle=True)
    yield "piecewise_constant", make.PiecewiseConstantDecay([10, 30], [0.1, 0.05, 0.01])
    yield "inverse_time", make.InverseTimeDecay(0.1, 10, 0.5)
    yield "inverse_time_staircase", make.InverseTimeDecay(0.1, 10, 0.5, staircase=True)
    yield "cosine", make.CosineDecay(0.1, 40)
    yield "cosine_alpha", make.CosineDecay(0.1, 40, alpha=0.1)
    yield (
        "cosine_warmup",
        make.CosineDecay(0.01, 30, warmup_target=0.1, warmup_steps=12),
    )
    yield (
        "cosine_warmup_alpha",
        make.CosineDecay(0.0, 30, alpha=0.2, warmup_target=0.1, warmup_steps=12),
    )
    yield "cosine_restarts", make.CosineDecayRestarts(0.1, 12)
    yield "cosine_restarts_equal", make.CosineDecayRestarts(0.1, 12, t_mul=1.0)
    yield (
        "cosine_restarts_shrinking",
        make.CosineDecayRestarts(0.1, 13, t_mul=1.5, m_mul=0.8, alpha=0.05),
    )


def generate_schedules():
    """No step hits a restart of `CosineDecayRestarts` but the first ones.

    There Keras takes the floor of a quotient of float32 logarithms, so which
    period a later restart belongs to is a matter of rounding.
    """
    steps = sorted(
        {*range(0, 51, 5), 1, 2, 9, 11, 12, 13, 29, 31, 39, 41, 70, 101, 203}
    )
    schedules = {
        name: describe(schedule, values=[floats(schedule(step)) for step in steps])
        for name, schedule in schedule_cases()
    }
    write_json("schedules.json", {"steps": steps, "schedules": schedules})


# --- Main --------------------------------------------------------------------

PARTS = {
    "layers": generate_layers,
    "augmentation": generate_augmentation,
    "training": generate_training,
    "graph_layers": generate_graph_layers,
    "graph_training": generate_graph_training,
    "losses": generate_losses,
    "initializers": generate_initializers,
    "schedules": generate_schedules,
}


def main():
    parts = sys.argv[1:] or list(PARTS)
    for part in parts:
        if part not in PARTS:
            sys.exit(f"unknown part {part!r}; the parts are {', '.join(PARTS)}")
    # One thread: the order of summation, so the last bits, depends on how many.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(SEED)
    for part in parts:
        PARTS[part]()


if __name__ == "__main__":
    main()
