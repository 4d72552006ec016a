//! candle with MKL. Arguments: `train`, `infer` or `batch`, a task, a folder, counts.

#[path = "../../timing.rs"]
mod timing;

extern crate intel_mkl_src;
use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::{
    AdamW, Conv2d, Conv2dConfig, Linear, Optimizer, ParamsAdamW, VarBuilder, VarMap, conv2d, linear,
};
use std::hint::black_box;
use timing::{Asked, asked, calls, chunks, report};

/// Convolutions, each with a ReLU and optionally pooling; then flatten, and one or two dense layers.
struct Net {
    convs: Vec<Conv2d>,
    pool: bool,
    hidden: Option<Linear>,
    last: Linear,
}

impl Net {
    fn new(work: &str, training: bool, weights: &VarBuilder) -> Result<Self> {
        let conv = |name: &str, inputs, filters, padding| {
            let config = Conv2dConfig { padding, ..Default::default() };
            conv2d(inputs, filters, 3, config, weights.pp(name))
        };
        let dense = |name: &str, inputs, outputs| linear(inputs, outputs, weights.pp(name));
        Ok(match work {
            "mlp" => Net {
                convs: vec![],
                pool: false,
                hidden: Some(dense("hidden", 784, 128)?),
                last: dense("last", 128, 10)?,
            },
            "conv" => Net {
                convs: vec![conv("first", 1, 10, 1)?],
                pool: false,
                hidden: Some(dense("hidden", 7840, 64)?),
                last: dense("last", 64, if training { 10 } else { 24 })?,
            },
            "deep-conv" => Net {
                convs: vec![conv("first", 1, 32, 0)?, conv("second", 32, 64, 0)?],
                pool: true,
                hidden: None,
                last: dense("last", 1600, 10)?,
            },
            _ => panic!("unknown work `{work}`"),
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for conv in &self.convs {
            x = conv.forward(&x)?;
            if self.pool {
                // The gradient of `max_pool2d` is wrong if the window does not divide the size (11 here), but
                // its time is valid.
                x = x.relu()?.max_pool2d(2)?;
            }
        }
        x = x.flatten_from(1)?;
        if let Some(hidden) = &self.hidden {
            x = hidden.forward(&x)?.relu()?;
        }
        self.last.forward(&x)
    }
}

fn main() -> Result<()> {
    let asked = asked();
    if asked.mode == "train" { train(&asked) } else { predict(&asked) }
}

fn batches(values: &[f32], size: usize) -> Result<Vec<Tensor>> {
    let batches = values.chunks_exact(size * 784);
    let tensor = |values| Tensor::from_slice(values, (size, 1, 28, 28), &Device::Cpu);
    batches.map(tensor).collect()
}

fn train(asked: &Asked) -> Result<()> {
    let size = match asked.work.as_str() {
        "mlp" => 32,
        "conv" => 64,
        _ => 128,
    };
    let (values, labels) = asked.data();
    let images = batches(&values, size)?;
    let labels = labels.chunks_exact(size).map(|labels| {
        let labels: Vec<u32> = labels.iter().map(|label| u32::from(*label)).collect();
        Tensor::from_vec(labels, size, &Device::Cpu)
    });
    let labels: Vec<Tensor> = labels.collect::<Result<_>>()?;
    let variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let model = Net::new(&asked.work, true, &builder)?;
    let settings = ParamsAdamW { lr: 1e-3, weight_decay: 0.0, ..Default::default() };
    let mut optimizer = AdamW::new(variables.all_vars(), settings)?;
    let mut step = |number: usize| {
        let (x, y) = (&images[number % images.len()], &labels[number % images.len()]);
        let loss = candle_nn::loss::cross_entropy(&model.forward(x)?, y)?;
        optimizer.backward_step(&loss)?;
        loss.to_scalar::<f32>()
    };
    report(&chunks(&asked.counts, |number| {
        black_box(step(number).expect("a step"));
    }));
    Ok(())
}

fn predict(asked: &Asked) -> Result<()> {
    let (values, _) = asked.data();
    let size = if asked.mode == "infer" { 1 } else { 256 };
    let mut images = batches(&values, size)?;
    if size == 1 {
        images.truncate(1);
    }
    let variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    Net::new(&asked.work, false, &builder)?;
    // Detached, so that no backward graph is recorded.
    let weights = variables.data().lock().expect("no panic holds it");
    let weights = weights.iter().map(|(name, v)| (name.clone(), v.as_detached_tensor())).collect();
    let builder = VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu);
    let model = Net::new(&asked.work, false, &builder)?;
    let answer = |x: &Tensor| {
        let y = candle_nn::ops::softmax_last_dim(&model.forward(x)?)?;
        y.to_vec2::<f32>()
    };
    report(&calls(asked.counts[0], images.len() * size, || {
        for x in &images {
            black_box(answer(x).expect("an answer"));
        }
    }));
    Ok(())
}
