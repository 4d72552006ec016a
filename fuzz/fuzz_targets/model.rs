//! `model!`: any tokens give an expansion, or errors whose positions are inside of the input.
//!
//! The modules of the macro are included, because a procedural macro exports nothing else.
#![no_main]
#![allow(dead_code, missing_docs, unused_imports)]

// A procedural macro has it without a declaration.
extern crate proc_macro;

use libfuzzer_sys::fuzz_target;
use macros::{diagnostics, expand, infer, int8, parse};
// The modules name each other by `crate::..`.
use macros::*;
use proc_macro2::TokenStream;

#[path = "../../kerust-macros/src"]
mod macros {
    pub mod arguments;
    pub mod ast;
    pub mod catalog;
    pub mod diagnostics;
    pub mod expand;
    pub mod fold;
    pub mod functions;
    pub mod habits;
    pub mod infer;
    pub mod int8;
    pub mod keras;
    pub mod parse;
    pub mod plan;
    pub mod schedule;
    pub mod value;
    pub mod words;
}

/// The text of an input: bytes of ASCII stand for themselves, others for a word of the language.
fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte.checked_sub(128) {
            None => text.push(char::from(*byte)),
            Some(word) => {
                text.push(' ');
                text.push_str(WORDS[usize::from(word) % WORDS.len()]);
                text.push(' ');
            }
        }
    }
    text
}

const WORDS: [&str; 100] = [
    "Net: Input(8, 8, 2)",
    "Net: Input(6, 3)",
    "Net: Input(5)",
    "=>",
    "=> Dense(3)",
    "=> Flatten",
    "=> Conv2D(4, 3x3, same)",
    "=> ReLU",
    "=> LSTM(4, return_sequences = true)",
    "=> Residual(",
    "=> Repeat(2, ",
    ")",
    "(",
    ", ",
    "let a = Input(4);",
    "let b =",
    "a",
    "b",
    "(a, b)",
    ";",
    "Net {",
    "}",
    "Concatenate(a, b)",
    "Add(a, b)",
    "=> a",
    "=> dense",
    "name = dense",
    "relu",
    "softmax",
    "same",
    "valid",
    "causal",
    "true",
    "false",
    "None",
    "3x3",
    "2",
    "0",
    "1",
    "-1",
    "4096",
    "18446744073709551615",
    "1e300",
    "0.5",
    "1 / 255",
    "1.0 / 0.0",
    "l2(0.01)",
    "max_norm(2)",
    "kernel_regularizer = l2(0.01)",
    "trainable = false",
    "axis = -1",
    "axis = 1",
    "groups = 2",
    "dilation_rate = 4611686018427387904",
    "strides = 2",
    "padding = same",
    "activation = relu",
    "use_bias = false",
    "units = 3",
    "filters = 4",
    "kernel_size = 3",
    "return_state = true",
    "initial_state = (h, c)",
    "go_backwards = true",
    "mask_zero = true",
    "stateful = true",
    "dtype = token",
    "Bidirectional(LSTM(3))",
    "TimeDistributed(Dense(3))",
    "Embedding(10, 4)",
    "Masking(0.0)",
    "GRU(3)",
    "SimpleRNN(3)",
    "Conv1D(4, 3)",
    "MaxPooling2D(2)",
    "AveragePooling2D((2, 1))",
    "GlobalAveragePooling2D",
    "BatchNormalization",
    "LayerNormalization",
    "DepthwiseConv2D(3x3)",
    "SeparableConv2D(4, 3x3)",
    "Conv2DTranspose(4, 3x3, strides = 2)",
    "UpSampling2D(2)",
    "ZeroPadding2D(1)",
    "Cropping2D(((0, 1), (2, 0)))",
    "Reshape(2, 3)",
    "Permute(2, 1)",
    "RepeatVector(3)",
    "MultiHeadAttention(2, 4)",
    "Attention(a, b)",
    "Rescaling(1 / 255)",
    "Dropout(0.5)",
    "#[int8]",
    "#[budget(flash = 1 KiB)]",
    "#[weights(\"a\")]",
    "<const N: usize>",
    "N",
    "{ 2 * N }",
    "my::Layer::<3>",
    "pub",
];

fuzz_target!(|bytes: &[u8]| {
    let text = text(bytes);
    let Ok(stream) = text.parse::<TokenStream>() else {
        return;
    };
    let last = stream.clone().into_iter().last();
    let end = last.map_or(0, |token| token.span().byte_range().end);
    let mut found = diagnostics::Diagnostics::default();
    if let Some(model) = parse::model(stream.clone(), &mut found) {
        let plan = infer::plan(&model, &mut found);
        if found.is_empty() {
            int8::twin(&model, &plan, &mut found);
        }
    }
    for fault in found.into_error().into_iter().flatten() {
        let range = fault.span().byte_range();
        let inside = range.start < range.end && range.end <= end;
        assert!(end == 0 || inside, "{range:?} of {end}: {fault}\n{text}");
        assert!(!fault.to_string().contains("``"), "{fault}\n{text}");
    }
    expand::model(stream);
    // The positions refer to a copy of all texts, which would grow.
    proc_macro2::extra::invalidate_current_thread_spans();
});
