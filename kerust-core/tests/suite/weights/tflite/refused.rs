//! Unsupported files and their error messages.

use super::{file, models};
use kerust_core::weights::tflite::Graph;
use safetensors::SafeTensors;

#[test]
fn files_of_other_kinds_are_named() {
    for (bytes, found) in [
        (&b""[..], "an empty file"),
        (b"PK\x03\x04 and so on", "a zip archive (a `.keras`?)"),
        (b"\x89HDF\r\n\x1a\n and so on", "an HDF5 file (a `.h5`?)"),
        (b"\x08\x08\x12\x07pytorch", "what seems to be an ONNX file"),
        (
            b"some text",
            "the first bytes [73, 6f, 6d, 65, 20, 74, 65, 78]",
        ),
    ] {
        assert_eq!(
            Graph::read(bytes).unwrap_err().to_string(),
            format!(
                "not a TensorFlow Lite model: found {found}, expected a FlatBuffer with the identifier `TFL3`"
            )
        );
    }
}

/// The models of `refused.safetensors`, and the message about each.
const REFUSED: &[(&str, &str)] = &[
    (
        "a_batch",
        "tensor 0 (`tensor_0`): found an input of shape [4, 8], expected a batch of 1; convert \
         the model with a batch of 1",
    ),
    (
        "a_cut_shape",
        "operator 0 (`RESHAPE`): found an output of shape [1, 7], expected as many values as [1, \
         8] has; convert the model again",
    ),
    (
        "add_broadcast",
        "operator 0 (`ADD`): found `tensor_1` of shape [1, 1, 1, 4] and an output of [1, 3, 3, \
         4], expected two activations of one shape; give both the same shape beforehand",
    ),
    (
        "another_operator",
        "operator 0 (`TRANSPOSE_CONV`): kerust has no 8-bit arithmetic for it; leave it out of \
         the model, or build it from `ADD`, `AVERAGE_POOL_2D`, `CONCATENATION`, `CONV_2D`, \
         `DEPTHWISE_CONV_2D`, `DEQUANTIZE`, `FULLY_CONNECTED`, `LOGISTIC`, `MAX_POOL_2D`, `RELU`, \
         `RELU6`, `RESHAPE`, `SOFTMAX`, `TANH`, `PAD`, `MEAN`, `SQUEEZE`, `PADV2`, `EXPAND_DIMS`, \
         `LEAKY_RELU`, `QUANTIZE`",
    ),
    (
        "another_version",
        "operator 0 (`SOFTMAX`): found version 4, expected 1 to 3; convert the model with an \
         older TensorFlow",
    ),
    (
        "changing_steps",
        "tensor 0 (`tensor_0`): found an input whose size along axis 1 changes while it runs, \
         expected fixed sizes; convert the model with a fixed input shape",
    ),
    (
        "concatenation_two_scales",
        "operator 0 (`CONCATENATION`): found `tensor_0` of scale 0.2 and zero point 5, expected \
         the output's scale 0.1 and zero point 5; convert the model with a newer TensorFlow, \
         which rescales the inputs beforehand",
    ),
    (
        "conv_fused_tanh",
        "operator 0 (`CONV_2D`): found the fused activation 4, expected none, `RELU`, \
         `RELU_N1_TO_1` or `RELU6`; make it a separate layer",
    ),
    (
        "conv_output_of_another_shape",
        "operator 0 (`CONV_2D`): found an output of shape [1, 3, 4, 1], expected [1, 4, 4, 1]; \
         convert the model with a batch of 1",
    ),
    (
        "conv_scales_along_another_axis",
        "operator 0 (`CONV_2D`): found scales of the weights along axis 3, expected along axis 0; \
         convert the model with TensorFlow's converter",
    ),
    (
        "conv_stride_0",
        "operator 0 (`CONV_2D`): found strides of [0, 1], expected sizes from 1 to 65535; convert \
         the model again",
    ),
    (
        "custom_operator",
        "operator 0 (`CUSTOM Wavelet`): kerust has no 8-bit arithmetic for it; leave it out of \
         the model, or build it from `ADD`, `AVERAGE_POOL_2D`, `CONCATENATION`, `CONV_2D`, \
         `DEPTHWISE_CONV_2D`, `DEQUANTIZE`, `FULLY_CONNECTED`, `LOGISTIC`, `MAX_POOL_2D`, `RELU`, \
         `RELU6`, `RESHAPE`, `SOFTMAX`, `TANH`, `PAD`, `MEAN`, `SQUEEZE`, `PADV2`, `EXPAND_DIMS`, \
         `LEAKY_RELU`, `QUANTIZE`",
    ),
    (
        "dense_a_short_bias",
        "operator 0 (`FULLY_CONNECTED`): found a bias of type `INT32` and shape [2], expected 3 \
         constants of `INT32`; convert the model with full integer quantization",
    ),
    (
        "dense_missing_bytes",
        "tensor 1 (`tensor_1`): found 11 bytes of data, expected 12 values of `INT8`; convert the \
         model again",
    ),
    (
        "dense_weights_of_4_bits",
        "operator 0 (`FULLY_CONNECTED`): found weights of `INT4`, expected constants of `INT8`; \
         convert the model with full integer quantization",
    ),
    (
        "dense_weights_with_a_zero_point",
        "operator 0 (`FULLY_CONNECTED`): found weights with a zero point, expected symmetric \
         ones; convert the model with a newer TensorFlow",
    ),
    (
        "logistic_another_output",
        "operator 0 (`LOGISTIC`): found an output of scale 0.0078125 and zero point 0, expected \
         scale 0.00390625 and zero point -128; convert the model with TensorFlow's converter",
    ),
    (
        "loops",
        "found 2 subgraphs, expected 1: kerust has no loops and branches; convert the model \
         without control flow, with unrolled recurrent layers",
    ),
    (
        "mean_of_channels",
        "operator 0 (`MEAN`): found a mean of [1, 4, 4, 3] over the axes [3], expected over [1, \
         2]; use a global average of each channel",
    ),
    (
        "options_of_another",
        "operator 0 (`SOFTMAX`): its options are missing, or those of another operator; convert \
         the model again",
    ),
    (
        "out_of_order",
        "operator 0 (`QUANTIZE`): it reads tensor 2 (`tensor_2`), which nothing has computed \
         before; convert the model again",
    ),
    (
        "pad_of_channels",
        "operator 0 (`PAD`): found paddings of [0, 0, 1, 1, 1, 1, 0, 1] on [1, 4, 4, 3], expected \
         rows and columns, or steps, and neither batch nor channels; leave those as they are",
    ),
    (
        "real_values",
        "operator 0 (`LEAKY_RELU`): found `tensor_0` of type `FLOAT32`, expected `INT8`: only \
         8-bit models are read; convert it with `representative_dataset` and \
         `OpsSet.TFLITE_BUILTINS_INT8`, or read its weights from the Keras file",
    ),
    (
        "shared_vectors",
        "the file is damaged: its tables share vectors that together are larger than the file; \
         convert the model again",
    ),
    (
        "unsigned",
        "operator 0 (`QUANTIZE`): found `tensor_0` of type `UINT8`, expected `INT8`: only 8-bit \
         models are read; convert it with `inference_input_type = tf.int8`",
    ),
    (
        "without_scales",
        "operator 0 (`RESHAPE`): found `tensor_0` without one scale and a zero point from -128 to \
         127, expected both; convert the model with full integer quantization",
    ),
    (
        "written_twice",
        "operator 1 (`RESHAPE`): it writes tensor 1 (`tensor_1`), which has its values already; \
         convert the model again",
    ),
];

#[test]
fn unsupported_operators_are_named_with_help() {
    let bytes = file("refused.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut found: Vec<(String, String)> = models(&file)
        .into_iter()
        .map(|(name, model)| (name, Graph::read(model).unwrap_err().to_string()))
        .collect();
    found.sort();
    for ((name, found), (expected_name, expected)) in found.iter().zip(REFUSED) {
        assert_eq!((&**name, &**found), (*expected_name, *expected));
    }
    assert_eq!(found.len(), REFUSED.len());
}
