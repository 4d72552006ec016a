//! Transfer learning: load a trained body by name, freeze it, train a new head, unfreeze, and continue with a
//! small learning rate.
use kerust::prelude::*;

model! {
    /// Classifies six kinds of clothing.
    pub Six:
        Input(28, 28, 1) => Rescaling(1.0 / 255.0)
        => Conv2D(8, 3x3, same, relu, name = edges) => MaxPooling2D(2x2)
        => Conv2D(16, 3x3, same, relu, kernel_regularizer = l2(0.0001), name = parts) => MaxPooling2D(2x2)
        => Flatten => Dense(32, relu, kernel_constraint = max_norm(3.0), name = whole)
        => Dense(6, softmax, name = six)
}

model! {
    /// Classifies all ten kinds, with the same body.
    pub Ten:
        Input(28, 28, 1) => Rescaling(1.0 / 255.0)
        => Conv2D(8, 3x3, same, relu, trainable = false, name = edges) => MaxPooling2D(2x2)
        => Conv2D(16, 3x3, same, relu, name = parts) => MaxPooling2D(2x2)
        => Flatten => Dense(32, relu, name = whole)
        => Dense(10, softmax, name = ten)
}

fn main() -> kerust::Result<()> {
    let (train, test) = datasets::fashion_mnist::load()?;
    let six = train.filter_map_labels(|class: Class<10>| {
        (class.index() < 6).then(|| Class::<6>::new(class.index()))
    });
    let mut model =
        Six::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&six, Fit::epochs(3).batch_size(64).quiet())?;
    model.save("six.safetensors")?;

    // Loads by name: `edges`, `parts` and `whole` are in the file, `ten` is not, and `six` is not used. The
    // report lists them all.
    let (ten, loaded) = Ten::new(Seed(2)).load_partial("six.safetensors")?;
    println!("{loaded}");
    assert_eq!(
        (loaded.taken(), loaded.missing(), loaded.surplus()),
        (6, 2, 2)
    );

    let mut ten = ten.compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    let before = ten.model().edges.kernel;
    ten.freeze("parts")?;
    ten.fit(&train, Fit::epochs(2).batch_size(64).quiet())?;
    ten.unfreeze("parts")?;
    ten.set_learning_rate(0.0001);
    ten.fit(&train, Fit::epochs(1).batch_size(64).quiet())?;
    assert_eq!(before, ten.model().edges.kernel);
    println!("{}", ten.evaluate(&test)?);
    Ok(())
}
