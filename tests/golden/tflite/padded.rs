//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `padded.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `PaddedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("padded.safetensors"))]
    pub Padded:
        Input(2, 2, 3)
        => Identity
        => Rescaling(1.0, offset = 10.5)
        => ZeroPadding2D(((0, 1), (1, 1)))
        => Rescaling(1.0, offset = -10.5)
}
