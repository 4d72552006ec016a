"""Write the golden numbers of single layers, computed by the real Keras.

Set up the environment as `generate.py` says, and run

    keras-venv/bin/python tests/golden/generate_vocabulary_layers.py

It writes `vocabulary_layers.safetensors`: forward and backward passes. The metadata maps the name
of every case to JSON, `{"class_name", "config"}`. The tensors of a case are `CASE.x`, `CASE.y` (the
output), `CASE.w0`, `CASE.w1`, .. (the weights, in Keras's order), `CASE.dy` (the gradient handed in
from above), and the gradients of sum(y * dy): `CASE.dx`, `CASE.d_w0`, ... Weights that are not trained
stand last, and have no gradient. Cases of preprocessing have neither `dy` nor `dx`.
"""

import json

import generate
import keras
import numpy as np
import tensorflow as tf
from generate import describe, normal, rng_for, write_safetensors

layers = keras.layers
activations = keras.activations


class Function(layers.Layer):
    """An activation with settings."""

    def __init__(self, name, **settings):
        super().__init__()
        self.word, self.settings = name, settings

    def call(self, x):
        return getattr(activations, self.word)(x, **self.settings)

    def get_config(self):
        return {"function": self.word, **self.settings}


def functions():
    """Yield (name, settings)."""
    yield "relu", {"negative_slope": 0.1, "max_value": 1.5, "threshold": 0.5}
    yield "leaky_relu", {"negative_slope": 0.3}
    yield "elu", {"alpha": 0.3}
    yield "celu", {"alpha": 0.3}
    yield "gelu", {"approximate": True}
    yield "squareplus", {}
    yield "squareplus", {"b": 0.5}
    yield "soft_shrink", {}
    yield "soft_shrink", {"threshold": 1.0}
    yield "hard_shrink", {}
    yield "hard_shrink", {"threshold": 1.0}
    yield "threshold", {"threshold": 0.3, "default_value": -2.0}
    yield "hard_tanh", {}
    yield "log_sigmoid", {}
    yield "sparse_plus", {}
    yield "sparse_sigmoid", {}
    yield "tanh_shrink", {}


