//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `strided.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `StridedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("strided.safetensors"))]
    pub Strided:
        Input(8, 10, 3)
        => Conv2D(5, 3x3, strides = 2, same)
}
