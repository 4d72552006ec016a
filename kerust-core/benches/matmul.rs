//! Benchmark of products and convolutions with the sizes of small networks, in GFLOP/s (two for each
//! multiply-add): `cargo bench -p kerust-core --features std --bench matmul`.
//!
//! Elements are floating-point operations, so `Gelem/s` means GFLOP/s. One thread, unless the name says
//! otherwise.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kerust_core::activation::Activation;
use kerust_core::kernels::{self, Convolution, Epilogue};
use kerust_core::shape::{Padding, Window};
use std::hint::black_box;
use std::time::Duration;

fn values(len: usize) -> Vec<f32> {
    (0..len)
        .map(|i| (i * 7919 % 1009) as f32 / 1009.0 - 0.5)
        .collect()
}

fn threads(count: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(count)
        .build()
        .expect("a pool of threads")
}

fn products(criterion: &mut Criterion) {
    for count in [1, 2] {
        let mut group = criterion.benchmark_group(format!("{count} thread"));
        group
            .sample_size(30)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(800));
        let pool = threads(count);
        for (m, k, n) in [
            (64, 7840, 64),
            (32, 784, 128),
            (64, 784, 128),
            (64, 64, 10),
            (1, 784, 128),
            (50176, 9, 10),
            (50176, 90, 16),
            (512, 512, 512),
        ] {
            let (x, w, b) = (values(m * k), values(k * n), values(n));
            let mut y = values(m * n);
            group.throughput(Throughput::Elements((2 * m * k * n) as u64));
            group.bench_function(format!("x.w {m}x{k}x{n}"), |bencher| {
                pool.install(|| {
                    bencher.iter(|| {
                        kernels::dense(
                            black_box(&x),
                            &w,
                            &b,
                            &mut y,
                            [k, n],
                            Epilogue::new(Activation::Linear),
                        )
                    });
                });
            });
        }
        for (batch, n_in, n_out) in [(64, 7840, 64), (32, 784, 128)] {
            let (x, w, dy) = (
                values(batch * n_in),
                values(n_in * n_out),
                values(batch * n_out),
            );
            let (mut dw, mut dx) = (values(n_in * n_out), values(batch * n_in));
            group.throughput(Throughput::Elements((2 * batch * n_in * n_out) as u64));
            group.bench_function(format!("xT.dy {n_in}x{batch}x{n_out}"), |bencher| {
                pool.install(|| {
                    bencher.iter(|| {
                        kernels::dense_weight_gradient(
                            black_box(&x),
                            &dy,
                            &mut dw,
                            n_in,
                            n_out,
                            false,
                        );
                    });
                });
            });
            group.bench_function(format!("dy.wT {batch}x{n_out}x{n_in}"), |bencher| {
                pool.install(|| {
                    bencher.iter(|| {
                        kernels::dense_input_gradient(black_box(&dy), &w, &mut dx, n_in, n_out);
                    });
                });
            });
        }
        group.finish();
    }
}

fn convolutions(criterion: &mut Criterion) {
    for count in [1, 2] {
        let mut group = criterion.benchmark_group(format!("{count} thread conv"));
        group
            .sample_size(30)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(800));
        let pool = threads(count);
        for (batch, input, filters, padding) in [
            (64, [28, 28, 1], 10, Padding::Same),
            (128, [28, 28, 1], 32, Padding::Valid),
            (128, [13, 13, 32], 64, Padding::Valid),
            (32, [16, 16, 32], 32, Padding::Same),
            (1, [13, 13, 32], 64, Padding::Valid),
        ] {
            let convolution = Convolution {
                input,
                filters,
                window: Window {
                    size: [3, 3],
                    strides: [1, 1],
                    padding,
                    dilation: [1, 1],
                },
                groups: 1,
            };
            let [rows, columns] = convolution.window.output(input[0], input[1]);
            let outputs = batch * rows * columns * filters;
            let taps = 9 * input[2];
            let (x, kernel) = (
                values(batch * input.iter().product::<usize>()),
                values(taps * filters),
            );
            let bias = values(filters);
            let (mut y, dy) = (values(outputs), values(outputs));
            let (mut dkernel, mut dbias) = (values(kernel.len()), values(filters));
            let mut dx = values(x.len());
            let [h, w, c] = input;
            let name = format!("{batch}x({h},{w},{c})->{filters}");
            group.throughput(Throughput::Elements((2 * outputs * taps) as u64));
            group.bench_function(format!("forward {name}"), |bencher| {
                pool.install(|| {
                    bencher.iter(|| {
                        convolution.forward(
                            black_box(&x),
                            &kernel,
                            &bias,
                            &mut y,
                            Epilogue::new(Activation::Linear),
                        );
                    });
                });
            });
            group.bench_function(format!("weights {name}"), |bencher| {
                pool.install(|| {
                    bencher.iter(|| {
                        let gradients = (&mut dkernel, &mut dbias);
                        convolution.weight_gradient(
                            black_box(&x),
                            &dy,
                            gradients.0,
                            gradients.1,
                            false,
                        );
                    });
                });
            });
            group.bench_function(format!("input {name}"), |bencher| {
                pool.install(|| {
                    bencher.iter(|| convolution.input_gradient(black_box(&dy), &kernel, &mut dx));
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, products, convolutions);
criterion_main!(benches);
