//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `dense_per_tensor.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `DensePerTensorInt8::trained()`.
    #[int8(input = int8, output = int8, weights("dense_per_tensor.safetensors"))]
    pub DensePerTensor:
        Input(17)
        => Dense(9)
}
