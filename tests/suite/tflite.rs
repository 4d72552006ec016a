//! Imported models of TensorFlow Lite: the typed 8-bit twins give the bytes of TensorFlow Lite Micro.
//!
//! The modules are what `kerust import` writes. A test of `kerust-core` holds that it still writes the same.

use kerust::element::Element;
use kerust::prelude::*;
use kerust::tensor::StaticShape;
use safetensors::SafeTensors;
use std::path::Path;

/// Compiles imports, each from its file, and compares the outputs of their twins with those in the golden file.
macro_rules! imported {
    ($test:ident, $from:literal: $($module:ident $path:literal $twin:ident $case:literal;)+) => {
        $(#[path = $path] mod $module;)+

        #[test]
        fn $test() {
            let mut compared = 0;
            $(compared += check($from, $case, |x| {
                let (twin, x) = ($module::$twin::trained(), take(x));
                $module::$twin::verify_flash().unwrap();
                let y = twin.predict(&x);
                assert_eq!(y, twin.predict_in(&x, &mut Arena::new()));
                bytes(&y)
            });)+
            assert!(compared > 0);
        }
    };
}

imported! {
    imported_networks_give_the_bytes_of_tensorflow_lite_micro, "networks":
    pictures "../golden/tflite/pictures.rs" PicturesInt8 "pictures";
    sequence "../golden/tflite/sequence.rs" SequenceInt8 "sequence";
    flattened "../golden/tflite/flattened.rs" FlattenedInt8 "flattened";
    any_batch "../golden/tflite/any_batch.rs" AnyBatchInt8 "any_batch";
    real "../golden/tflite/real.rs" RealInt8 "real";
}

imported! {
    imported_operators_give_the_bytes_of_tensorflow_lite_micro, "operators":
    strided "../golden/tflite/strided.rs" StridedInt8 "conv_same_stride_2_even";
    saturated "../golden/tflite/saturated.rs" SaturatedInt8 "conv_sums_near_the_ends";
    multiplied "../golden/tflite/multiplied.rs" MultipliedInt8 "conv_multiplier_far_above_one";
    larger "../golden/tflite/larger.rs" LargerInt8 "conv_larger_than_the_image";
    depthwise "../golden/tflite/depthwise.rs" DepthwiseInt8 "depthwise_of_one_channel";
    per_tensor "../golden/tflite/per_tensor.rs" PerTensorInt8 "depthwise_per_tensor";
    dense_per_tensor "../golden/tflite/dense_per_tensor.rs" DensePerTensorInt8 "dense_per_tensor";
    dense_rows "../golden/tflite/dense_rows.rs" DenseRowsInt8 "dense_rows";
    without_bias "../golden/tflite/without_bias.rs" WithoutBiasInt8 "dense_without_bias";
    pooled "../golden/tflite/pooled.rs" PooledInt8 "average_pool_same_overlapping";
    averaged "../golden/tflite/averaged.rs" AveragedInt8 "mean_of_an_image";
    padded "../golden/tflite/padded.rs" PaddedInt8 "pad_with_a_value";
    steep "../golden/tflite/steep.rs" SteepInt8 "softmax_beta";
    leaky "../golden/tflite/leaky.rs" LeakyInt8 "leaky_relu_0";
    rectified "../golden/tflite/rectified.rs" RectifiedInt8 "relu_0";
    rescaled "../golden/tflite/rescaled.rs" RescaledInt8 "quantize_0";
}

#[path = "../golden/tflite/added.rs"]
mod added;
#[path = "../golden/tflite/joined.rs"]
mod joined;
#[path = "../golden/tflite/several.rs"]
mod several;

#[test]
fn imports_of_several_inputs_and_outputs_give_the_bytes_of_tensorflow_lite_micro() {
    let twin = added::AddedInt8::trained();
    check("operators", "add_relu6", |x| {
        bytes(&twin.predict(&(take(x), take(x))))
    });
    let twin = joined::JoinedInt8::trained();
    check("operators", "concatenation_rows", |x| {
        bytes(&twin.predict(&(take(x), take(x))))
    });
    let twin = several::SeveralInt8::trained();
    check("networks", "several", |x| {
        let (a, b) = twin.predict(&(take(x), take(x)));
        [bytes(&a), bytes(&b)].concat()
    });
}

/// Compares the outputs for all samples of a case; returns how many bytes were compared.
fn check(from: &str, case: &str, predict: impl Fn(&mut &[u8]) -> Vec<u8>) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kerust-core/tests/files/tflite");
    let file = std::fs::read(folder.join(from).with_extension("safetensors")).unwrap();
    let file = SafeTensors::deserialize(&file).unwrap();
    let tensor = |part: &str| file.tensor(&format!("{case}.{part}")).unwrap();
    let (x, y) = (tensor("x"), tensor("y"));
    let samples = x.shape()[0];
    let expected = y.data().chunks_exact(y.data().len() / samples);
    let inputs = x.data().chunks_exact(x.data().len() / samples);
    for (number, (mut x, expected)) in inputs.zip(expected).enumerate() {
        assert_eq!(predict(&mut x), expected, "{case}, sample {number}");
        assert!(
            x.is_empty(),
            "{case}: the sample has {} bytes more",
            x.len()
        );
    }
    y.data().len()
}

/// The next input of a sample.
fn take<S: StaticShape, T: Number>(rest: &mut &[u8]) -> Tensor<S, T> {
    let mut x = Tensor::zeros();
    for x in x.as_mut_slice() {
        *x = T::read(rest.split_off(..size_of::<T>()).unwrap());
    }
    x
}

/// The bytes of an output.
fn bytes<S: StaticShape, T: Number>(y: &Tensor<S, T>) -> Vec<u8> {
    y.as_slice().iter().flat_map(|y| y.bytes()).collect()
}

/// A type of inputs and outputs.
trait Number: Element {
    fn read(bytes: &[u8]) -> Self;

    fn bytes(self) -> Vec<u8>;
}

macro_rules! numbers {
    ($($type:ty)+) => {
        $(impl Number for $type {
            fn read(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().unwrap())
            }

            fn bytes(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
        })+
    };
}

numbers!(i8 f32);
