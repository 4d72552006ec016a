//! The layers over sequences, (steps, features): one row each.

use super::rows::{
    ACTIVATION, PADDING, constraint, initializer, optional, regularizer, required, training,
};
use super::{Row, attention, recurrent, steps};
use crate::arguments::{Kind, Parameter};
use crate::words::{ACTIVATIONS, PADDINGS_1D};
use kerust_core::shape::Bounds;

const CAUSAL_PADDING: Parameter = optional("padding", Kind::Word(&PADDINGS_1D));
const POOL: &[Parameter] = &[
    optional("pool_size", Kind::Count),
    optional("strides", Kind::Count),
    PADDING,
];
const RATE: Kind = Kind::Number(Bounds::Share);

/// The layers that are applied to several values, to how many at least and at most, and whether they may stand
/// behind one value too.
pub const OF_SEVERAL: &[(&str, [usize; 2], bool)] = &[
    ("MultiHeadAttention", [2, 3], true),
    ("Attention", [2, 3], false),
    ("AdditiveAttention", [2, 3], false),
    ("Dot", [2, 2], false),
];

/// Every layer over sequences.
pub static ROWS: &[Row] = &[
    Row {
        name: "Conv1D",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Count),
            optional("strides", Kind::Count),
            CAUSAL_PADDING,
            optional("dilation_rate", Kind::Count),
            optional("groups", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
        ],
        infer: steps::conv1d,
    },
    Row {
        name: "DepthwiseConv1D",
        parameters: &[
            required("kernel_size", Kind::Count),
            optional("strides", Kind::Count),
            PADDING,
            optional("depth_multiplier", Kind::Count),
            optional("dilation_rate", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("depthwise_initializer"),
            initializer("bias_initializer"),
            regularizer("depthwise_regularizer"),
            regularizer("bias_regularizer"),
            constraint("depthwise_constraint"),
            constraint("bias_constraint"),
        ],
        infer: steps::depthwise_conv1d,
    },
    Row {
        name: "SeparableConv1D",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Count),
            optional("strides", Kind::Count),
            PADDING,
            optional("dilation_rate", Kind::Count),
            optional("depth_multiplier", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("depthwise_initializer"),
            initializer("pointwise_initializer"),
            initializer("bias_initializer"),
            regularizer("depthwise_regularizer"),
            regularizer("pointwise_regularizer"),
            regularizer("bias_regularizer"),
            constraint("depthwise_constraint"),
            constraint("pointwise_constraint"),
            constraint("bias_constraint"),
        ],
        infer: steps::separable_conv1d,
    },
    Row {
        name: "Conv1DTranspose",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Count),
            optional("strides", Kind::Count),
            PADDING,
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
        ],
        infer: steps::conv1d_transpose,
    },
    Row {
        name: "MaxPooling1D",
        parameters: POOL,
        infer: steps::pooling1d,
    },
    Row {
        name: "AveragePooling1D",
        parameters: POOL,
        infer: steps::pooling1d,
    },
    Row {
        name: "GlobalMaxPooling1D",
        parameters: &[],
        infer: steps::global_pooling1d,
    },
    Row {
        name: "GlobalAveragePooling1D",
        parameters: &[],
        infer: steps::global_pooling1d,
    },
    Row {
        name: "ZeroPadding1D",
        parameters: &[optional("padding", Kind::Ends)],
        infer: steps::zero_padding1d,
    },
    Row {
        name: "Cropping1D",
        parameters: &[optional("cropping", Kind::Ends)],
        infer: steps::cropping1d,
    },
    Row {
        name: "UpSampling1D",
        parameters: &[optional("size", Kind::Count)],
        infer: steps::up_sampling1d,
    },
    Row {
        name: "SpatialDropout1D",
        parameters: &[required("rate", RATE)],
        infer: steps::spatial_dropout1d,
    },
    Row {
        name: "RepeatVector",
        parameters: &[required("n", Kind::Count)],
        infer: steps::repeat_vector,
    },
    Row {
        name: "Permute",
        parameters: &[required("dims", Kind::Sizes { open: false })],
        infer: steps::permute,
    },
    Row {
        name: "SimpleRNN",
        parameters: &[
            required("units", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("recurrent_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("recurrent_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("recurrent_constraint"),
            constraint("bias_constraint"),
            training("dropout", RATE),
            training("recurrent_dropout", RATE),
            optional("return_sequences", Kind::Flag),
            optional("go_backwards", Kind::Flag),
        ],
        infer: recurrent::simple_rnn,
    },
    Row {
        name: "LSTM",
        parameters: &[
            required("units", Kind::Count),
            ACTIVATION,
            optional("recurrent_activation", Kind::Word(&ACTIVATIONS)),
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("recurrent_initializer"),
            initializer("bias_initializer"),
            training("unit_forget_bias", Kind::Flag),
            regularizer("kernel_regularizer"),
            regularizer("recurrent_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("recurrent_constraint"),
            constraint("bias_constraint"),
            training("dropout", RATE),
            training("recurrent_dropout", RATE),
            optional("return_sequences", Kind::Flag),
            optional("go_backwards", Kind::Flag),
        ],
        infer: recurrent::lstm,
    },
    Row {
        name: "GRU",
        parameters: &[
            required("units", Kind::Count),
            ACTIVATION,
            optional("recurrent_activation", Kind::Word(&ACTIVATIONS)),
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("recurrent_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("recurrent_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("recurrent_constraint"),
            constraint("bias_constraint"),
            training("dropout", RATE),
            training("recurrent_dropout", RATE),
            optional("return_sequences", Kind::Flag),
            optional("go_backwards", Kind::Flag),
            optional("reset_after", Kind::Flag),
        ],
        infer: recurrent::gru,
    },
    Row {
        name: "MultiHeadAttention",
        parameters: &[
            required("num_heads", Kind::Count),
            required("key_dim", Kind::Count),
            optional("value_dim", Kind::Count),
            training("dropout", RATE),
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
            optional("use_causal_mask", Kind::Flag),
        ],
        infer: attention::multi_head_attention,
    },
    Row {
        name: "Attention",
        parameters: &[
            training("dropout", RATE),
            optional("use_causal_mask", Kind::Flag),
        ],
        infer: attention::attention,
    },
    Row {
        name: "AdditiveAttention",
        parameters: &[
            optional("use_scale", Kind::Flag),
            training("dropout", RATE),
            optional("use_causal_mask", Kind::Flag),
        ],
        infer: attention::additive_attention,
    },
    Row {
        name: "Dot",
        parameters: &[required("axes", Kind::Ends)],
        infer: attention::dot,
    },
    Row {
        name: "PositionEmbedding",
        parameters: &[
            optional("sequence_length", Kind::Count),
            initializer("initializer"),
        ],
        infer: steps::position_embedding,
    },
];
