//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `pictures.safetensors`.

use kerust::model;

model! {
    /// The model that was imported is its 8-bit twin: `PicturesInt8::trained()`.
    #[int8(input = int8, output = int8, weights("pictures.safetensors"))]
    pub Pictures {
        let input = Input(12, 12, 3);
        let conv2d = input => Conv2D(8, 3x3, strides = 2, same, relu);
        let conv2d_1 = conv2d
            => ZeroPadding2D(((0, 1), (1, 0)))
            => DepthwiseConv2D(2x2, relu6)
            => Conv2D(8, 1x1);
        let add = Add(conv2d, conv2d_1) => ReLU;
        let conv2d_2 = add => Conv2D(5, 3x3, strides = 2, same, tanh);
        let max_pooling2d = add => MaxPooling2D(2x2);
        Concatenate(max_pooling2d, conv2d_2)
            => AveragePooling2D(2x2, strides = 1, same)
            => GlobalAveragePooling2D
            => Dense(10, softmax)
    }
}
