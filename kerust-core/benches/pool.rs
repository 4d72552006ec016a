//! Benchmark of pooling with the sizes of small networks: `cargo bench -p kerust-core --features std --bench
//! pool`.
//!
//! Bytes are those of the images that are read and written, so `GiB/s` can be compared with the memory
//! bandwidth.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kerust_core::kernels::Pooling;
use kerust_core::shape::{Padding, Window};
use std::hint::black_box;
use std::time::Duration;

fn values(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i * 7919 % 1009) as f32 - 500.0).collect()
}

/// One image, on one thread.
fn pools(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pool");
    group
        .sample_size(30)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    for (input, side, stride) in [
        ([26, 26, 32], 2, 2),
        ([11, 11, 64], 2, 2),
        ([28, 28, 10], 2, 2),
        ([24, 24, 16], 3, 2),
        ([8, 8, 64], 8, 8),
    ] {
        let window = Window {
            size: [side; 2],
            strides: [stride; 2],
            padding: Padding::Valid,
            dilation: [1; 2],
        };
        let [rows, columns] = window.output(input[0], input[1]);
        let pooling = Pooling { input, window };
        let x = values(input.iter().product());
        let (mut y, mut dx) = (values(rows * columns * input[2]), values(x.len()));
        let dy = y.clone();
        let [height, width, channels] = input;
        let name = format!("{height}x{width}x{channels}, {side}x{side} / {stride}");
        group.throughput(Throughput::Bytes(4 * (x.len() + y.len()) as u64));
        group.bench_function(format!("maximum {name}"), |bencher| {
            bencher.iter(|| pooling.maximum(black_box(&x), &mut y));
        });
        group.bench_function(format!("average {name}"), |bencher| {
            bencher.iter(|| pooling.average(black_box(&x), &mut y));
        });
        group.throughput(Throughput::Bytes(4 * (2 * x.len() + dy.len()) as u64));
        group.bench_function(format!("maximum's gradient {name}"), |bencher| {
            bencher.iter(|| pooling.maximum_gradient(black_box(&x), &dy, &mut dx));
        });
    }
    group.finish();
}

criterion_group!(benches, pools);
criterion_main!(benches);
