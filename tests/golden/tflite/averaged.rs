//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `averaged.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `AveragedInt8::trained()`.
    #[int8(input = int8, output = int8, weights("averaged.safetensors"))]
    pub Averaged:
        Input(7, 5, 37)
        => GlobalAveragePooling2D
}
