//! A training step of a model with ten million parameters, on a stack of 2 MiB, in a debug build: `cargo run
//! --example large_model`. Weights, gradients and buffers are created directly on the heap.
use kerust::prelude::*;

model! {
    pub Large: Input(3000) => Dense(3000, relu) => Dense(340, relu) => Dense(10, softmax)
}

fn train() -> kerust::Result<()> {
    let data: Dataset<Rank1<3000>, Class<10>> = Dataset::generate(8, |i| {
        let x = Tensor::from_fn(|[j]| ((i * 31 + j) % 7) as f32 / 7.0);
        (x, Class::new(i))
    });
    let mut model =
        Large::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    let history = model.fit(&data, Fit::epochs(1).batch_size(8).quiet())?;
    println!(
        "{} parameters, loss {:.4}",
        Large::PARAMS,
        history["loss"][0]
    );
    const { assert!(Large::PARAMS > 10_000_000) };
    Ok(())
}

fn main() -> kerust::Result<()> {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(train);
    thread
        .expect("a thread starts")
        .join()
        .expect("the thread ends")
}
