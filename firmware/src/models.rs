//! Models of MLPerf Tiny, of sequences, and of every layer. Tests train and check them on a workstation, and `firmware` runs
//! them on a device.

use kerust::model;

model! {
    /// Anomaly detection of MLPerf Tiny: an autoencoder of sounds.
    #[int8(input = int8, output = int8)]
    pub Autoencoder:
        Input(640)
        => Repeat(4, Dense(128) => BatchNormalization => ReLU)
        => Dense(8) => BatchNormalization => ReLU
        => Repeat(4, Dense(128) => BatchNormalization => ReLU)
        => Dense(640)
}

model! {
    /// Image classification of MLPerf Tiny: He et al. (2015), eight layers deep.
    #[int8(input = int8, output = int8)]
    pub ResNet8:
        Input(32, 32, 3)
        => Conv2D(16, 3x3, same) => BatchNormalization => ReLU
        => Residual(
            Conv2D(16, 3x3, same) => BatchNormalization => ReLU
            => Conv2D(16, 3x3, same) => BatchNormalization)
        => ReLU
        => Residual(
            Conv2D(32, 3x3, strides = 2, same) => BatchNormalization => ReLU
            => Conv2D(32, 3x3, same) => BatchNormalization,
            shortcut = Conv2D(32, 1x1, strides = 2, same))
        => ReLU
        => Residual(
            Conv2D(64, 3x3, strides = 2, same) => BatchNormalization => ReLU
            => Conv2D(64, 3x3, same) => BatchNormalization,
            shortcut = Conv2D(64, 1x1, strides = 2, same))
        => ReLU
        => AveragePooling2D(8x8)
        => Flatten
        => Dense(10, softmax)
}

model! {
    /// Keyword spotting of MLPerf Tiny: Zhang et al. (2017), the small DS-CNN.
    #[int8(input = int8, output = int8)]
    pub Keywords:
        Input(49, 10, 1)
        => Conv2D(64, (10, 4), strides = 2, same) => BatchNormalization => ReLU
        => Dropout(0.2)
        => Repeat(4,
            DepthwiseConv2D(3x3, same) => BatchNormalization => ReLU
            => Conv2D(64, 1x1) => BatchNormalization => ReLU)
        => Dropout(0.4)
        => AveragePooling2D((25, 5))
        => Flatten
        => Dense(12, softmax)
}

model! {
    /// Keyword spotting with an LSTM, on the features of MLPerf Tiny's: 49 steps of 10 coefficients.
    pub KeywordsLstm: Input(49, 10) => LSTM(48) => Dense(12, softmax)
}

model! {
    /// A small Transformer for commands of up to 16 words, with masked padding.
    pub Transformer {
        let words = Input(16, dtype = token);
        let x = words => Embedding(128, 32, mask_zero = true) => PositionEmbedding;
        let x = x => Residual(LayerNormalization => MultiHeadAttention(num_heads = 4, key_dim = 8));
        let x = x => Residual(LayerNormalization => Dense(64, gelu) => Dense(32));
        x => GlobalAveragePooling1D => Dense(8, softmax)
    }
}

model! {
    /// A layer of every kind, in every way that a kernel is called.
    pub Catalogue {
        let image = Input(12, 12, 2);
        let features = image
            => Rescaling(1.0 / 2.0, offset = -0.1)
            => RandomRotation(0.1)
            => RandomFlip(horizontal)
            => GaussianNoise(0.1)
            => Conv2D(6, 3x3, same, strides = 2, relu)
            => LayerNormalization
            => Conv2D(6, 3x2, same, groups = 2, use_bias = false)
            => BatchNormalization => ReLU(6.0);
        let left = features
            => DepthwiseConv2D(3x3, same, depth_multiplier = 2, tanh) => MaxPooling2D(2x2)
            => SeparableConv2D(4, 3x3, same)
            => UpSampling2D(2);
        let right = features
            => ZeroPadding2D(1) => DepthwiseConv2D(3x3, elu) => AveragePooling2D(3, 2, same)
            => Conv2DTranspose(4, 2x2, strides = 2, sigmoid);
        let sum = Add(left, right) => Activation(gelu);
        let difference = Subtract(left, right) => Activation(mish);
        let product = Multiply(left, right) => Activation(silu);
        let most = Maximum(left, right) => Activation(softplus);
        let least = Minimum(left, right) => Activation(softsign);
        let mean = Average(left, right) => Activation(selu);
        let joined = Concatenate(sum, difference, product, most, least, mean)
            => Resizing(4, 5) => Activation(hard_silu);
        let largest = joined => GlobalMaxPooling2D => Activation(exponential);
        let usual = joined => GlobalAveragePooling2D => Activation(log_softmax);
        let rows = joined => Conv2D(3, 3x3, same, dilation_rate = 2, leaky_relu) => Reshape(-1)
            => Dropout(0.5) => Dense(7, celu) => Residual(Dense(7, hard_sigmoid) => Softmax);
        Concatenate(largest, usual, rows) => Dense(5, softmax)
    }
}
