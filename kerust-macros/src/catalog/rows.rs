//! The layers, with one row each, here and in the files beside. To add a layer, write its file in
//! `kerust-core/src/layers` and its row.

use super::{Row, convolutions, images, normalization, values};
use crate::arguments::{Kind, Parameter};
use crate::words::{ACTIVATIONS, DTYPES, INITIALIZERS, INTERPOLATIONS, PADDINGS};
use kerust_core::shape::Bounds;

pub(super) const fn required(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        required: true,
        training_only: false,
    }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        required: false,
        training_only: false,
    }
}

pub(super) const fn initializer(name: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Word(&INITIALIZERS),
        required: false,
        training_only: true,
    }
}

pub(super) const fn training(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        required: false,
        training_only: true,
    }
}

pub(super) const fn regularizer(name: &'static str) -> Parameter {
    training(name, Kind::Regularizer)
}

pub(super) const fn constraint(name: &'static str) -> Parameter {
    training(name, Kind::Constraint)
}

pub(super) const ACTIVATION: Parameter = optional("activation", Kind::Word(&ACTIVATIONS));
pub(super) const PADDING: Parameter = optional("padding", Kind::Word(&PADDINGS));
pub(super) const INTERPOLATION: Parameter = optional("interpolation", Kind::Word(&INTERPOLATIONS));
const POOL: &[Parameter] = &[
    optional("pool_size", Kind::Pair),
    optional("strides", Kind::Pair),
    PADDING,
];

/// Products, pools and what changes shapes.
pub static ROWS: &[Row] = &[
    Row {
        name: "Dense",
        parameters: &[
            required("units", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            regularizer("activity_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
        ],
        infer: values::dense,
    },
    Row {
        name: "Conv2D",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Pair),
            optional("strides", Kind::Pair),
            PADDING,
            optional("dilation_rate", Kind::Pair),
            optional("groups", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            regularizer("activity_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
        ],
        infer: convolutions::conv2d,
    },
    Row {
        name: "DepthwiseConv2D",
        parameters: &[
            required("kernel_size", Kind::Pair),
            optional("strides", Kind::Pair),
            PADDING,
            optional("depth_multiplier", Kind::Count),
            optional("dilation_rate", Kind::Pair),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("depthwise_initializer"),
            initializer("bias_initializer"),
            regularizer("depthwise_regularizer"),
            regularizer("bias_regularizer"),
            regularizer("activity_regularizer"),
            constraint("depthwise_constraint"),
            constraint("bias_constraint"),
        ],
        infer: convolutions::depthwise_conv2d,
    },
    Row {
        name: "SeparableConv2D",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Pair),
            optional("strides", Kind::Pair),
            PADDING,
            optional("dilation_rate", Kind::Pair),
            optional("depth_multiplier", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("depthwise_initializer"),
            initializer("pointwise_initializer"),
            initializer("bias_initializer"),
            regularizer("depthwise_regularizer"),
            regularizer("pointwise_regularizer"),
            regularizer("bias_regularizer"),
            regularizer("activity_regularizer"),
            constraint("depthwise_constraint"),
            constraint("pointwise_constraint"),
            constraint("bias_constraint"),
        ],
        infer: convolutions::separable_conv2d,
    },
    Row {
        name: "Conv2DTranspose",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Pair),
            optional("strides", Kind::Pair),
            PADDING,
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            regularizer("activity_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
        ],
        infer: convolutions::conv2d_transpose,
    },
    Row {
        name: "Normalization",
        parameters: &[
            optional("axis", Kind::Axis),
            optional("mean", Kind::Numbers(Bounds::Finite)),
            optional("variance", Kind::Numbers(Bounds::NotNegative)),
            optional("invert", Kind::Flag),
        ],
        infer: normalization::normalization,
    },
    Row {
        name: "ZeroPadding2D",
        parameters: &[optional("padding", Kind::Borders)],
        infer: images::zero_padding2d,
    },
    Row {
        name: "Cropping2D",
        parameters: &[optional("cropping", Kind::Borders)],
        infer: images::cropping2d,
    },
    Row {
        name: "UpSampling2D",
        parameters: &[optional("size", Kind::Pair), INTERPOLATION],
        infer: images::up_sampling2d,
    },
    Row {
        name: "GlobalMaxPooling2D",
        parameters: &[],
        infer: images::global_pooling2d,
    },
    Row {
        name: "MaxPooling2D",
        parameters: POOL,
        infer: images::pooling2d,
    },
    Row {
        name: "AveragePooling2D",
        parameters: POOL,
        infer: images::pooling2d,
    },
    Row {
        name: "GlobalAveragePooling2D",
        parameters: &[],
        infer: images::global_pooling2d,
    },
    Row {
        name: "Flatten",
        parameters: &[],
        infer: values::flatten,
    },
    Row {
        name: "Reshape",
        parameters: &[required("target_shape", Kind::Sizes { open: true })],
        infer: values::reshape,
    },
    Row {
        name: "Rescaling",
        parameters: &[
            required("scale", Kind::Number(Bounds::Finite)),
            optional("offset", Kind::Number(Bounds::Finite)),
        ],
        infer: values::rescaling,
    },
    Row {
        name: "Resizing",
        parameters: &[
            required("height", Kind::Count),
            required("width", Kind::Count),
            INTERPOLATION,
            optional("crop_to_aspect_ratio", Kind::Flag),
            optional("pad_to_aspect_ratio", Kind::Flag),
            optional("fill_value", Kind::Number(Bounds::Finite)),
        ],
        infer: images::resizing,
    },
];

/// The parameters of `Input`, which starts every model.
pub const INPUT: &[Parameter] = &[
    required("shape", Kind::Sizes { open: false }),
    optional("dtype", Kind::Word(&DTYPES)),
];
