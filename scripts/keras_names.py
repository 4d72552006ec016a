#!/usr/bin/env python3
"""Writes kerust-macros/src/keras.rs: the public names of Keras that `model!` recognises.

    python scripts/keras_names.py

Needs Keras; its version is written to the file. The macro removes the names of its own catalogue from these lists, so
nothing must be changed here when a layer is added to kerust.
"""

import inspect
import pathlib

import keras

# Exports of these modules that cannot be used in a model.
NOT_A_NAME = {"get", "serialize", "deserialize", "Initializer"}


def layers():
    """Each layer with its arguments, and each alias of a layer with its real name."""
    found, aliases = {}, {}
    for name in sorted(dir(keras.layers)):
        it = getattr(keras.layers, name)
        if not inspect.isclass(it) or not issubclass(it, keras.layers.Layer) or it is keras.layers.Layer:
            continue
        if it.__name__ != name and hasattr(keras.layers, it.__name__):
            aliases[name] = it.__name__
        else:
            found[name] = arguments(it)
    return found, aliases


def arguments(it):
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = inspect.signature(it.__init__).parameters.values()
    return [p.name for p in parameters if p.name not in ("self", "name") and p.kind not in kinds]


def words(module):
    """The functions and classes of a module that can be used as an argument, in lower case."""
    found = set()
    for name in dir(module):
        it = getattr(module, name)
        if name.startswith("_") or name in NOT_A_NAME or inspect.ismodule(it) or not callable(it):
            continue
        found.add(name if name[0].islower() else snake_case(name))
    return sorted(found)


def snake_case(name):
    return keras.src.utils.naming.to_snake_case(name)


def text(names):
    return ", ".join(f'"{name}"' for name in names)


def main():
    found, aliases = layers()
    lines = [
        "//! The public names of Keras, for what a user of Keras writes.",
        "//!",
        f"//! Written by `scripts/keras_names.py` from Keras {keras.__version__}.",
        "",
        "/// Every layer, and the arguments that it declares.",
        "#[rustfmt::skip]",
        "pub const LAYERS: &[(&str, &[&str])] = &[",
        *(f'    ("{name}", &[{text(arguments)}]),' for name, arguments in found.items()),
        "];",
        "",
        "/// Other names of layers, and what they mean.",
        "#[rustfmt::skip]",
        "pub const ALIASES: &[(&str, &str)] = &[",
        *(f'    ("{alias}", "{name}"),' for alias, name in aliases.items()),
        "];",
        "",
        "/// The arguments of every layer.",
        "#[rustfmt::skip]",
        f"pub const EVERYWHERE: &[&str] = &[{text(a for a in arguments(keras.layers.Layer))}];",
    ]
    for name, what, module in [
        ("ACTIVATIONS", "activation", keras.activations),
        ("INITIALIZERS", "initializer", keras.initializers),
    ]:
        lines += ["", f"/// Every {what}.", "#[rustfmt::skip]", f"pub const {name}: &[&str] = &[", ]
        lines += [f'    "{word}",' for word in words(module)]
        lines += ["];"]
    path = pathlib.Path(__file__).parent.parent / "kerust-macros" / "src" / "keras.rs"
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
