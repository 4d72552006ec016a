//! Names from Keras, PyTorch and Rust that kerust does not have, with their equivalents.

use crate::catalog;
use crate::diagnostics::nearest;
use crate::infer::{BLOCKS, MERGES};
use crate::keras;
use crate::words::Vocabulary;

/// The meaning of a layer name that is not in the catalogue.
pub enum Named {
    /// The text to write instead.
    Means(&'static str),
    /// A layer of Keras that is not in the catalogue, with Keras's name for it.
    Keras(&'static str),
}

/// The names of all layers in the catalogue.
pub fn layers() -> impl Iterator<Item = &'static str> + Clone {
    let rows = catalog::rows().map(|row| row.name);
    rows.chain(["Input"]).chain(BLOCKS).chain(MERGES)
}

/// Whether the catalogue has a layer of this name.
pub fn is_layer(name: &str) -> bool {
    layers().any(|layer| layer == name)
}

/// The names from other libraries, with the text to write instead.
const LAYERS: &[(&str, &str)] = &[
    ("Linear", "Dense(units)"),
    ("LazyLinear", "Dense(units)"),
    ("FullyConnected", "Dense(units)"),
    ("FC", "Dense(units)"),
    ("LazyConv2d", "Conv2D(filters, 3x3)"),
    ("ConvTranspose2d", "Conv2DTranspose(filters, 3x3)"),
    ("ConvTranspose2D", "Conv2DTranspose(filters, 3x3)"),
    ("MaxPool2d", "MaxPooling2D"),
    ("BiLSTM", "Bidirectional(LSTM(units))"),
    ("BiGRU", "Bidirectional(GRU(units))"),
    ("MaxPool1d", "MaxPooling1D"),
    ("AvgPool1d", "AveragePooling1D"),
    ("AdaptiveAvgPool1d", "GlobalAveragePooling1D"),
    ("AdaptiveMaxPool1d", "GlobalMaxPooling1D"),
    ("ConvTranspose1d", "Conv1DTranspose(filters, 3)"),
    ("MaxPool", "MaxPooling2D"),
    ("AvgPool2d", "AveragePooling2D"),
    ("AvgPool", "AveragePooling2D"),
    ("AdaptiveAvgPool2d", "GlobalAveragePooling2D"),
    ("AdaptiveMaxPool2d", "GlobalMaxPooling2D"),
    ("GlobalAveragePool", "GlobalAveragePooling2D"),
    ("BatchNorm", "BatchNormalization"),
    ("BatchNorm1d", "BatchNormalization"),
    ("BatchNorm2d", "BatchNormalization"),
    ("BatchNorm2D", "BatchNormalization"),
    ("LayerNorm", "LayerNormalization"),
    ("Dropout1d", "Dropout(0.5)"),
    ("Dropout2d", "Dropout(0.5)"),
    ("ZeroPad2d", "ZeroPadding2D"),
    ("Upsample", "UpSampling2D"),
    ("UpsamplingNearest2d", "UpSampling2D"),
    ("View", "Reshape(7, 7, 64)"),
    ("Unflatten", "Reshape(7, 7, 64)"),
    ("InputLayer", "Input(28, 28, 1)"),
    ("Sum", "Add"),
    ("Concat", "Concatenate"),
    ("Cat", "Concatenate"),
    ("Skip", "Residual"),
    ("SkipConnection", "Residual"),
];

/// The meaning of a layer name that the catalogue does not have.
pub fn layer(name: &str) -> Option<Named> {
    let alias = keras::ALIASES.iter().find(|(alias, _)| *alias == name);
    let name = alias.map_or(name, |(_, name)| name);
    if let Some(layer) = layers().find(|layer| *layer == name) {
        return Some(Named::Means(layer));
    }
    if let Some((_, means)) = LAYERS.iter().find(|(foreign, _)| *foreign == name) {
        return Some(Named::Means(means));
    }
    let known = keras::LAYERS.iter().find(|(layer, _)| *layer == name)?;
    Some(Named::Keras(known.0))
}

/// The built-in layer with this name in another spelling: `Conv2d`.
pub fn respelled(name: &str) -> Option<&'static str> {
    layers().find(|layer| layer.eq_ignore_ascii_case(name))
}

