//! A custom loss, metric, learning rate schedule and callback, in a few lines each.
use kerust::prelude::*;

/// Quantile loss: a prediction that is too high costs `self.0` times as much as one that is too low.
struct Tilted(f32);

impl PointwiseLoss for Tilted {
    fn value(&self, y: f32, p: f32) -> f32 {
        if p > y { self.0 * (p - y) } else { y - p }
    }
    /// The derivative of `value` with respect to the prediction `p`.
    fn derivative(&self, y: f32, p: f32) -> f32 {
        if p > y { self.0 } else { -1.0 }
    }
}

/// The largest error so far. Smaller is better.
struct MaxError;

impl PointwiseMetric for MaxError {
    type State = f64;
    const NAME: &'static str = "max_error";
    const HIGHER_IS_BETTER: bool = false;
    fn update(&self, state: &mut f64, y: f32, p: f32, _weight: f32) {
        *state = state.max(f64::from((y - p).abs()));
    }
    fn merge(&self, state: &mut f64, other: &f64) {
        *state = state.max(*other);
    }
    fn result(&self, state: &f64) -> f64 {
        *state
    }
}

model! {
    pub Price: Input(3) => Dense(32, softplus) => Dense(1)
}

fn main() -> kerust::Result<()> {
    kerust::testing::check_loss(&Tilted(3.0))?;
    let mut rng = Seed(4).rng();
    let data: Dataset<Rank1<3>, Rank1<1>> = Dataset::generate(600, |_| {
        let x: [f32; 3] = std::array::from_fn(|_| rng.random());
        (x.into(), [x[0] * x[1] + 0.5 * x[2]].into())
    });
    let (train, test) = data.split(0.8);
    // A schedule is a function of the step.
    let warm_up = |step: u64| 0.01 * ((step + 1) as f64 / 50.0).min(1.0);
    let mut model = Price::new(Seed(4)).compile(
        Adam::new(warm_up),
        Tilted(3.0),
        (MeanAbsoluteError, MaxError),
    );
    let mut best = f64::INFINITY;
    let history = model.fit(
        &train,
        Fit::epochs(40)
            .validation_data(&test)
            .quiet()
            .on_epoch_end(|training| {
                best = best.min(training.logs()["val_max_error"]);
            }),
    )?;
    println!(
        "largest error {best:.3}, history {:?}",
        history["val_max_error"].last()
    );
    assert!(best < 0.3);
    Ok(())
}
