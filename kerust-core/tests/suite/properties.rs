//! A property of the whole: for any model, options and cut, a training that is cut and resumed, on one thread or
//! two, writes the same bytes as one that is not.
//!
//! `KERUST_PROPERTY_SECONDS` (8) is the time that the cases may take, and `KERUST_PROPERTY_SEED` the seed of the
//! first one.

use super::resume::{Fails, assert_same, make};
use kerust::model;
use kerust_core::data::{Class, Dataset};
use kerust_core::loss::SparseCategoricalCrossentropy;
use kerust_core::metric::Accuracy;
use kerust_core::model::Train;
use kerust_core::optimizer::{
    Adagrad, Adam, AdamW, CosineDecay, ExponentialDecay, LearningRate, Lion, Nadam, RMSprop, SGD,
};
use kerust_core::rng::{Rng, Seed};
use kerust_core::tensor::{Rank1, Rank2, Rank3, StaticShape, Tensor};
use kerust_core::train::{
    BackupAndRestore, CSVLogger, Callback, Compiled, EarlyStopping, Fit, ModelCheckpoint,
    ReduceLROnPlateau, SwapEMAWeights, TrainingContext, Workflow,
};
use rand::RngExt;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

model! { Dropped: Input(6) => Dropout(0.3) => Dense(17, relu) => AlphaDropout(0.2) => Dense(3, softmax) }
model! {
    Normalized: Input(6) => GaussianNoise(0.2) => Dense(8, use_bias = false) => BatchNormalization => ReLU
        => Residual(Dense(8, relu, kernel_regularizer = l2(0.01)) => Dropout(0.5)) => Dense(3, softmax)
}
model! {
    Images: Input(7, 5, 2) => RandomFlip => Conv2D(4, 3x3, same, relu) => SpatialDropout2D(0.3)
        => MaxPooling2D(2) => BatchNormalization => Flatten => Dense(3, softmax, kernel_constraint = max_norm(2))
}
model! {
    Steps: Input(5, 3) => Masking(0.0) => LSTM(4, dropout = 0.2, return_sequences = true)
        => LayerNormalization => GRU(3) => Dense(3, softmax)
}
model! {
    Frozen: Input(6) => Dense(9, tanh, trainable = false) => GaussianDropout(0.3) => Dense(5, gelu)
        => Dense(3, softmax)
}

/// What a case draws.
#[derive(Clone, Copy, Debug)]
struct Options {
    model: u8,
    optimizer: u8,
    schedule: u8,
    accumulation: u64,
    ema: Option<u64>,
    clip: u8,
    batch: usize,
    shuffle: bool,
    weighted: bool,
    steps: Option<usize>,
    patience: usize,
    restores: bool,
    swaps: bool,
    epochs: usize,
    cuts: [usize; 2],
    threads: usize,
    seed: u64,
}

impl Options {
    fn draw(rng: &mut Rng) -> Self {
        let epochs = rng.random_range(2..7);
        let ema = [None, None, Some(u64::MAX), Some(3)][rng.random_range(0..4)];
        Self {
            model: rng.random_range(0..5),
            optimizer: rng.random_range(0..7),
            schedule: rng.random_range(0..3),
            accumulation: rng.random_range(1..4),
            ema,
            clip: rng.random_range(0..4),
            batch: rng.random_range(1..18),
            shuffle: rng.random(),
            weighted: rng.random(),
            steps: rng.random_bool(0.3).then(|| rng.random_range(1..6)),
            patience: rng.random_range(1..4),
            restores: rng.random(),
            swaps: rng.random(),
            epochs,
            cuts: [rng.random_range(0..epochs), rng.random_range(0..4 * epochs)],
            threads: rng.random_range(1..3),
            seed: rng.random(),
        }
    }

    fn learning_rate(&self) -> LearningRate {
        match self.schedule {
            0 => 0.05.into(),
            1 => ExponentialDecay::new(0.05, 3, 0.9).into(),
            _ => CosineDecay::new(0.05, 10).into(),
        }
    }

    fn compile<M: Train + Workflow<Heads = Heads>>(&self) -> Compiled<M, Class<3>> {
        let model = M::new(Seed(self.seed));
        macro_rules! with {
            ($optimizer:expr) => {{
                let mut optimizer = $optimizer.gradient_accumulation_steps(self.accumulation);
                if let Some(steps) = self.ema {
                    optimizer = optimizer.use_ema(true).ema_momentum(0.8);
                    if steps < u64::MAX {
                        optimizer = optimizer.ema_overwrite_frequency(steps);
                    }
                }
                optimizer = match self.clip {
                    0 => optimizer.clipnorm(0.5),
                    1 => optimizer.global_clipnorm(0.5),
                    2 => optimizer.clipvalue(0.1),
                    _ => optimizer,
                };
                model.compile(optimizer, SparseCategoricalCrossentropy, Accuracy)
            }};
        }
        let rate = self.learning_rate();
        match self.optimizer {
            0 => with!(Adam::new(rate).amsgrad(true)),
            1 => with!(SGD::new(rate).momentum(0.9).nesterov(true)),
            2 => with!(RMSprop::new(rate).centered(true)),
            3 => with!(AdamW::new(rate)),
            4 => with!(Nadam::new(rate)),
            5 => with!(Lion::new(rate)),
            _ => with!(Adagrad::new(rate)),
        }
    }

