//! What a quantization costs.

use crate::kernels::int8::Quantization;
use std::fmt;
use std::iter::Sum;

/// What the 8-bit twin of a model loses, and where. As text it is a table.
#[derive(Clone, PartialEq, Debug)]
pub struct QuantizationReport {
    pub(super) model: &'static str,
    pub(super) samples: usize,
    pub(super) ladder: Vec<LadderStep>,
    pub(super) layers: Vec<LayerCost>,
    pub(super) agreement: Option<f64>,
    pub(super) noise: Noise,
    pub(super) float_bytes: usize,
    pub(super) int8_bytes: usize,
}

/// A method of quantization that was tried.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LadderStep {
    /// What was done: `bias correction`.
    pub method: &'static str,
    /// The signal-to-noise ratio of the outputs with it, in decibels.
    pub signal_to_noise: f64,
    /// Whether the outputs came closer to those of the `f32` model, so that it was kept.
    pub kept: bool,
}

/// What a layer of an 8-bit twin costs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LayerCost {
    /// The layer's name.
    pub name: &'static str,
    /// The signal-to-noise ratio of its output in decibels, with all layers before it in 8 bits too. Infinite
    /// where nothing is lost.
    pub signal_to_noise: f64,
    /// The signal-to-noise ratio of the model's outputs in decibels where this layer alone is in 8 bits: the lower
    /// it is, the more the layer costs.
    pub alone: f64,
}

/// Sums of squares: of a signal, and of what was lost of it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Noise {
    signal: f64,
    lost: f64,
}

impl QuantizationReport {
    /// The methods that were tried, in order.
    pub fn ladder(&self) -> &[LadderStep] {
        &self.ladder
    }

    /// The layers, in order.
    pub fn layers(&self) -> &[LayerCost] {
        &self.layers
    }

    /// The layer that costs most: the one that alone brings the outputs furthest away.
    pub fn worst_layer(&self) -> Option<&LayerCost> {
        let layers = self.layers.iter();
        layers.min_by(|a, b| a.alone.total_cmp(&b.alone))
    }

    /// The signal-to-noise ratio of the model's outputs, in decibels.
    pub fn signal_to_noise(&self) -> f64 {
        self.noise.decibels()
    }

    /// The share of calibration samples for which the largest of the first output's values is the same one in both
    /// models, 0 to 1; `None` where it has one value.
    pub fn agreement(&self) -> Option<f64> {
        self.agreement
    }

    /// The bar chart of what each layer costs alone.
    #[cfg(feature = "plots")]
    pub fn plot(&self) -> crate::picture::LayerCostPlot {
        crate::picture::LayerCostPlot::new(&self.layers)
    }
}

impl fmt::Display for QuantizationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = comfy_table::Table::new();
        table.load_style(crate::summary::STYLE);
        table.set_header(["layer", "signal to noise", "alone"]);
        for layer in &self.layers {
            table.add_row([
                layer.name.to_owned(),
                decibels(layer.signal_to_noise),
                decibels(layer.alone),
            ]);
        }
        writeln!(
            f,
            "8-bit twin of `{}`, from {} samples",
            self.model, self.samples
        )?;
        writeln!(f, "{table}")?;
        for step in &self.ladder {
            let kept = if step.kept { "kept" } else { "not kept" };
            let found = decibels(step.signal_to_noise);
            writeln!(f, "{}: {found}, {kept}", step.method)?;
        }
        if let Some(worst) = self.worst_layer() {
            writeln!(f, "costs most: `{}`", worst.name)?;
        }
        if let Some(agreement) = self.agreement {
            writeln!(f, "agreement: {:.2} %", 100.0 * agreement)?;
        }
        write!(
            f,
            "weights: {} -> {} bytes",
            self.float_bytes, self.int8_bytes
        )
    }
}

fn decibels(value: f64) -> String {
    match value.is_finite() {
        true => format!("{value:.1} dB"),
        false => "exact".to_owned(),
    }
}

impl LadderStep {
    pub(super) fn new(method: &'static str, noise: Noise, kept: bool) -> Self {
        Self {
            method,
            signal_to_noise: noise.decibels(),
            kept,
        }
    }
}

impl Noise {
    /// What lies between values and those that stand for them.
    pub(super) fn of(wanted: &[f32], found: &[f32]) -> Self {
        let mut noise = Self::default();
        for (wanted, found) in wanted.iter().zip(found) {
            let (wanted, found) = (f64::from(*wanted), f64::from(*found));
            noise.signal += wanted * wanted;
            noise.lost += (wanted - found) * (wanted - found);
        }
        noise
    }

    /// What lies between values and 8-bit ones.
    pub(super) fn between(wanted: &[f32], found: &[i8], quantization: Quantization) -> Self {
        let found: Vec<f32> = found.iter().map(|q| quantization.dequantize(*q)).collect();
        Self::of(wanted, &found)
    }

    pub(super) fn decibels(self) -> f64 {
        if self.lost == 0.0 {
            return f64::INFINITY;
        }
        10.0 * (self.signal / self.lost).log10()
    }
}

impl PartialOrd for Noise {
    /// By what is lost: the signal is the same one.
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.lost.partial_cmp(&other.lost)
    }
}

impl Sum for Noise {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            signal: sum.signal + part.signal,
            lost: sum.lost + part.lost,
        })
    }
}
