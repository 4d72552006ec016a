//! The names that Keras generates.

use std::borrow::Cow;

/// `max_pooling2d` of `MaxPooling2D`: Keras's `to_snake_case`.
pub(super) fn snake_case(kind: &str) -> String {
    let letters: Vec<char> = kind.chars().collect();
    let mut name = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| letters[place]);
        let after_small = before.is_some_and(char::is_lowercase);
        let before_small = letters
            .get(place + 1)
            .is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_small || (before.is_some() && before_small)) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// `dense` and 7 of `dense_7`; `dense` and 0 of `dense`.
pub(super) fn numbered(name: &str) -> (&str, usize) {
    match name.rsplit_once('_').map(|(kind, n)| (kind, n.parse())) {
        Some((kind, Ok(number))) if !kind.is_empty() => (kind, number),
        _ => (name, 0),
    }
}

/// Whether a layer's name is the one that Keras or kerust generates for this kind.
pub(super) fn is_automatic(name: &str, kind: &str) -> bool {
    numbered(name).0 == kind
}

/// The activations in a layer as it was declared: `relu` of `Dense(4, relu)` and of `ReLU`.
pub(super) fn activations(declared: &str) -> Vec<String> {
    let words = declared.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let words = words.filter(|word| !word.is_empty()).map(activation);
    words.flatten().collect()
}

/// The activation with this name: a function of Keras, or one of its layers.
pub(super) fn activation(word: &str) -> Option<String> {
    const FUNCTIONS: [&str; 18] = [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "hard_sigmoid",
        "hard_silu",
        "leaky_relu",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "softmax",
        "softplus",
        "softsign",
        "tanh",
    ];
    let word = match word {
        "ReLU" => "relu",
        "LeakyReLU" => "leaky_relu",
        "ELU" => "elu",
        "Softmax" => "softmax",
        "swish" => "silu",
        word => word,
    };
    FUNCTIONS.contains(&word).then(|| word.to_owned())
}

/// Whether a layer uses its activations only internally, and not on its output.
pub(super) fn keeps_activations(kind: &str) -> bool {
    matches!(kind, "simple_rnn" | "lstm" | "gru")
}

/// The group in which Keras stores tensors of a layer of this kind: a recurrent layer has a cell, and
/// attention a layer for each projection.
pub(super) fn group_of<'a>(kind: &str, group: &'a str) -> Cow<'a, str> {
    match (kind, group) {
        ("simple_rnn" | "lstm" | "gru", "") => "cell".into(),
        ("bidirectional", direction) => format!("{direction}_layer/cell").into(),
        ("time_distributed", "") => "layer".into(),
        ("multi_head_attention", "attention_output") => "output_dense".into(),
        ("multi_head_attention", projection) => format!("{projection}_dense").into(),
        (_, group) => group.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_spelled_as_keras_spells_them() {
        for (kind, name) in [
            ("BatchNormalization", "batch_normalization"),
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("LSTM", "lstm"),
            ("PReLU", "p_re_lu"),
            ("SimpleRNN", "simple_rnn"),
            ("TFSMLayer", "tfsm_layer"),
        ] {
            assert_eq!(snake_case(kind), name);
        }
    }

    #[test]
    fn a_number_is_told_from_a_name() {
        assert_eq!(numbered("dense_12"), ("dense", 12));
        assert_eq!(numbered("max_pooling2d"), ("max_pooling2d", 0));
        assert_eq!(numbered("_3"), ("_3", 0));
    }
}
