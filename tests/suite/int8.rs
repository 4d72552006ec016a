//! Inference-only layers: hand-written int8 layers, with weights from a file and buffers from a plan, next to
//! `f32` layers.

use kerust::__private::memory::{Buffer, Memory, Plan};
use kerust::LayerData;
use kerust::layer::{Forward, LayerData as _};
use kerust::layers::Rescaling;
use kerust::weights::{self, Section, SectionMut, embedded_data};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

#[derive(LayerData, Clone, PartialEq, Debug)]
#[repr(C)]
struct DenseInt8<const IN: usize, const OUT: usize> {
    kernel: [[i8; OUT]; IN],
    bias: [i32; OUT],
}

#[derive(LayerData, Clone, PartialEq, Debug)]
#[repr(C)]
struct Net {
    dense: DenseInt8<3, 4>,
    dense_1: DenseInt8<4, 5>,
}

/// `y = zero + (b + Σ (x - input_zero)·W) · multiplier / 2^shift`, rounded and saturated.
struct Requantized {
    input_zero: i32,
    multiplier: i32,
    shift: u32,
    zero: i64,
}

impl<const IN: usize, const OUT: usize> Forward<DenseInt8<IN, OUT>, i8, i8> for Requantized {
    fn forward(&self, weights: &DenseInt8<IN, OUT>, x: &[i8], y: &mut [i8], (): ()) {
        for (x, y) in x.chunks_exact(IN).zip(y.chunks_exact_mut(OUT)) {
            let mut sums = weights.bias;
            for (x, row) in x.iter().zip(&weights.kernel) {
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += (i32::from(*x) - self.input_zero) * i32::from(*weight);
                }
            }
            for (y, sum) in y.iter_mut().zip(sums) {
                let product = i64::from(sum) * i64::from(self.multiplier);
                let scaled = (product + (1 << (self.shift - 1))) >> self.shift;
                *y = (scaled + self.zero).clamp(-128, 127) as i8;
            }
        }
    }
}

/// `y = zero + x / scale`, rounded and saturated.
struct Quantize {
    scale: f32,
    zero: i32,
}

impl Forward<(), f32, i8> for Quantize {
    fn forward(&self, (): &(), x: &[f32], y: &mut [i8], (): ()) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = ((x / self.scale).round() as i32 + self.zero).clamp(-128, 127) as i8;
        }
    }
}

/// `y = scale · (x - zero)`
struct Dequantize {
    scale: f32,
    zero: i32,
}

impl Forward<(), i8, f32> for Dequantize {
    fn forward(&self, (): &(), x: &[i8], y: &mut [f32], (): ()) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = self.scale * (i32::from(*x) - self.zero) as f32;
        }
    }
}

const RESCALING: Rescaling = Rescaling::new(0.5, 1.0);
const QUANTIZE: Quantize = Quantize {
    scale: 0.0625,
    zero: -3,
};
const DENSE: Requantized = Requantized {
    input_zero: -3,
    multiplier: 1_518_500_250,
    shift: 36,
    zero: 7,
};
const DENSE_1: Requantized = Requantized {
    input_zero: 7,
    multiplier: 1_100_000_001,
    shift: 37,
    zero: -5,
};
const DEQUANTIZE: Dequantize = Dequantize {
    scale: 0.25,
    zero: -5,
};

/// rescaled, quantised, dense, dense_1; and the output.
const PLAN: &Plan<4, 1> = &Plan::new(BUFFERS, [Buffer::output(5, 4)]);
const BUFFERS: [Buffer; 4] = [
    Buffer::new(3, 0, 1),
    Buffer::new(3, 1, 2).of::<i8>(),
    Buffer::new(4, 2, 3).of::<i8>(),
    Buffer::new(5, 3, 4).of::<i8>(),
];

/// As `model!` would expand to it.
fn predict(net: &Net, input: &[f32], memory: &mut Memory<'_>, output: &mut [f32]) {
    let mut memory = memory.with([kerust::__private::memory::output(output)]);
    let [rescaled] = memory.get(const { PLAN.places([0]) });
    RESCALING.forward(&(), input, rescaled, ());
    let [rescaled, quantized] = memory.get_mixed(const { PLAN.places([0, 1]) });
    QUANTIZE.forward(&(), rescaled.of(), quantized.of(), ());
    let [quantized, dense] = memory.get(const { PLAN.places([1, 2]) });
    DENSE.forward(&net.dense, quantized, dense, ());
    let [dense, dense_1] = memory.get(const { PLAN.places([2, 3]) });
    DENSE_1.forward(&net.dense_1, dense, dense_1, ());
    let [dense_1, output] = memory.get_mixed(const { PLAN.places([3, 4]) });
    DEQUANTIZE.forward(&(), dense_1.of(), output.of(), ());
}

/// Weights of both signs, up to the ends of `i8`.
fn kernel<const N: usize>(seed: i32) -> [i8; N] {
    core::array::from_fn(|n| ((n as i32 * 67 + seed) % 256 - 128) as i8)
}

fn bias<const N: usize>(seed: i32) -> [i32; N] {
    core::array::from_fn(|n| (n as i32 * 7919 + seed) % 4001 - 2000)
}