/// The activation that is a layer in other libraries: `Sigmoid`, `nn.Tanh`.
pub fn activation_layer(name: &str) -> Option<&'static str> {
    name.starts_with(char::is_uppercase)
        .then(|| word(name, &crate::words::ACTIVATIONS))
        .flatten()
}

/// The argument of `parameters` that another library calls `name`.
pub fn argument(
    name: &str,
    mut parameters: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    const ARGUMENTS: &[(&str, &[&str])] = &[
        (
            "units",
            &[
                "out_features",
                "num_units",
                "n_units",
                "output_dim",
                "hidden_size",
                "neurons",
                "num_outputs",
                "out_dim",
                "num_classes",
                "nodes",
            ],
        ),
        (
            "filters",
            &[
                "out_channels",
                "num_filters",
                "n_filters",
                "channels",
                "output_channels",
                "features",
            ],
        ),
        (
            "kernel_size",
            &["kernel", "filter_size", "kernel_shape", "window", "ksize"],
        ),
        (
            "pool_size",
            &["kernel_size", "kernel", "window", "window_shape", "size"],
        ),
        ("strides", &["stride", "subsample", "step"]),
        ("padding", &["border_mode", "pad"]),
        ("dilation_rate", &["dilation", "dilations"]),
        ("groups", &["group", "feature_group_count"]),
        ("use_bias", &["bias", "with_bias", "has_bias", "bias_attr"]),
        (
            "activation",
            &[
                "act",
                "activation_fn",
                "nonlinearity",
                "activation_function",
                "act_fn",
            ],
        ),
        (
            "kernel_initializer",
            &[
                "init",
                "weight_init",
                "kernel_init",
                "weights_initializer",
                "initializer",
                "w_init",
            ],
        ),
        ("bias_initializer", &["bias_init", "b_init"]),
        (
            "rate",
            &[
                "p",
                "prob",
                "dropout",
                "dropout_rate",
                "drop_rate",
                "drop_prob",
                "probability",
            ],
        ),
        ("stddev", &["std", "sigma", "scale"]),
        ("epsilon", &["eps"]),
        ("scale", &["factor", "multiplier"]),
        ("offset", &["shift", "bias"]),
        ("max_value", &["max", "maximum"]),
        ("negative_slope", &["alpha", "slope", "leak"]),
        ("factor", &["degrees", "angle", "angles", "lower", "upper"]),
        ("size", &["scale_factor", "upsampling_factor"]),
        ("target_shape", &["shape", "dims", "output_shape"]),
        ("interpolation", &["resample", "method"]),
        ("shape", &["input_shape", "size", "dims", "input_dim"]),
    ];
    let meant = |parameter: &&str| {
        let row = ARGUMENTS.iter().find(|(meant, _)| meant == parameter);
        row.is_some_and(|(_, foreign)| foreign.contains(&name))
    };
    parameters.find(meant)
}

/// The reason why an argument of another library does not exist here.
pub fn needless(name: &str) -> Option<&'static str> {
    Some(match name {
        "in_channels" | "in_features" | "in_dim" | "input_dim" | "input_size" | "num_features"
        | "in_planes" | "normalized_shape" => "remove it: each layer infers the size of its input",
        "input_shape" | "batch_input_shape" => {
            "remove it: the shape of a sample is given once, in `Input(28, 28, 1)`"
        }
        "data_format" => "remove it: channels come last, as in Keras by default",
        "batch_size" | "batch_shape" | "batch" => {
            "remove it: the batch size is an argument of `fit`"
        }
        "device" => "remove it: kerust computes on the processor",
        "inplace" => "remove it: kerust overwrites an input wherever it may",
        _ => return None,
    })
}

/// Whether Keras's layer of this kind has the argument.
pub fn is_of_keras(kind: &str, argument: &str) -> bool {
    // Keras's `Input` is a function that creates an `InputLayer`.
    let kind = if kind == "Input" { "InputLayer" } else { kind };
    let mut layers = keras::LAYERS.iter();
    let own = layers.find(|(layer, _)| *layer == kind);
    own.is_some_and(|(_, arguments)| arguments.contains(&argument))
        || (own.is_some() && keras::EVERYWHERE.contains(&argument))
}

