//! A training step does not allocate once every thread has worked, and neither does a prediction.

use kerust::activation::Softmax;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::tensor::StaticShape;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread trains: the test harness has threads too.
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    if COUNTED.get() {
        ALLOCATIONS.fetch_add(1, Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations of each epoch, between the ends of its first and its last step.
#[derive(Default)]
struct Epochs {
    before: usize,
    counts: Vec<usize>,
}

impl Callback for Epochs {
    fn on_train_batch_end(&mut self, training: &mut TrainingContext<'_>) -> kerust::Result<()> {
        let now = ALLOCATIONS.load(Relaxed);
        match training.batch() {
            0 => self.counts.push(0),
            _ => *self.counts.last_mut().unwrap() += now - self.before,
        }
        self.before = now;
        Ok(())
    }
}

model! {
    /// Every kind of layer that can be trained.
    Everything:
        Input(12, 12, 3)
        => Rescaling(1.0 / 255.0)
        => GaussianNoise(0.1)
        => RandomRotation(0.1)
        => RandomFlip(horizontal)
        => Conv2D(16, 3x3, same, relu)
        => MaxPooling2D(2x2)
        => Conv2D(16, 3x3, gelu)
        => AveragePooling2D(2x2)
        => Dropout(0.2)
        => Flatten
        => Dense(200, relu)
        => Dense(3, softmax)
}

model! { Plain: Input(300) => Dense(128, tanh) => Dense(3, softmax) }

model! {
    /// Sequence layers, all of them with dropout.
    Sequences:
        Input(12, 3)
        => Conv1D(8, 3, causal, relu)
        => SpatialDropout1D(0.1)
        => Bidirectional(LSTM(5, return_sequences = true, dropout = 0.1, recurrent_dropout = 0.1))
        => PositionEmbedding
        => Residual(LayerNormalization => MultiHeadAttention(num_heads = 2, key_dim = 4, dropout = 0.1))
        => TimeDistributed(Dense(7, tanh))
        => GRU(6, dropout = 0.1)
        => Dense(3, softmax)
}

// A single test, because the count is for the whole process.
#[test]
fn steps_and_predictions_allocate_nothing() {
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        // Waits until all threads run: a start allocates.
        pool.broadcast(|_| COUNTED.set(true));
        pool.install(|| {
            train::<Everything, _>(Adam::new(0.01).global_clipnorm(1.0));
            train::<Sequences, _>(Adam::new(0.01));
            train::<Plain, _>(RMSprop::new(0.01).momentum(0.9).clipnorm(1.0));
        });
        // The end of a thread allocates too, at an unpredictable time.
        pool.broadcast(|_| COUNTED.set(false));
    }
}

fn train<N, X>(optimizer: impl Optimizer + 'static)
where
    N: Train<Input = X, Heads = Head<Softmax, Rank1<3>>>,
    X: StaticShape,
{
    let data: Dataset<X, Class<3>> = Dataset::generate(330, |i| {
        let mut x = Tensor::zeroed();
        let values = x.as_mut_slice().iter_mut().enumerate();
        values.for_each(|(place, value)| *value = ((i * 7 + place) % 11) as f32);
        (x, Class::new(i % 3))
    });
    let mut epochs = Epochs::default();
    let mut model = N::new(Seed(1)).compile(
        optimizer,
        SparseCategoricalCrossentropy,
        (Accuracy, TopK::<2>),
    );
    let fit = Fit::epochs(20).callback(&mut epochs).quiet();
    model.fit(&data, fit).unwrap();
    // A thread allocates its scratch memory the first time it does a kind of work, which may be late on a
    // busy machine. If steps allocated, no epoch would be free of allocations.
    assert_eq!(epochs.counts.len(), 20);
    assert!(
        epochs.counts.contains(&0),
        "{}: {:?}",
        N::NAME,
        epochs.counts
    );

    let x = data.input(0);
    let first = model.predict(&x);
    let before = ALLOCATIONS.load(Relaxed);
    assert_eq!(model.predict(&x), first);
    assert_eq!(ALLOCATIONS.load(Relaxed), before, "a prediction");
}
