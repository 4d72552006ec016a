//! The layers of `model!`, with Keras's names, arguments and defaults.
//!
//! Each page lists the arguments in their order. An argument with a default is written as in a declaration:
//! `strides = 1`. Arguments may have their name, `Conv2D(filters = 10, kernel_size = 3x3)`, or stand in their place,
//! `Conv2D(10, 3x3)`; a word that can only be one of them needs neither: `Conv2D(10, 3x3, same, relu)`.
//!
//! Every layer takes two more:
//! - `name`: the name of the layer, which is that of its field; [`Dense`] is `dense`, the next one `dense_1`.
//! - `trainable = true`: whether training moves the weights.
//!
//! | | |
//! |---|---|
//! | basic | [`Input`], [`Dense`], [`Activation`], [`Embedding`], [`Masking`] |
//! | shapes | [`Flatten`], [`Reshape`], [`Permute`], [`RepeatVector`] |
//! | activations | [`ReLU`], [`LeakyReLU`], [`ELU`], [`PReLU`], [`Softmax`], and the [functions](crate::activation::Activation) |
//! | convolutions | [`Conv1D`], [`Conv2D`], [`DepthwiseConv1D`], [`DepthwiseConv2D`], [`SeparableConv1D`], [`SeparableConv2D`], [`Conv1DTranspose`], [`Conv2DTranspose`] |
//! | pooling | [`MaxPooling1D`], [`MaxPooling2D`], [`AveragePooling1D`], [`AveragePooling2D`], [`GlobalMaxPooling1D`], [`GlobalMaxPooling2D`], [`GlobalAveragePooling1D`], [`GlobalAveragePooling2D`] |
//! | sizes | [`ZeroPadding1D`], [`ZeroPadding2D`], [`Cropping1D`], [`Cropping2D`], [`UpSampling1D`], [`UpSampling2D`] |
//! | recurrent | [`SimpleRNN`], [`LSTM`], [`GRU`], [`Bidirectional`], [`TimeDistributed`] |
//! | attention | [`MultiHeadAttention`], [`Attention`], [`AdditiveAttention`], [`PositionEmbedding`] |
//! | normalization | [`BatchNormalization`], [`LayerNormalization`], [`GroupNormalization`], [`RMSNormalization`], [`UnitNormalization`], [`Normalization`] |
//! | regularization | [`Dropout`], [`SpatialDropout1D`], [`SpatialDropout2D`], [`AlphaDropout`], [`GaussianDropout`], [`GaussianNoise`], [`ActivityRegularization`] |
//! | images | [`Rescaling`], [`Resizing`], [`CenterCrop`], [`RandomFlip`], [`RandomRotation`], [`RandomTranslation`], [`RandomZoom`], [`RandomBrightness`], [`RandomContrast`], [`RandomCrop`], [`RandomErasing`] |
//! | merging | [`Add`], [`Subtract`], [`Multiply`], [`Average`], [`Maximum`], [`Minimum`], [`Concatenate`], [`Dot`] |
//! | of chains | [`Residual`], [`Repeat`] |
//!
//! The types named `..Weights` are the fields of a model: `net.dense.kernel`.

mod activation;
mod activity_regularization;
mod add;
mod additive_attention;
mod affine;
mod along_axes;
mod alpha_dropout;
mod attention;
mod attention_gradients;
mod average;
mod average_pooling1d;
mod average_pooling2d;
mod batch_normalization;
mod bidirectional;
mod broadcast;
mod center_crop;
mod concatenate;
mod conv1d;
mod conv1d_transpose;
mod conv2d;
mod conv2d_transpose;
mod cropping1d;
mod cropping2d;
mod custom_activation;
mod dense;
mod depthwise_conv1d;
mod depthwise_conv2d;
mod dot;
mod dropout;
mod elementwise;
mod elu;
mod embedding;
mod flatten;
pub mod functions;
mod gaussian_dropout;
mod gaussian_noise;
mod global_average_pooling1d;
mod global_average_pooling2d;
mod global_max_pooling1d;
mod global_max_pooling2d;
mod glu;
mod group_normalization;
mod gru;
mod identity;
mod image;
mod input;
pub mod int8;
mod layer_normalization;
mod leaky_relu;
mod lstm;
mod mask;
mod masking;
mod max_pooling1d;
mod max_pooling2d;
mod maximum;
mod minimum;
mod multi_head_attention;
mod multiply;
mod normalization;
mod one_dimension;
mod permute;
mod position_embedding;
mod prelu;
mod quantize;
mod random_brightness;
mod random_contrast;
mod random_crop;
mod random_erasing;
mod random_flip;
mod random_rotation;
mod random_translation;
mod random_zoom;
mod recurrent;
mod recurrent_values;
mod recurrent_weights;
mod relu;
mod repeat;
mod repeat_vector;
mod rescaling;
mod reshape;
mod residual;
mod resizing;
mod rms_normalization;
mod separable_conv1d;
mod separable_conv2d;
mod simple_rnn;
mod softmax;
mod sparsemax;
mod spatial_dropout1d;
mod spatial_dropout2d;
mod subtract;
mod time_distributed;
mod unit_normalization;
mod up_sampling1d;
mod up_sampling2d;
mod zero_padding1d;
mod zero_padding2d;

