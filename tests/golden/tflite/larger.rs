//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `larger.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `LargerInt8::trained()`.
    #[int8(input = int8, output = int8, weights("larger.safetensors"))]
    pub Larger:
        Input(3, 2, 5)
        => Conv2D(7, 5x5, same)
        => Activation(hard_tanh)
}
