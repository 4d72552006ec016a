//! Samples that a closure reads, and batches that are divided between machines.

use super::{noisy, scratch};
use crate::support::{Wide, thirds};
use kerust_core::data::{Class, Samples, samples};
use kerust_core::loss::SparseCategoricalCrossentropy;
use kerust_core::metric::Accuracy;
use kerust_core::optimizer::SGD;
use kerust_core::rng::Seed;
use kerust_core::tensor::Rank1;
use kerust_core::train::{Exchange, Fit, LambdaCallback, Workflow};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};

/// The samples of [`thirds`]; sample `broken` is an error while it is set.
fn source(broken: Arc<AtomicUsize>) -> impl Samples<Rank1<20>, Class<3>> {
    let data = thirds::<20>(50);
    samples::from_fn::<Rank1<20>, Class<3>>(50, move |number, x, y| {
        if number == broken.load(Relaxed) {
            return Err("the cable is out".into());
        }
        x.as_mut_slice()
            .copy_from_slice(data.input(number).as_slice());
        *y = *data.label(number);
        Ok(())
    })
}

#[test]
fn a_source_trains_as_a_data_set_of_its_samples() {
    let data = thirds::<20>(50);
    let source = source(Arc::new(AtomicUsize::new(usize::MAX)));
    let fit = || Fit::epochs(2).batch_size(16);
    let (mut a, mut b) = (noisy(), noisy());
    let fit_a = fit().validation_data(&data).quiet();
    let fit_b = fit().validation_data(&source).quiet();
    assert_eq!(a.fit(&data, fit_a).unwrap(), b.fit(&source, fit_b).unwrap());
    assert_eq!(a.weights(), b.weights());
    assert_eq!(a.evaluate(&data).unwrap(), b.evaluate(&source).unwrap());
    assert_eq!(
        a.predict_all(&data).unwrap(),
        b.predict_all(&source).unwrap()
    );
    let split = || fit().validation_split(0.3).quiet();
    assert_eq!(
        a.fit(&data, split()).unwrap(),
        b.fit(&source, split()).unwrap()
    );
}

#[test]
fn a_source_that_fails_within_an_epoch_loses_nothing() {
    let broken = Arc::new(AtomicUsize::new(usize::MAX));
    let source = source(Arc::clone(&broken));
    let fit = || Fit::epochs(4).batch_size(8).seed(Seed(3));
    let mut straight = noisy();
    let history = straight.fit(&source, fit().quiet()).unwrap();

    // The source fails after 10 steps: in the second epoch, before its fourth step.
    let mut steps = 0;
    let mut weights = Vec::new();
    let watch = LambdaCallback::new().on_train_batch_end(|training| {
        steps += 1;
        if steps == 10 {
            weights = training.weights().to_vec();
            broken.store(17, Relaxed);
        }
        if steps > 10 {
            weights = training.weights().to_vec();
        }
    });
    let mut model = noisy();
    let error = model
        .fit(&source, fit().callback(watch).quiet())
        .unwrap_err();
    assert_eq!(error.to_string(), "cannot read sample 17: the cable is out");
    assert_eq!(model.weights(), weights);
    assert_eq!(model.optimizer_steps(), steps);
    assert_eq!(model.history().len(), steps as usize / 7);
    assert_eq!(model.history()["loss"][0], history["loss"][0]);

    let path = scratch("broken.safetensors");
    model.save_state(&path).unwrap();
    broken.store(usize::MAX, Relaxed);
    let mut resumed = noisy();
    resumed.resume(&path).unwrap();
    let whole = resumed.fit(&source, fit().quiet()).unwrap();
    assert_eq!(resumed.weights(), straight.weights());
    assert_eq!(whole.len(), history.len());
    assert_eq!(whole["loss"][3], history["loss"][3]);
    // The model that was not resumed can be trained further too.
    assert_eq!(model.fit(&source, Fit::epochs(1).quiet()).unwrap().len(), 1);
}

/// One of two machines, each a thread; they exchange their sums.
struct Machine {
    part: fn(usize) -> Range<usize>,
    to: Sender<(Vec<f32>, f64)>,
    from: Receiver<(Vec<f32>, f64)>,
}

impl Exchange for Machine {
    fn share(&self, samples: usize) -> Range<usize> {
        (self.part)(samples)
    }

    fn sum(&mut self, gradient: &mut [f32], loss: &mut f64) -> kerust_core::Result<()> {
        let gone = || std::io::Error::other("the other machine is gone");
        self.to
            .send((gradient.to_vec(), *loss))
            .map_err(|_| gone())?;
        let (other, other_loss) = self.from.recv().map_err(|_| gone())?;
        gradient.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        *loss += other_loss;
        Ok(())
    }
}

#[test]
fn two_machines_train_as_one() {
    let data = thirds::<300>(20);
    let weights: Vec<f32> = (0..20).map(|number| number as f32 / 10.0).collect();
    let train = |machine: Option<Machine>| {
        let mut model =
            Wide::new(Seed(1)).compile(SGD::new(0.1), SparseCategoricalCrossentropy, Accuracy);
        // Batches of 8, 8 and 4; the second machine has 5, 5 and 1 of them.
        let fit = Fit::epochs(3).batch_size(8).sample_weight(&weights).quiet();
        let fit = match machine {
            Some(machine) => fit.exchange(machine),
            None => fit,
        };
        model.fit(&data, fit).unwrap();
        model.weights().to_vec()
    };
    let (to_second, from_first) = channel();
    let (to_first, from_second) = channel();
    let first = Machine {
        part: |samples| 0..samples.min(3),
        to: to_second,
        from: from_second,
    };
    let second = Machine {
        part: |samples| samples.min(3)..samples,
        to: to_first,
        from: from_first,
    };
    let (a, b) = std::thread::scope(|scope| {
        let first = scope.spawn(|| train(Some(first)));
        (train(Some(second)), first.join().unwrap())
    });
    assert_eq!(a, b);
    let whole = train(None);
    let gap = a.iter().zip(&whole).map(|(a, b)| (a - b).abs());
    assert!(gap.fold(0.0, f32::max) < 1e-6);
}

#[test]
fn a_machine_that_is_gone_ends_the_training_before_the_step() {
    let (to, _) = channel();
    let (_, from) = channel();
    let part = |samples| 0..samples;
    let mut model = noisy();
    let before = model.weights().to_vec();
    let fit = Fit::epochs(1).exchange(Machine { part, to, from }).quiet();
    let error = model.fit(&thirds::<20>(5), fit).unwrap_err();
    assert_eq!(error.to_string(), "the other machine is gone");
    assert_eq!(model.weights(), before);
}
