//! The words for activations, initializers and similar arguments.

use kerust_core::activation::Activation;
use kerust_core::element::Dtype;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The set of words that an argument accepts.
pub struct Vocabulary {
    /// The kind of the words: `activation`.
    pub what: &'static str,
    /// The path of their expansion.
    path: fn() -> TokenStream,
    /// The words, with the names that they expand to.
    pub words: &'static [(&'static str, &'static str)],
}

impl Vocabulary {
    /// The name that `word` expands to.
    pub fn find(&self, word: &str) -> Option<&'static str> {
        let mut words = self.words.iter();
        words.find(|entry| entry.0 == word).map(|entry| entry.1)
    }

    /// All words.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.words.iter().map(|entry| entry.0)
    }

    /// `::kerust::__private::activation::Activation::Relu`, with the word's span so that an editor finds it.
    pub fn tokens(&self, name: &str, span: Span) -> TokenStream {
        let path = (self.path)();
        let name = Ident::new(name, span);
        quote!(#path::#name)
    }
}

pub static ACTIVATIONS: Vocabulary = Vocabulary {
    what: "activation",
    path: || quote!(::kerust::__private::activation::Activation),
    words: ACTIVATION_WORDS,
};

/// Those of a recurrent layer, which are computed within its steps.
pub static STEP_ACTIVATIONS: Vocabulary = Vocabulary {
    what: "activation",
    path: || quote!(::kerust::__private::activation::Activation),
    words: ACTIVATION_WORDS,
};

const ACTIVATION_WORDS: &[(&str, &str)] = &[
    ("linear", "Linear"),
    ("relu", "Relu"),
    ("relu6", "Relu6"),
    ("leaky_relu", "LeakyRelu"),
    ("elu", "Elu"),
    ("selu", "Selu"),
    ("celu", "Celu"),
    ("gelu", "Gelu"),
    ("silu", "Silu"),
    ("swish", "Silu"),
    ("sigmoid", "Sigmoid"),
    ("hard_sigmoid", "HardSigmoid"),
    ("hard_silu", "HardSilu"),
    ("hard_swish", "HardSilu"),
    ("tanh", "Tanh"),
    ("softplus", "Softplus"),
    ("softsign", "Softsign"),
    ("softmax", "Softmax"),
    ("log_softmax", "LogSoftmax"),
    ("exponential", "Exponential"),
    ("mish", "Mish"),
];

/// The activation for a name in [`ACTIVATIONS`].
pub fn activation(name: &str) -> Activation {
    let mut all = Activation::NAMES.iter().map(|(_, activation)| *activation);
    all.find(|it| format!("{it:?}") == name)
        .unwrap_or(Activation::Linear)
}

pub static DTYPES: Vocabulary = Vocabulary {
    what: "dtype",
    path: || quote!(::kerust::__private::element::Dtype),
    words: &[
        ("float32", "F32"),
        ("token", "U16"),
        ("int8", "I8"),
        ("uint8", "U8"),
        ("int16", "I16"),
        ("int32", "I32"),
    ],
};

/// The element type for a name in [`DTYPES`].
pub fn dtype(name: &str) -> Dtype {
    match name {
        "U16" => Dtype::U16,
        "I8" => Dtype::I8,
        "U8" => Dtype::U8,
        "I16" => Dtype::I16,
        "I32" => Dtype::I32,
        _ => Dtype::F32,
    }
}

pub static INITIALIZERS: Vocabulary = Vocabulary {
    what: "initializer",
    path: || quote!(::kerust::__private::init::Initializer),
    words: &[
        ("zeros", "ZEROS"),
        ("ones", "ONES"),
        ("glorot_uniform", "GLOROT_UNIFORM"),
        ("glorot_normal", "GLOROT_NORMAL"),
        ("he_uniform", "HE_UNIFORM"),
        ("he_normal", "HE_NORMAL"),
        ("lecun_uniform", "LECUN_UNIFORM"),
        ("lecun_normal", "LECUN_NORMAL"),
        ("random_normal", "RANDOM_NORMAL"),
        ("random_uniform", "RANDOM_UNIFORM"),
        ("truncated_normal", "TRUNCATED_NORMAL"),
        ("variance_scaling", "VARIANCE_SCALING"),
        ("orthogonal", "ORTHOGONAL"),
        ("identity", "IDENTITY"),
    ],
};

pub static PADDINGS: Vocabulary = Vocabulary {
    what: "padding",
    path: || quote!(::kerust::__private::shape::Padding),
    words: &[("valid", "Valid"), ("same", "Same")],
};

/// The paddings of `Conv1D`, which is the only layer with causal padding.
pub static PADDINGS_1D: Vocabulary = Vocabulary {
    what: "padding",
    path: || quote!(::kerust::__private::shape::Padding),
    words: &[("valid", "Valid"), ("same", "Same"), ("causal", "Causal")],
};

pub static INTERPOLATIONS: Vocabulary = Vocabulary {
    what: "interpolation",
    path: || quote!(::kerust::__private::layers::Interpolation),
    words: &[("bilinear", "Bilinear"), ("nearest", "Nearest")],
};

pub static FILL_MODES: Vocabulary = Vocabulary {
    what: "fill mode",
    path: || quote!(::kerust::__private::layers::FillMode),
    words: &[
        ("reflect", "Reflect"),
        ("constant", "Constant"),
        ("wrap", "Wrap"),
        ("nearest", "Nearest"),
    ],
};

pub static MERGE_MODES: Vocabulary = Vocabulary {
    what: "merge mode",
    path: || quote!(::kerust::__private::layers::MergeMode),
    words: &[
        ("concat", "Concat"),
        ("sum", "Sum"),
        ("mul", "Mul"),
        ("ave", "Ave"),
    ],
};

pub static SCORE_MODES: Vocabulary = Vocabulary {
    what: "score mode",
    path: || quote!(::kerust::__private::layers::ScoreMode),
    words: &[("dot", "Dot"), ("concat", "Concat")],
};

pub static FLIPS: Vocabulary = Vocabulary {
    what: "mode",
    path: || quote!(::kerust::__private::layers::Flip),
    words: &[
        ("horizontal_and_vertical", "HorizontalAndVertical"),
        ("horizontal", "Horizontal"),
        ("vertical", "Vertical"),
    ],
};