pub use activation::Activation;
pub use activity_regularization::ActivityRegularization;
pub use add::Add;
pub use additive_attention::{AdditiveAttention, AdditiveAttentionWeights};
pub use along_axes::ScaleAndShift;
pub use alpha_dropout::AlphaDropout;
pub use attention::{Attention, AttentionWeights, ScoreMode};
pub use average::Average;
pub use average_pooling1d::AveragePooling1D;
pub use average_pooling2d::AveragePooling2D;
pub use batch_normalization::{BatchNormalization, BatchNormalizationWeights};
pub use bidirectional::{Bidirectional, BidirectionalWeights, MergeMode};
pub use center_crop::CenterCrop;
pub use concatenate::Concatenate;
#[doc(hidden)]
pub use concatenate::MaskConcatenate;
pub use conv1d::{Conv1D, Conv1DWeights};
pub use conv1d_transpose::{Conv1DTranspose, Conv1DTransposeWeights};
pub use conv2d::{Conv2D, Conv2DWeights};
pub use conv2d_transpose::{Conv2DTranspose, Conv2DTransposeWeights};
pub use cropping1d::Cropping1D;
pub use cropping2d::Cropping2D;
pub use custom_activation::CustomActivation;
pub use dense::{Dense, DenseWeights};
pub use depthwise_conv1d::{DepthwiseConv1D, DepthwiseConv1DWeights};
pub use depthwise_conv2d::{DepthwiseConv2D, DepthwiseConv2DWeights};
pub use dot::Dot;
pub use dropout::Dropout;
pub use elu::ELU;
pub use embedding::{Embedding, EmbeddingWeights};
pub use flatten::Flatten;
pub use gaussian_dropout::GaussianDropout;
pub use gaussian_noise::GaussianNoise;
pub use global_average_pooling1d::GlobalAveragePooling1D;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use global_max_pooling1d::GlobalMaxPooling1D;
pub use global_max_pooling2d::GlobalMaxPooling2D;
pub use glu::Glu;
pub use group_normalization::GroupNormalization;
pub use gru::{GRU, GRUResetBeforeWeights, GRUWeights};
pub use identity::Identity;
pub use image::Interpolation;
pub use input::Input;
pub use layer_normalization::{LayerNormalization, LayerNormalizationWeights};
pub use leaky_relu::LeakyReLU;
pub use lstm::{LSTM, LSTMWeights};
#[doc(hidden)]
pub use mask::{MaskAll, MaskAny};
pub use masking::Masking;
pub use max_pooling1d::MaxPooling1D;
pub use max_pooling2d::MaxPooling2D;
#[doc(hidden)]
pub use maximum::MaskedMaximum;
pub use maximum::Maximum;
#[doc(hidden)]
pub use minimum::MaskedMinimum;
pub use minimum::Minimum;
pub use multi_head_attention::{
    MultiHeadAttention, MultiHeadAttentionWeights, OutputProjectionWeights, ProjectionWeights,
};
#[doc(hidden)]
pub use multiply::MaskedMultiply;
pub use multiply::Multiply;
pub use normalization::{Normalization, NormalizationWeights};
pub use permute::Permute;
pub use position_embedding::{PositionEmbedding, PositionEmbeddingWeights};
pub use prelu::{PReLU, PReLUWeights};
pub use quantize::{Dequantize, Quantize};
pub use random_brightness::RandomBrightness;
pub use random_contrast::RandomContrast;
pub use random_crop::RandomCrop;
pub use random_erasing::RandomErasing;
pub use random_flip::{Flip, RandomFlip};
pub use random_rotation::{FillMode, RandomRotation};
pub use random_translation::RandomTranslation;
pub use random_zoom::RandomZoom;
pub use recurrent::RecurrentLayer;
pub use relu::ReLU;
pub use repeat::Repeat;
pub use repeat_vector::RepeatVector;
pub use rescaling::Rescaling;
pub use reshape::Reshape;
pub use residual::Residual;
pub use resizing::Resizing;
pub use rms_normalization::{RMSNormalization, RMSNormalizationWeights};
pub use separable_conv1d::{SeparableConv1D, SeparableConv1DWeights};
pub use separable_conv2d::{SeparableConv2D, SeparableConv2DWeights};
pub use simple_rnn::{SimpleRNN, SimpleRNNWeights};
pub use softmax::Softmax;
pub use sparsemax::Sparsemax;
pub use spatial_dropout1d::SpatialDropout1D;
pub use spatial_dropout2d::SpatialDropout2D;
pub use subtract::Subtract;
pub use time_distributed::TimeDistributed;
pub use unit_normalization::UnitNormalization;
pub use up_sampling1d::UpSampling1D;
pub use up_sampling2d::UpSampling2D;
pub use zero_padding1d::ZeroPadding1D;
pub use zero_padding2d::ZeroPadding2D;