/// A file of another writer; `kernel_type` is the type of the first kernel.
fn file(kernel_type: Dtype) -> Vec<u8> {
    let width = if kernel_type == Dtype::I8 { 1 } else { 4 };
    let first: Vec<u8> = kernel::<12>(0).map(|it| it as u8).repeat(width);
    let second = kernel::<20>(31).map(|it| it as u8);
    let biases = (
        bias::<4>(5).map(i32::to_le_bytes),
        bias::<5>(2222).map(i32::to_le_bytes),
    );
    let tensors = [
        ("dense.kernel", kernel_type, vec![3, 4], &first[..]),
        ("dense.bias", Dtype::I32, vec![4], biases.0.as_flattened()),
        ("dense_1.kernel", Dtype::I8, vec![4, 5], &second),
        ("dense_1.bias", Dtype::I32, vec![5], biases.1.as_flattened()),
    ];
    let views = tensors
        .map(|(name, dtype, shape, values)| (name, TensorView::new(dtype, shape, values).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

fn net() -> Net {
    embedded_data("FILE", &file(Dtype::I8), "Net", &[])
}

/// The same dense layer in exact arithmetic, sample by sample.
fn exact<const IN: usize, const OUT: usize>(
    (kernel, bias): (&[i8], &[i32]),
    layer: &Requantized,
    x: [i8; IN],
) -> [i8; OUT] {
    core::array::from_fn(|j| {
        let mut sum = i128::from(bias[j]);
        for i in 0..IN {
            sum += i128::from(i32::from(x[i]) - layer.input_zero) * i128::from(kernel[OUT * i + j]);
        }
        // Rounded to the nearest, halves up.
        let twice = 2 * sum * i128::from(layer.multiplier);
        let power = 1i128 << layer.shift;
        let scaled = (twice + power).div_euclid(2 * power) + i128::from(layer.zero);
        i8::try_from(scaled).unwrap_or(if scaled < 0 { i8::MIN } else { i8::MAX })
    })
}

#[test]
fn layers_of_int8_infer_between_layers_of_f32() {
    const BATCH: usize = 7;
    let input: [[f32; 3]; BATCH] = core::array::from_fn(|sample| {
        core::array::from_fn(|n| ((sample * 3 + n) as f32 * 1.7).sin() * 20.0)
    });
    let mut words = [u32::MAX; BATCH * PLAN.len()];
    let mut output = [[f32::NAN; 5]; BATCH];
    let mut memory = Memory::of_words(&mut words, BATCH);
    predict(
        &net(),
        input.as_flattened(),
        &mut memory,
        output.as_flattened_mut(),
    );

    let (mut between, mut saturated) = (0, 0);
    for (input, output) in input.iter().zip(&output) {
        let quantized =
            input.map(|x| ((x * 0.5 + 1.0) * 16.0).round().clamp(-125.0, 130.0) as i32 - 3);
        let quantized = quantized.map(|x| i8::try_from(x).unwrap());
        let dense = exact::<3, 4>((&kernel::<12>(0), &bias::<4>(5)), &DENSE, quantized);
        let dense_1 = exact::<4, 5>((&kernel::<20>(31), &bias::<5>(2222)), &DENSE_1, dense);
        for value in dense.iter().chain(&dense_1) {
            match *value {
                i8::MIN | i8::MAX => saturated += 1,
                _ => between += 1,
            }
        }
        assert_eq!(*output, dense_1.map(|y| 0.25 * f32::from(y) + 1.25));
    }
    assert!(between > 30 && saturated > 0, "{between}, {saturated}");
}

#[test]
fn a_plan_takes_a_byte_for_each_i8() {
    // The buffers that are live at the same time: 3 `f32` and 3 `i8`; in the output all except the last.
    assert_eq!(Plan::new(BUFFERS, []).bytes(), 4 * 3 + 4);
    assert_eq!(PLAN.bytes(), 8);
    assert_eq!([1, 2, 3, 4].map(|step| PLAN.in_use(step)), [0, 0, 8, 8]);
}

#[test]
fn weights_of_int8_are_written_and_read_as_they_are() {
    let net = net();
    assert_eq!(size_of::<Net>(), 12 + 4 * 4 + 20 + 4 * 5);
    assert_eq!(net.dense.kernel.as_flattened(), kernel::<12>(0));
    assert_eq!(net.dense_1.bias, bias::<5>(2222));

    let path = place("int8.safetensors");
    let section = Section {
        prefix: "",
        layout: &Net::LAYOUT,
        values: net.as_bytes(),
    };
    weights::save_sections(&path, &[section], &BTreeMap::new()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let (theirs, ours) = (file(Dtype::I8), SafeTensors::deserialize(&bytes).unwrap());
    for (name, tensor) in SafeTensors::deserialize(&theirs).unwrap().tensors() {
        assert_eq!(ours.tensor(&name).unwrap(), tensor, "{name}");
    }
    assert_eq!(read(&path).unwrap(), net);
}

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn read(path: &Path) -> kerust::Result<Net> {
    let mut net = *Net::zeroed();
    let section = SectionMut {
        prefix: "",
        layout: &Net::LAYOUT,
        values: net.as_mut_bytes(),
    };
    weights::load_sections(path, &mut [section])?;
    Ok(net)
}

#[test]
fn another_element_than_the_layouts_is_refused() {
    let expected = "tensor `dense.kernel` has another element type: found F32, expected I8";
    let path = place("int8_of_f32.safetensors");
    std::fs::write(&path, file(Dtype::F32)).unwrap();
    let message = read(&path).unwrap_err().to_string();
    assert_eq!(message.lines().nth(1).map(str::trim), Some(expected));

    let embed = || embedded_data::<Net>("FILE", &file(Dtype::F32), "Net", &[]);
    let panic = catch_unwind(embed).unwrap_err();
    let message = panic.downcast::<String>().unwrap();
    assert!(
        message.contains(&format!("= note: {expected}\n")),
        "{message}"
    );
    assert!(message.starts_with("the weights in `FILE` do not fit the model `Net`"));
}
