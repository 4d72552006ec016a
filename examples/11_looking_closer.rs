//! Analyzing a model: a search for the learning rate, the confusion matrix, its worst mistakes, doubtful
//! labels, and two runs in one plot.
use kerust::picture::HistoryPlot;
use kerust::prelude::*;

model! {
    /// Classifies 28×28 grayscale images of clothing into ten classes.
    pub Fashion:
        Input(28, 28, 1)
        => Normalization(axis = -1)
        => Conv2D(10, 3x3, same, relu)
        => MaxPooling2D(2x2)
        => Flatten
        => Dense(64, relu)
        => Dense(10, softmax)
}

fn main() -> kerust::Result<()> {
    let (train, test) = datasets::fashion_mnist::load()?;
    let (train, test) = (train.take(5000), test.take(1000));

    let mut net = Fashion::new(Seed(1));
    net.adapt(&train)?; // one mean and one variance: there is one channel
    let mut model = net.compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);

    // This only tries learning rates; the model stays the same.
    let rates = model.find_learning_rate(&train)?;
    println!("{rates}");
    rates.plot().save("learning-rates.png")?;
    println!("{}", model.overfit_check(&train)?);

    let adam = model.fit(
        &train,
        Fit::epochs(4).batch_size(64).validation_data(&test).quiet(),
    )?;
    println!("{}", model.confusion_matrix(&test)?);
    println!("{}", model.classification_report(&test)?);
    model
        .confusion_matrix(&test)?
        .plot()
        .save("confusion.png")?;
    model.worst_mistakes(&test, 24)?.save("mistakes.png")?;
    let suspects = model.suspect_labels(&train)?;
    println!("{} labels to look at", suspects.len());
    let most = &suspects[..suspects.len().min(12)];
    model.grid(&train, most)?.save("suspects.png")?;

    // The same training with another optimizer.
    let mut net = Fashion::new(Seed(1));
    net.adapt(&train)?;
    let mut other = net.compile(SGD::new(0.05), SparseCategoricalCrossentropy, Accuracy);
    let sgd = other.fit(
        &train,
        Fit::epochs(4).batch_size(64).validation_data(&test).quiet(),
    )?;
    HistoryPlot::compare([("Adam", &adam), ("SGD", &sgd)]).save("runs.png")?;
    assert!(model.hints().is_empty(), "{:?}", model.hints());
    Ok(())
}