def layer_cases():
    """Yield (name, layer, shape of the input, the first size being the batch)."""
    yield "elu", layers.ELU(), (2, 17)
    yield "elu_alpha", layers.ELU(alpha=0.3), (2, 3, 5, 1)
    yield "prelu", layers.PReLU(), (3, 17)
    yield "prelu_steps", layers.PReLU(shared_axes=1), (2, 7, 5)
    yield "prelu_image", layers.PReLU(), (2, 5, 3, 2)
    yield "prelu_shared", layers.PReLU(shared_axes=(1, 2)), (2, 5, 3, 4)
    yield "prelu_rows", layers.PReLU(shared_axes=[2, 3]), (2, 5, 3, 4)
    yield "prelu_all", layers.PReLU(shared_axes=(1, 2, 3)), (2, 3, 3, 1)
    yield "identity", layers.Identity(), (2, 3, 5)
    yield "cropping2d_default", layers.Cropping2D(), (2, 3, 5, 2)
    yield "cropping2d_one", layers.Cropping2D(1), (2, 3, 5, 2)
    yield "cropping2d_rows", layers.Cropping2D((1, 2)), (2, 7, 5, 3)
    yield "cropping2d_sides", layers.Cropping2D(((2, 1), (0, 3))), (2, 7, 5, 3)
    yield "zero_padding2d_rows", layers.ZeroPadding2D((1, 2)), (2, 1, 3, 3)
    yield "zero_padding2d_sides", layers.ZeroPadding2D(((2, 1), (0, 3))), (2, 3, 5, 1)
    yield "zero_padding2d_mixed", layers.ZeroPadding2D((2, (0, 3))), (2, 3, 5, 1)

    norm = layers.LayerNormalization
    yield "layer_normalization_plain", norm(center=False, scale=False), (2, 7, 5)
    yield "layer_normalization_scale", norm(center=False, epsilon=0.1), (2, 17)
    yield "layer_normalization_center", norm(scale=False), (2, 3, 5, 4)
    yield "layer_normalization_rows", norm(axis=1), (2, 3, 5, 4)
    yield "layer_normalization_image", norm(axis=(1, 2, 3)), (2, 3, 5, 4)
    yield "layer_normalization_two", norm(axis=[-1, -2]), (2, 3, 5, 4)
    yield "layer_normalization_apart", norm(axis=(1, 3), center=False), (2, 3, 5, 4)
    group = layers.GroupNormalization
    yield "group_normalization", group(3), (2, 5, 4, 6)
    yield "group_normalization_32", group(), (2, 3, 64)
    yield "group_normalization_all", group(groups=-1, epsilon=0.1), (2, 5, 4, 3)
    yield "group_normalization_one", group(1, scale=False), (2, 17)
    yield "group_normalization_rows", group(2, axis=1, center=False), (2, 4, 5, 3)
    rms = layers.RMSNormalization
    yield "rms_normalization", rms(), (2, 17)
    yield "rms_normalization_steps", rms(epsilon=0.1), (2, 7, 5)
    yield "rms_normalization_two", rms(axis=(-2, -1)), (2, 3, 5, 4)
    unit = layers.UnitNormalization
    yield "unit_normalization", unit(), (3, 17)
    yield "unit_normalization_steps", unit(axis=1), (2, 7, 5)
    yield "unit_normalization_two", unit(axis=(1, 3)), (2, 3, 5, 4)

    yield "softmax_last", layers.Softmax(-1), (2, 3, 5, 2)
    yield "softmax_rows", layers.Softmax(axis=1), (2, 3, 5, 2)
    yield "softmax_two", layers.Softmax(axis=(1, 3)), (2, 3, 5, 2)
    for name, settings in functions():
        case = f"function_{name}" + ("_set" if settings else "")
        yield case, Function(name, **settings), (2, 31)
    yield "function_glu", Function("glu"), (2, 30)
    yield "function_glu_steps", Function("glu"), (3, 7, 2)
    leaky = Function("leaky_relu", negative_slope=0.3)
    yield "dense_leaky_relu", layers.Dense(5, activation=leaky), (2, 17)