    fn fit<'a, X: StaticShape>(
        &self,
        folder: &Path,
        threads: usize,
        weights: &'a [f32],
    ) -> Fit<'a, X, Class<3>> {
        let mut stopping = EarlyStopping::monitor("val_loss").patience(self.patience);
        if self.restores {
            stopping = stopping.restore_best_weights();
        }
        let mut fit = Fit::epochs(self.epochs)
            .batch_size(self.batch)
            .shuffle(self.shuffle)
            .seed(Seed(self.seed))
            .threads(threads)
            .validation_split(0.25)
            .callback(BackupAndRestore::new(folder.join("backup.safetensors")))
            .callback(CSVLogger::new(folder.join("log.csv")))
            .callback(
                ModelCheckpoint::new(folder.join("best.safetensors"))
                    .monitor("val_loss")
                    .save_best_only(),
            )
            .callback(stopping)
            .quiet();
        if self.schedule == 0 {
            fit = fit.callback(ReduceLROnPlateau::monitor("val_loss").patience(1));
        }
        if self.swaps && self.ema.is_some() {
            fit = fit.callback(SwapEMAWeights::new());
        }
        if let Some(steps) = self.steps {
            fit = fit.steps_per_epoch(steps);
        }
        if self.weighted {
            fit = fit.sample_weight(weights);
        }
        fit
    }

    /// Trains without a cut on one thread, then with two cuts on `threads`, and compares all files.
    fn check<M: Train<Input = X> + Workflow<Heads = Heads>, X: StaticShape>(&self, folder: &Path) {
        let data = data::<X>(self.seed);
        let weights: Vec<f32> = (0..data.len()).map(|i| 0.5 + (i % 3) as f32).collect();
        let finish = |model: &Compiled<M, Class<3>>, folder: &Path| {
            model.save(folder.join("weights.safetensors")).unwrap();
            model.save_state(folder.join("state.safetensors")).unwrap();
        };

        let straight = folder.join("straight");
        make(&straight);
        let mut model = self.compile::<M>();
        model.fit(&data, self.fit(&straight, 1, &weights)).unwrap();
        finish(&model, &straight);

        let cut = folder.join("cut");
        make(&cut);
        let fit = || self.fit(&cut, self.threads, &weights);
        let epoch = self.cuts[0];
        drop(
            self.compile::<M>()
                .fit(&data, fit().callback(Fails { epoch })),
        );
        let step = FailsInStep(self.cuts[1]);
        drop(self.compile::<M>().fit(&data, fit().callback(step)));
        let mut model = self.compile::<M>();
        model.fit(&data, fit()).unwrap();
        finish(&model, &cut);
        assert_same(&cut, &straight, &format!("{self:?}"));
    }
}

type Heads = kerust_core::model::Head<kerust_core::activation::Softmax, Rank1<3>>;

fn data<X: StaticShape>(seed: u64) -> Dataset<X, Class<3>> {
    let mut rng = Seed(seed).rng();
    Dataset::generate(40, |i| {
        let mut x = Tensor::<X>::zeroed();
        let shift = (i % 3) as f32 * 0.3;
        x.as_mut_slice()
            .iter_mut()
            .for_each(|x| *x = rng.random_range(-1.0..1.0) + shift);
        (x, Class::new(i % 3))
    })
}

/// Ends a training with an error before a step of it, counted from its start.
struct FailsInStep(usize);

impl Callback for FailsInStep {
    fn on_train_batch_begin(
        &mut self,
        _training: &mut TrainingContext<'_>,
    ) -> kerust_core::Result<()> {
        match self.0.checked_sub(1) {
            Some(left) => self.0 = left,
            None => return Err(std::io::Error::other("the disk is full").into()),
        }
        Ok(())
    }
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn any_training_that_is_cut_ends_as_if_it_had_not_been() {
    let start = Instant::now();
    let time = Duration::from_secs(variable("KERUST_PROPERTY_SECONDS", 8));
    let first = variable("KERUST_PROPERTY_SEED", 0);
    let mut seed = first;
    while seed == first || start.elapsed() < time {
        let options = Options::draw(&mut Seed(seed).rng());
        println!("KERUST_PROPERTY_SEED={seed}: {options:?}");
        let folder = tempfile::tempdir().unwrap();
        match options.model {
            0 => options.check::<Dropped, Rank1<6>>(folder.path()),
            1 => options.check::<Normalized, Rank1<6>>(folder.path()),
            2 => options.check::<Images, Rank3<7, 5, 2>>(folder.path()),
            3 => options.check::<Steps, Rank2<5, 3>>(folder.path()),
            _ => options.check::<Frozen, Rank1<6>>(folder.path()),
        }
        fs::remove_dir_all(folder.path()).unwrap();
        seed += 1;
    }
    println!("{} cases", seed - first);
}
