//! Expected help: three errors, and none where the model is used.
use kerust::model;
use kerust::layer::LayerData;
use kerust::model::{Arena, Model};
use kerust::tensor::{Rank1, Tensor};

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2d(10, 3x3)
        => Flatten
        => Dense(64, rellu)
        => Dropout(1.5)
        => Dense(10, softmax)
}

fn main() {
    let net = Net::zeroed();
    let mut arena = Arena::<Net>::new();
    let scores: Tensor<Rank1<10>> = net.predict_in(&Tensor::zeroed(), &mut arena);
    println!("{} {} {}", Net::PARAMS, <Net as Model>::NAME, scores.argmax());
}
