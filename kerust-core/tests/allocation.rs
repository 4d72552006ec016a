//! A training step allocates nothing once the first one is done; nor does a prediction.
#![cfg(feature = "std")]

mod support;

use kerust_core::loss::SparseCategoricalCrossentropy;
use kerust_core::metric::Accuracy;
use kerust_core::optimizer::{Adam, RMSprop};
use kerust_core::rng::Seed;
use kerust_core::train::{Callback, Fit, Training, Workflow};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use support::{Noisy, Wide, thirds};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts the allocations between the ends of the steps of an epoch.
#[derive(Default)]
struct Steps {
    before: usize,
    worst: usize,
    counted: usize,
}

impl Callback for Steps {
    fn on_batch_end(&mut self, training: &mut Training<'_>) -> kerust_core::Result<()> {
        let now = ALLOCATIONS.load(Relaxed);
        if training.batch() > 0 {
            self.worst = self.worst.max(now - self.before);
            self.counted += 1;
        }
        self.before = now;
        Ok(())
    }
}

// One test: the count is of the whole process.
#[test]
fn steps_and_predictions_allocate_nothing() {
    for threads in [1, 2] {
        let mut steps = Steps::default();
        let data = thirds::<300>(330);
        let mut model = Wide::new(Seed(1)).compile(
            Adam::new(0.01).global_clipnorm(1.0).weight_decay(0.01),
            SparseCategoricalCrossentropy,
            Accuracy,
        );
        let fit = Fit::epochs(2).threads(threads).callback(&mut steps).quiet();
        model.fit(&data, fit).unwrap();
        assert_eq!(steps.counted, 2 * 10);
        assert_eq!(steps.worst, 0, "{threads} threads, 60 thousand weights");

        let mut steps = Steps::default();
        let data = thirds::<20>(330);
        let mut model = Noisy::new(Seed(1)).compile(
            RMSprop::new(0.01).momentum(0.9).clipnorm(1.0),
            SparseCategoricalCrossentropy,
            Accuracy,
        );
        let fit = Fit::epochs(2).threads(threads).callback(&mut steps).quiet();
        model.fit(&data, fit).unwrap();
        assert_eq!(steps.worst, 0, "{threads} threads, noise");

        let x = data.input(0);
        let first = model.predict(&x);
        let before = ALLOCATIONS.load(Relaxed);
        assert_eq!(model.predict(&x), first);
        assert_eq!(ALLOCATIONS.load(Relaxed), before, "a prediction");
    }
}
