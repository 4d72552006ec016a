//! burn with one back end. Arguments: `train`, `infer` or `batch`, a task, a folder, counts.
#![allow(deprecated, reason = "burn 0.22 marks the ndarray back end deprecated")]

#[path = "../../timing.rs"]
mod timing;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use std::hint::black_box;
use timing::{Asked, asked, calls, chunks, report};

/// Convolutions, each with a ReLU and optionally pooling; then flatten, and one or two dense layers.
#[derive(Module, Debug)]
struct Net {
    first: Option<Conv2d>,
    second: Option<Conv2d>,
    pool: Option<MaxPool2d>,
    hidden: Option<Linear>,
    last: Linear,
}

impl Net {
    fn new(work: &str, training: bool, device: &Device) -> Self {
        let conv = |inputs, filters, padding| {
            let config = Conv2dConfig::new([inputs, filters], [3, 3]).with_padding(padding);
            Some(config.init(device))
        };
        let dense = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        let plain = |first, hidden, last| Net { first, second: None, pool: None, hidden, last };
        match work {
            "mlp" => plain(None, Some(dense(784, 128)), dense(128, 10)),
            "conv" => {
                let first = conv(1, 10, PaddingConfig2d::Same);
                plain(first, Some(dense(7840, 64)), dense(64, if training { 10 } else { 24 }))
            }
            "deep-conv" => Net {
                first: conv(1, 32, PaddingConfig2d::Valid),
                second: conv(32, 64, PaddingConfig2d::Valid),
                pool: Some(MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()),
                hidden: None,
                last: dense(1600, 10),
            },
            _ => panic!("unknown work `{work}`"),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut x = x;
        for conv in [&self.first, &self.second].into_iter().flatten() {
            x = conv.forward(x);
            if let Some(pool) = &self.pool {
                x = pool.forward(relu(x));
            }
        }
        let mut x: Tensor<2> = x.flatten(1, 3);
        if let Some(hidden) = &self.hidden {
            x = relu(hidden.forward(x));
        }
        self.last.forward(x)
    }
}

fn main() {
    let asked = asked();
    #[cfg(feature = "flex")]
    let device = Device::flex();
    #[cfg(not(feature = "flex"))]
    let device = Device::ndarray();
    device.seed(1);
    if asked.mode == "train" {
        train(&asked, device.autodiff());
    } else {
        predict(&asked, device);
    }
}

/// Batches of images.
fn batches(values: &[f32], size: usize, device: &Device) -> Vec<Tensor<4>> {
    let batches = values.chunks_exact(size * 784);
    let tensor = |values: &[f32]| {
        Tensor::from_data(TensorData::new(values.to_vec(), [size, 1, 28, 28]), device)
    };
    batches.map(tensor).collect()
}

fn train(asked: &Asked, device: Device) {
    let size = match asked.work.as_str() {
        "mlp" => 32,
        "conv" => 64,
        _ => 128,
    };
    let (values, labels) = asked.data();
    let images = batches(&values, size, &device);
    let labels: Vec<Tensor<1, Int>> = labels
        .chunks_exact(size)
        .map(|labels| {
            let labels: Vec<i64> = labels.iter().map(|label| i64::from(*label)).collect();
            Tensor::from_data(TensorData::new(labels, [size]), &device)
        })
        .collect();
    let mut model = Some(Net::new(&asked.work, true, &device));
    let mut optimizer = AdamConfig::new().init();
    let loss = CrossEntropyLossConfig::new().init(&device);
    let times = chunks(&asked.counts, |step| {
        let net = model.take().expect("a model");
        let (x, y) = (&images[step % images.len()], &labels[step % images.len()]);
        let loss = loss.forward(net.forward(x.clone()), y.clone());
        let value = loss.clone();
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        model = Some(optimizer.step(1e-3, net, gradients));
        black_box(value.into_scalar::<f32>());
    });
    report(&times);
}

fn predict(asked: &Asked, device: Device) {
    let (values, _) = asked.data();
    let size = if asked.mode == "infer" { 1 } else { 256 };
    let mut images = batches(&values, size, &device);
    if size == 1 {
        images.truncate(1);
    }
    let model = Net::new(&asked.work, false, &device);
    report(&calls(asked.counts[0], images.len() * size, || {
        for x in &images {
            let y = softmax(model.forward(x.clone()), 1);
            black_box(y.into_data().to_vec::<f32>().expect("numbers"));
        }
    }));
}
