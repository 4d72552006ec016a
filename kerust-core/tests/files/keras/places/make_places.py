"""Writes models whose layers are in another order in Keras's files than their names or a declaration suggest.

For each model NAME: `NAME.weights.h5`, `NAME.keras` and `NAME.h5`, and in `NAME.txt` the outputs for
the inputs of `inputs`. `make_places.py check FOLDER` instead loads `NAME.weights.h5` and compares the
outputs with those in `NAME.out` of FOLDER, which kerust wrote.

Needs `pip install keras tensorflow`; Keras 3.15.1 made the files.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy
from keras import layers

FOLDER = Path(__file__).parent
X = numpy.array([[-0.3, -0.05, 0.2, 0.45]], numpy.float32)


def dense(units=4, activation="relu", **options):
    return layers.Dense(units, activation, bias_initializer="random_normal", **options)


def inputs(model):
    """The same numbers, reversed for the second input, and so on."""
    return [X if place % 2 == 0 else X[:, ::-1] for place in range(len(model.inputs))]


def creation():
    """Layers created in another order than they are used."""
    last, middle, first = dense(activation=None), dense(), dense()
    x = keras.Input((4,))
    return keras.Model(x, last(middle(first(x))))


def branches():
    """Two branches of two layers, the second created first."""
    a, b = keras.Input((4,)), keras.Input((4,))
    from_b = dense()(dense()(b))
    from_a = dense()(dense()(a))
    return keras.Model([a, b], dense(2, None)(layers.Concatenate()([from_a, from_b])))


def uneven():
    """Branches of three layers and of one."""
    x = keras.Input((4,))
    long = dense()(dense()(dense()(x)))
    short = dense()(x)
    return keras.Model(x, dense(2, None)(layers.Concatenate()([short, long])))


def residual():
    """A shortcut with a layer, created and added after the main branch."""
    x = keras.Input((4,))
    y = dense()(x)
    y = dense(activation=None)(y)
    s = dense(activation=None)(x)
    return keras.Model(x, dense(2, None)(layers.Add()([y, s])))


def shortcut():
    """A shortcut that is created first, and added after the main branch."""
    x = keras.Input((4,))
    s = dense(activation=None)(x)
    y = dense(activation=None)(dense()(x))
    return keras.Model(x, dense(2, None)(layers.Add()([y, s])))


def swapped():
    """A shortcut that is created after the main branch, and added before it."""
    x = keras.Input((4,))
    y = dense()(x)
    y = dense(activation=None)(y)
    s = dense(activation=None)(x)
    return keras.Model(x, dense(2, None)(layers.Add()([s, y])))


def inside_out():
    """Like `swapped`, but the second layer of the main branch is created first."""
    x = keras.Input((4,))
    y = dense(activation=None)(dense()(x))
    s = dense(activation=None)(x)
    return keras.Model(x, dense(2, None)(layers.Add()([s, y])))


def activations():
    """Activation layers, which make one branch longer than the other."""
    x = keras.Input((4,))
    a = layers.ReLU()(dense(activation=None)(x))
    a = layers.ReLU()(dense(activation=None)(a))
    b = dense()(x)
    return keras.Model(x, dense(2, None)(layers.Concatenate()([b, a])))


def convolutions():
    """The blocks of a ResNet: the shortcut is added first, with a kernel of another size."""
    x = keras.Input((4,))
    y = layers.Reshape((2, 2, 1))(x)
    for _ in range(2):
        s = layers.Conv2D(3, 1, name=None)(y)
        s = layers.BatchNormalization(moving_mean_initializer="random_normal")(s)
        y = layers.Conv2D(3, 2, padding="same")(y)
        y = layers.BatchNormalization(gamma_initializer="random_normal")(y)
        y = layers.ReLU()(y)
        y = layers.Conv2D(3, 2, padding="same")(y)
        y = layers.BatchNormalization(beta_initializer="random_normal")(y)
        y = layers.ReLU()(layers.Add()([s, y]))
    y = layers.GlobalAveragePooling2D()(y)
    return keras.Model(x, dense(2, None)(y))


def deep():
    """Models nested three deep, with layers of the same kind in each; the outer ones are created first."""
    last, first = dense(2, None), dense()
    behind, before = dense(), dense()
    x = keras.Input((4,))
    inner = keras.Model(x, dense()(dense()(x)))
    y = keras.Input((4,))
    middle = keras.Model(y, behind(inner(before(y))))
    z = keras.Input((4,))
    return keras.Model(z, last(middle(first(z))))


def blocks():
    """Two models in parallel branches, the second created first."""

    def block():
        x = keras.Input((4,))
        return keras.Model(x, dense()(dense()(x)))

    second, first = block(), block()
    x = keras.Input((4,))
    return keras.Model(x, dense(2, None)(layers.Concatenate()([first(x), second(x)])))


def frozen():
    """A nested model whose first layers are frozen."""
    inner = keras.Sequential([keras.Input((4,)), dense(), layers.BatchNormalization(), dense(), dense()])
    for layer in inner.layers[:2]:
        layer.trainable = False
    x = keras.Input((4,))
    return keras.Model(x, dense(2, None)(inner(x)))


def frozen_deep():
    """A frozen model nested three deep, and a layer that is created late and used first."""
    inner = keras.Sequential([keras.Input((4,)), dense(), dense()])
    inner.trainable = False
    behind, before = dense(), dense()
    y = keras.Input((4,))
    middle = keras.Model(y, behind(inner(before(y))))
    x = keras.Input((4,))
    return keras.Model(x, dense(2, None)(middle(dense()(x))))


def shared():
    """A layer that is applied to both inputs, and once more to its own output."""
    a, b = keras.Input((4,)), keras.Input((4,))
    own, both = dense(), dense()
    return keras.Model([a, b], dense(2, None)(layers.Concatenate()([both(own(a)), both(both(b))])))


def chosen():
    """Custom names, in another order than the layers."""
    x = keras.Input((4,))
    y = dense(activation=None, name="beta")(dense(name="alpha")(x))
    s = dense(activation=None, name="gamma")(x)
    return keras.Model(x, dense(2, None)(layers.Add()([s, y])))


MODELS = [
    creation, branches, uneven, residual, shortcut, swapped, inside_out, activations,
    convolutions, deep, blocks, frozen,
    frozen_deep, shared, chosen,
]


def outputs(model):
    given = inputs(model)
    return model(given if len(given) > 1 else given[0]).numpy().ravel()


def check(folder):
    for make in MODELS:
        name = make.__name__
        if not (folder / f"{name}.weights.h5").exists():
            continue
        keras.utils.set_random_seed(1)
        model = make()
        model.load_weights(folder / f"{name}.weights.h5")
        expected = numpy.loadtxt(folder / f"{name}.out", dtype=numpy.float32)
        numpy.testing.assert_allclose(outputs(model), expected, atol=1e-5, err_msg=name)
        print(name, "predicts the same in Keras", keras.__version__)


if sys.argv[1:2] == ["check"]:
    check(Path(sys.argv[2]))
    sys.exit()

for make in MODELS:
    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
    # So that names do not begin at 0.
    layers.Dense(1)
    model = make()
    name = make.__name__
    model.save_weights(FOLDER / f"{name}.weights.h5")
    model.save(FOLDER / f"{name}.keras")
    model.save(FOLDER / f"{name}.h5")
    numpy.savetxt(FOLDER / f"{name}.txt", outputs(model), "%.8f")
