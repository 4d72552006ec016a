//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `per_tensor.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `PerTensorInt8::trained()`.
    #[int8(input = int8, output = int8, weights("per_tensor.safetensors"))]
    pub PerTensor:
        Input(4, 5, 3)
        => DepthwiseConv2D(3x3, same)
}