def generate_preprocessing(tensors, metadata):
    """The layers that change images, with given draws, by their own methods."""

    def case(name, layer, shape, transformation, drawn):
        assert name not in metadata
        x = 40 * normal(rng_for(name), *shape) + 100
        y = layer(x) if transformation is None else layer.transform_images(x, transformation)
        tensors[f"{name}.x"] = x
        tensors[f"{name}.y"] = np.asarray(y)
        tensors[f"{name}.drawn"] = np.array(drawn, "float32")
        metadata[name] = json.dumps(describe(layer))

    height, width = 7, 9
    image = (1, height, width, 2)
    for mode in ("reflect", "constant", "wrap", "nearest"):
        for reading in ("bilinear", "nearest"):
            config = {"fill_mode": mode, "interpolation": reading, "fill_value": 2.5}
            down, right = 0.3, -0.45
            moved = tf.constant([[right * width, down * height]], tf.float32)
            case(
                f"translation_{mode}_{reading}",
                layers.RandomTranslation(1.0, 1.0, **config),
                image,
                {"translations": moved},
                [down, right],
            )
            zooms = {
                "height_zoom": tf.constant([[1.4]], tf.float32),
                "width_zoom": tf.constant([[0.7]], tf.float32),
            }
            case(
                f"zoom_{mode}_{reading}",
                layers.RandomZoom(1.0, 1.0, **config),
                image,
                zooms,
                [0.4, -0.3],
            )
    for name, share, value_range in (
        ("brightness", -0.2, (0, 255)),
        ("brightness_range", 0.3, (80, 120)),
    ):
        layer = layers.RandomBrightness(1.0, value_range=value_range)
        delta = share * (value_range[1] - value_range[0])
        delta = tf.constant(delta, tf.float32, (1, 1, 1, 1))
        case(name, layer, image, {"rgb_delta": delta}, [share])
    for name, factor, value_range in (
        ("contrast", 1.5, (0, 255)),
        ("contrast_range", 0.5, (80, 120)),
    ):
        layer = layers.RandomContrast(0.2, value_range=value_range)
        drawn = tf.constant(factor, tf.float32, (1, 1, 1, 1))
        case(name, layer, image, {"contrast_factor": drawn}, [factor])
    for name, factor in (("contrast_one", 0.2), ("contrast_two", (0.3, 0.1))):
        lower, upper = layers.RandomContrast(factor).factor
        tensors[f"{name}.factors"] = np.array([1 - lower, 1 + upper], "float32")
    for name, sizes, shape in (
        ("center_crop", (4, 5), image),
        ("center_crop_same", (7, 3), image),
        ("center_crop_wide", (5, 12), image),
        ("center_crop_high", (10, 5), image),
        ("center_crop_large", (11, 13), image),
    ):
        case(name, layers.CenterCrop(*sizes), shape, None, [])
    for aspect in ("crop", "pad"):
        for reading in ("bilinear", "nearest"):
            for sizes in ((4, 5), (10, 4), (3, 12), (14, 6)):
                config = {f"{aspect}_to_aspect_ratio": True, "interpolation": reading}
                layer = layers.Resizing(*sizes, fill_value=2.5, **config)
                case(f"resizing_{aspect}_{reading}_{sizes[0]}", layer, image, None, [])
    for first in ((0, 0), (2, 3), (3, 4)):
        case(f"random_crop_{first[0]}", layers.RandomCrop(4, 5), image, first, list(first))
    for corners in ((1.5, 6.2, 0.0, 3.0), (2.0, 5.0, 3.3, 6.9)):
        layer = layers.RandomErasing(fill_value=(300.0 if corners[2] else 7.5))
        left, right, top, bottom = (tf.constant([corner], tf.float32) for corner in corners)
        filled = layer._get_fill_value(tf.zeros(image), image, None)
        erased = {
            "batch_masks": layer._generate_batch_mask(image, (left, right, top, bottom)),
            "apply_erasing": tf.constant([True]),
            "fill_value": filled,
        }
        drawn = [corners[2], corners[0], corners[3], corners[1]]
        case(f"random_erasing_{int(corners[2])}", layer, image, erased, drawn)


def generate_layers():
    tensors, metadata = {}, {}
    for name, layer, shape in layer_cases():
        assert name not in metadata
        rng = rng_for(name)
        x = tf.constant(normal(rng, *shape) if isinstance(shape, tuple) else shape)
        layer(x)
        weights = layer.trainable_weights + layer.non_trainable_weights
        weights = [w for w in weights if "seed" not in w.path]
        for weight in weights:
            positive = weight.name in ("moving_variance", "gamma", "scale")
            values = 0.5 * normal(rng, *weight.shape)
            weight.assign(np.abs(values) + 0.3 if positive else values)
        trained = [w for w in weights if w.trainable]
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            dy = normal(rng, *y.shape)
            objective = tf.reduce_sum(y * dy)
        dx, *gradients = tape.gradient(objective, [x, *(w.value for w in trained)])
        tensors |= {f"{name}.x": x.numpy(), f"{name}.y": y.numpy()}
        tensors |= {f"{name}.dy": dy, f"{name}.dx": dx.numpy()}
        for place, weight in enumerate(weights):
            tensors[f"{name}.w{place}"] = weight.numpy()
        # A frozen layer's, for its moments are the averages.
        frozen = isinstance(layer, layers.BatchNormalization)
        for place, gradient in enumerate([] if frozen else gradients):
            tensors[f"{name}.d_w{place}"] = gradient.numpy()
        is_own = name == "dense_leaky_relu"
        metadata[name] = json.dumps({} if is_own else describe(layer))
    generate_preprocessing(tensors, metadata)
    write_safetensors("vocabulary_layers.safetensors", tensors, metadata)


if __name__ == "__main__":
    generate_layers()
