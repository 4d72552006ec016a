//! Single layers as functions from tensor to tensor: custom layers by `call`, built-in layers as a model of
//! one layer.

use kerust::prelude::*;

#[test]
fn a_layer_of_the_catalogue_alone_is_a_function() {
    let pool = model!(Input(4, 4, 1) => MaxPooling2D(2x2));
    let y: Tensor<Rank3<2, 2, 1>> = pool.predict(&Tensor::from_fn(|[y, x, _]| (4 * y + x) as f32));
    assert_eq!(y.as_slice(), [5.0, 7.0, 13.0, 15.0]);

    let softmax = model!(Input(2) => Softmax);
    assert_eq!(
        softmax.predict(&Tensor::from([3.0, 3.0])).as_slice(),
        [0.5, 0.5]
    );

    let mut dense = model!(Input(2) => Dense(1, relu));
    dense.dense.kernel = [[2.0], [-1.0]];
    dense.dense.bias = [0.5];
    assert_eq!(dense.predict(&Tensor::from([1.0, 1.0])).as_slice(), [1.5]);
    assert_eq!(dense.predict(&Tensor::from([0.0, 1.0])).as_slice(), [0.0]);
}

#[test]
fn training_layers_alone_change_nothing_in_prediction() {
    let noise = model!(Input(3, 3, 1) => RandomRotation(0.5) => Dropout(0.9) => GaussianNoise(1.0));
    let x = Tensor::from_fn(|[y, x, _]| (3 * y + x) as f32);
    assert_eq!(noise.predict(&x), x);
}
