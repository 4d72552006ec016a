"""Write the golden numbers of `Normalization`, computed by the real Keras, and files of it in Keras's formats.

As `generate.py`: run it again only to add or change cases. It needs keras==3.15.1, tensorflow-cpu==2.21.0,
safetensors and numpy.

`normalization.safetensors`: for each case the data that it is adapted to (`CASE.data`), the statistics learned
(`CASE.mean`, `CASE.variance`), the layer's output for them (`CASE.y`), and `CASE.dx`, the gradient of sum(y * dy) for
`CASE.dy`. `chain` is two of them around a `Dense` with the kernel `chain.kernel`, each adapted to its input.

`normalization.weights.h5`, `normalization.keras`: the model `Input(3) => Normalization => Dense(2)`, adapted to
`last.data`; its output for them is `file.y`.
"""

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402

HERE = Path(__file__).resolve().parent
FILES = HERE.parents[1] / "kerust-core/tests/files/keras"


def main():
    rng = np.random.default_rng(2015)
    tensors = {}

    def data(*shape):
        return (3 * rng.standard_normal(shape) + 50).astype("float32")

    def case(name, layer, x, adapt=True):
        layer.build(x.shape)
        if adapt:
            layer.adapt(x)
            tensors[f"{name}.mean"] = np.ravel(layer.mean.numpy())
            tensors[f"{name}.variance"] = np.ravel(layer.variance.numpy())
        inputs = tf.constant(x)
        dy = rng.standard_normal(x.shape).astype("float32")
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = layer(inputs)
            objective = tf.reduce_sum(y * dy)
        tensors[f"{name}.data"] = x
        tensors[f"{name}.y"] = y.numpy()
        tensors[f"{name}.dy"] = dy
        tensors[f"{name}.dx"] = tape.gradient(objective, inputs).numpy()

    last = data(70, 3)
    last[:, 1] = 5  # no deviation: epsilon decides
    case("last", layers.Normalization(), last)
    case("image", layers.Normalization(), data(5, 3, 4, 2))
    case("rows", layers.Normalization(axis=1), data(5, 3, 4, 2))
    case("middle", layers.Normalization(axis=-2), data(5, 3, 4, 2))
    case("invert", layers.Normalization(invert=True), data(9, 3))
    case("one", layers.Normalization(mean=2.0, variance=9.0), data(4, 3, 2), adapt=False)
    given = layers.Normalization(mean=[0.5, 40.0, -1.0], variance=[0.25, 0.0, 4.0])
    case("given", given, data(6, 3), adapt=False)

    x = data(100, 3)
    first, dense, second = layers.Normalization(), layers.Dense(4), layers.Normalization()
    first.adapt(x)
    hidden = dense(first(x))
    second.adapt(hidden.numpy())
    tensors |= {
        "chain.data": x,
        "chain.kernel": dense.kernel.numpy(),
        "chain.mean": second.mean.numpy().ravel(),
        "chain.variance": second.variance.numpy().ravel(),
        "chain.y": second(hidden).numpy(),
    }

    norm = layers.Normalization()
    model = keras.Sequential([keras.Input((3,)), norm, layers.Dense(2)])
    norm.adapt(last)
    kernel = np.arange(6, dtype="float32").reshape(3, 2) / 8
    model.layers[-1].set_weights([kernel, np.array([1, -1], "float32")])
    model.save_weights(FILES / "normalization.weights.h5")
    model.save(FILES / "normalization.keras")
    tensors["file.y"] = model(last).numpy()
    save_file({name: np.ascontiguousarray(t) for name, t in tensors.items()}, HERE / "normalization.safetensors")


main()
