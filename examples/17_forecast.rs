//! Forecasting: an LSTM predicts the number of sunspots of the next month from the last two years.
use kerust::data::csv::Table;
use kerust::prelude::*;

model! {
    /// The next value of a series with 24 steps.
    pub Sunspots:
        Input(24, 1)
        => Conv1D(16, 5, causal, relu)
        => LSTM(24)
        => Dense(1)
}

fn main() -> kerust::Result<()> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sunspots/monthly.csv");
    // Values of about 1 are easier to learn than of about 100.
    let mut series: Vec<f32> = Table::read(file)?.column("sunspots")?;
    series.iter_mut().for_each(|value| *value /= 100.0);
    // The future is for the test: the months since 1960.
    let (past, future) = series.split_at((1960 - 1749) * 12);
    let train: Dataset<Rank2<24, 1>, Rank1<1>> = Dataset::windows(past, 24, 1)?;
    let test: Dataset<Rank2<24, 1>, Rank1<1>> = Dataset::windows(future, 24, 1)?;

    let mut model =
        Sunspots::new(Seed(2)).compile(Adam::new(0.002), MeanSquaredError, MeanAbsoluteError);
    model.fit(
        &train,
        Fit::epochs(20)
            .batch_size(32)
            .validation_split(0.1)
            .callback(
                EarlyStopping::monitor("val_loss")
                    .patience(5)
                    .restore_best_weights(),
            ),
    )?;

    let error = 100.0 * model.evaluate(&test)?["mean_absolute_error"];
    let baseline = |forecast: fn(&[f32]) -> f32| {
        let errors = test
            .iter()
            .map(|(x, y)| (forecast(x.as_slice()) - y[0]).abs());
        100.0 * f64::from(errors.sum::<f32>()) / test.len() as f64
    };
    let same = baseline(|months| months[23]);
    let mean = baseline(|months| months[18..].iter().sum::<f32>() / 6.0);
    println!("mean absolute error in sunspots: {error:.1}");
    println!("as many as this month: {same:.1}; the mean of half a year: {mean:.1}");
    assert!(error < 0.95 * same && error < 0.95 * mean);
    Ok(())
}
