//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `depthwise.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `DepthwiseInt8::trained()`.
    #[int8(input = int8, output = int8, weights("depthwise.safetensors"))]
    pub Depthwise:
        Input(7, 7, 1)
        => DepthwiseConv2D(4x3, strides = 2x1, same, depth_multiplier = 8, relu6)
}
