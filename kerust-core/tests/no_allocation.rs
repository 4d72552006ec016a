//! Kernels allocate nothing after their first call.
#![cfg(feature = "std")]

use kerust_core::kernels::{self, Convolution, Pooling};
use kerust_core::shape::{Padding, Window};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_step_allocates_nothing_after_the_first() {
    let window = |size, padding| Window {
        size: [size; 2],
        strides: [1, 1],
        padding,
        dilation: [1, 1],
    };
    let convolution = Convolution {
        input: [14, 14, 3],
        filters: 24,
        window: window(3, Padding::Same),
        groups: 1,
    };
    let pooling = Pooling {
        input: [14, 14, 24],
        window: window(2, Padding::Valid),
    };
    const BATCH: usize = 40;
    let x = vec![0.5; BATCH * 14 * 14 * 3];
    let kernel = vec![0.1; 27 * 24];
    let mut dkernel = vec![0.0; 27 * 24];
    let mut dbias = vec![0.0; 24];
    let mut y = vec![0.0; BATCH * 14 * 14 * 24];
    let mut dy = vec![0.0; y.len()];
    let mut pooled = vec![0.0; BATCH * 13 * 13 * 24];
    let mut dx = vec![0.0; x.len()];
    let (n_in, n_out) = (13 * 13 * 24, 33);
    let mut w = vec![0.1; n_in * n_out];
    let mut z = vec![0.0; BATCH * n_out];

    let mut step = || {
        convolution.forward(&x, &kernel, &dbias, &mut y, |_| {});
        pooling.maximum(&y, &mut pooled);
        kernels::dense(&pooled, &w, &[], &mut z, n_in, n_out);
        kernels::dense_weight_gradient(&pooled, &z, &mut w, n_in, n_out, false);
        kernels::dense_input_gradient(&z, &w, &mut pooled, n_in, n_out);
        pooling.maximum_gradient(&y, &pooled, &mut dy);
        convolution.weight_gradient(&x, &dy, &mut dkernel, &mut dbias, false);
        convolution.input_gradient(&dy, &kernel, &mut dx);
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    pool.unwrap().install(|| {
        // A thread's first piece of a kind may come later than in the first step.
        for _ in 0..100 {
            step();
        }
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for _ in 0..100 {
            step();
        }
        assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0);
    });
}
