//! Tests of the whole crate in one binary: the results equal Keras's and are reproducible.

mod alone;
mod arena;
mod classification;
mod course;
mod embedded;
mod golden;
mod graph;
mod int8;
mod keras_callbacks;
mod keras_draws;
mod keras_graph_layers;
mod keras_images;
mod keras_layers;
mod keras_losses;
mod keras_normalization;
mod keras_sequences;
mod keras_training;
mod keras_vocabulary;
mod keras_vocabulary_layers;
mod masks;
mod model;
mod own_layers;
mod own_settings;
mod published;
mod quantization_aware;
mod quantize;
mod reproducible;
mod sequence_heads;
mod sequence_models;
mod settings;
mod stateful;
mod text;
#[cfg(feature = "tflite")]
mod tflite;
mod values;