/// What to write instead of an argument of Keras that kerust does not have.
pub fn instead(kind: &str, argument: &str) -> &'static str {
    match (kind, argument) {
        ("MultiHeadAttention", "attention_axes") => {
            "remove it: the attention is over the steps of (steps, features); an image has them after `Reshape(-1, channels)`"
        }
        ("MultiHeadAttention", "flash_attention") => {
            "remove it: the result is the same, and there is one way to compute it"
        }
        _ => "remove it",
    }
}

/// The word of a vocabulary that was meant by another spelling, or by a word of another library.
pub fn word(found: &str, vocabulary: &Vocabulary) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("swish", "silu"),
        ("hardswish", "hard_silu"),
        ("exp", "exponential"),
        ("none", "linear"),
        ("identity", "linear"),
        ("logistic", "sigmoid"),
        ("xavieruniform", "glorot_uniform"),
        ("xaviernormal", "glorot_normal"),
        ("xavier", "glorot_uniform"),
        ("kaiminguniform", "he_uniform"),
        ("kaimingnormal", "he_normal"),
        ("kaiming", "he_normal"),
        ("normal", "random_normal"),
        ("uniform", "random_uniform"),
        ("zero", "zeros"),
        ("one", "ones"),
    ];
    let plain = found.replace('_', "").to_lowercase();
    let meant = |word: &&str| WORDS.contains(&(plain.as_str(), *word));
    let same = |word: &&str| word.replace('_', "") == plain;
    vocabulary
        .names()
        .find(same)
        .or_else(|| vocabulary.names().find(meant))
}

/// The word of a vocabulary that was meant, even if it is misspelled.
pub fn near(found: &str, vocabulary: &Vocabulary) -> Option<&'static str> {
    match word(found, vocabulary) {
        None if is_word_of_keras(found, vocabulary) => None,
        None => nearest(found, vocabulary.names()),
        known => known,
    }
}

/// Whether it is a word of Keras for this vocabulary.
pub fn is_word_of_keras(found: &str, vocabulary: &Vocabulary) -> bool {
    let words = match vocabulary.what {
        "activation" => keras::ACTIVATIONS,
        "initializer" => keras::INITIALIZERS,
        _ => &[],
    };
    let plain = |word: &str| word.replace('_', "").to_lowercase();
    words.iter().any(|word| plain(word) == plain(found))
}

/// Whether it is the name of a module of another library: the name after it is a layer or a word.
pub fn is_module(name: &str) -> bool {
    const MODULES: [&str; 17] = [
        "keras",
        "layers",
        "tf",
        "tensorflow",
        "nn",
        "torch",
        "F",
        "functional",
        "activations",
        "initializers",
        "kerust",
        "merging",
        "model",
        "self",
        "candle_nn",
        "burn",
        "tch",
    ];
    MODULES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that are not from Keras: those of the language, renamed ones, and those of KerasHub.
    const OWN: [&str; 4] = ["Input", "Residual", "Repeat", "PositionEmbedding"];
    /// Arguments of Keras's calls of a layer, and `**kwargs` of its recurrent layers.
    const OF_CALLS: [&str; 2] = ["use_causal_mask", "zero_output_for_mask"];

    #[test]
    fn the_catalogue_has_the_names_of_keras() {
        for name in layers().filter(|name| !OWN.contains(name)) {
            assert!(
                keras::LAYERS.iter().any(|(layer, _)| *layer == name),
                "{name}"
            );
        }
        for row in catalog::rows().filter(|row| !OWN.contains(&row.name)) {
            for parameter in row.parameters {
                let (layer, argument) = (row.name, parameter.name);
                let is_known = OF_CALLS.contains(&argument) || is_of_keras(layer, argument);
                assert!(is_known, "`{argument}` of `{layer}`");
            }
        }
    }

    #[test]
    fn a_layer_of_the_catalogue_is_none_that_is_missing() {
        for (name, _) in keras::LAYERS {
            let is_missing = matches!(layer(name), Some(Named::Keras(_)));
            assert_eq!(
                is_missing,
                !is_layer(name) && *name != "InputLayer",
                "{name}"
            );
        }
    }

    #[test]
    fn suggested_layers_are_in_the_catalogue() {
        for (foreign, means) in LAYERS {
            let name = means.split('(').next().unwrap();
            assert!(is_layer(name), "{foreign} means {means}");
            assert!(!is_layer(foreign), "{foreign}");
        }
    }
}
