//! The first model of many Keras courses, with a picture of its predictions on test images.
use kerust::picture::PredictionGrid;
use kerust::prelude::*;

model! {
    /// Classifies 28×28 grayscale images of clothing into ten classes.
    pub Course:
        Input(28, 28)
        => Rescaling(1.0 / 255.0)
        => Flatten
        => Dense(128, relu)
        => Dense(10, softmax)
}

fn main() -> kerust::Result<()> {
    let (train, test) = datasets::fashion_mnist::load()?;
    let mut model =
        Course::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy);
    model.fit(&train, Fit::epochs(10))?;
    println!("{}", model.evaluate(&test)?);

    let names = test.class_names();
    let mut grid = PredictionGrid::new(28, 28, 1).columns(5);
    for index in 0..15 {
        let image = test.input(index);
        let scores = model.predict(&image);
        let guess = scores.argmax();
        let truth = &names[test.label(index).index()];
        grid.push(
            image.as_slice(),
            &names[guess],
            scores.as_slice()[guess],
            truth,
        )?;
    }
    grid.save("fashion-predictions.png")
}
