//! Adafactor.
//!
//! ```text
//! η = min(learning_rate, 1 / √t),   ρ = max(ε₂, rms(w)) · η,   β = 1 - t^decay
//! r ← β · r + (1 - β) · mean of (g² + ε₁) over columns,   c likewise over rows
//! v = r · c / mean of r                                for a tensor of two axes or more
//! v ← β · v + (1 - β) · (g² + ε₁)                      for other tensors
//! u = g / √v,   w ← w - ρ · u / max(1, rms(u) / threshold)
//! ```
//!
//! Shazeer & Stern (2018), algorithm 4, with Keras's form of the learning rate.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Scope, Settings, StepInfo, TensorInfo};
use std::cell::Cell;

/// Adafactor. For a matrix it stores the average square of the gradient as one number for each row and each
/// column. Keras: `Adafactor`.
///
/// Keras's defaults: `beta_2_decay` is -0.8, `epsilon_1` 1e-30, `epsilon_2` 1e-3 and `clip_threshold` 1.
/// `relative_step` is on: it limits the learning rate to `1 / √t`, unless the rate is a schedule.
///
/// ```
/// use kerust::optimizer::Adafactor;
///
/// let optimizer = Adafactor::new(0.01).clip_threshold(0.5);
/// ```
///
/// # Memory
/// Two slots. For a tensor of two axes or more, they hold only one number for each row and each column.
#[derive(Debug)]
pub struct Adafactor {
    settings: Settings,
    beta_2_decay: f64,
    epsilon_1: f64,
    epsilon_2: f64,
    clip_threshold: f64,
    relative_step: bool,
}

impl Adafactor {
    /// Creates Adafactor with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            beta_2_decay: -0.8,
            epsilon_1: 1e-30,
            epsilon_2: 1e-3,
            clip_threshold: 1.0,
            relative_step: true,
        }
    }
}

impl Default for Adafactor {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Adafactor);
options!(Adafactor {
    /// Sets the exponent with which the decay of the average square grows, below 0.
    beta_2_decay: f64;
    /// Sets the constant that is added to the square of the gradient.
    epsilon_1: f64;
    /// Sets the lower limit of the weights' root mean square, which scales a step.
    epsilon_2: f64;
    /// Sets the root mean square above which a step is shortened.
    clip_threshold: f64;
    /// Sets whether the learning rate is limited to `1 / √t`.
    relative_step: bool;
});

/// The rows and columns of a tensor's last two axes, and the number of such matrices. `None` for a tensor
/// with fewer axes.
fn matrices(sizes: &[usize]) -> Option<[usize; 3]> {
    let [before @ .., rows, columns] = sizes else {
        return None;
    };
    Some([before.iter().product(), *rows, *columns])
}

/// The root mean square.
fn rms(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len() as f64;
    let squares = values.map(|value| f64::from(value) * f64::from(value));
    (squares.sum::<f64>() / count).sqrt() as f32
}

impl Optimizer for Adafactor {
    fn name(&self) -> &'static str {
        "adafactor"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["row", "column"]
    }

    fn scope(&self) -> Scope {
        Scope::Tensor
    }

    fn slot_len(&self, slot: usize, tensor: TensorInfo<'_>) -> usize {
        match (matrices(tensor.sizes), slot) {
            (Some([count, rows, _]), 0) => count * rows,
            (Some([count, _, columns]), _) => count * columns,
            (None, 0) => tensor.sizes.iter().product(),
            (None, _) => 0,
        }
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let time = (info.step + 1) as f32;
        let limit = 1.0 / time.sqrt();
        let rate = match (self.relative_step, &self.settings.learning_rate) {
            (true, LearningRate::Constant(rate)) => rate.min(limit),
            _ => info.learning_rate,
        };
        // As in Keras, a step is always limited.
        let rho = rate.min(limit);
        let alpha = rms(piece.weights.iter().copied()).max(self.epsilon_2 as f32) * rho;
        let beta = 1.0 - libm::powf(time, self.beta_2_decay as f32);
        let epsilon = self.epsilon_1 as f32;
        let (weights, gradient) = (piece.weights, piece.gradient);
        let [row, column] = piece.slots.take();
        let sizes = piece.tensor.map_or(&[][..], |tensor| tensor.sizes);
        match matrices(sizes) {
            None => {
                for (v, g) in row.iter_mut().zip(gradient) {
                    *v = beta * *v + (1.0 - beta) * (g * g + epsilon);
                }
                let row = &*row;
                self.step(weights, gradient, alpha, |place| row[place]);
            }
            Some([_, rows, columns]) => {
                let square = |place: usize| gradient[place] * gradient[place] + epsilon;
                for (number, r) in row.iter_mut().enumerate() {
                    let start = number * columns;
                    let sum: f32 = (start..start + columns).map(square).sum();
                    *r = beta * *r + (1.0 - beta) * (sum / columns as f32);
                }
                for (number, c) in column.iter_mut().enumerate() {
                    let start = number / columns * rows * columns + number % columns;
                    let sum: f32 = (0..rows).map(|row| square(start + row * columns)).sum();
                    *c = beta * *c + (1.0 - beta) * (sum / rows as f32);
                }
                let (row, column) = (&*row, &*column);
                // The mean of the current matrix, cached so that it is computed once for each matrix.
                let mean = Cell::new((usize::MAX, 0.0));
                let mean_of = |matrix: usize| {
                    if mean.get().0 != matrix {
                        let rows_of = &row[matrix * rows..(matrix + 1) * rows];
                        mean.set((matrix, rows_of.iter().sum::<f32>() / rows as f32));
                    }
                    mean.get().1
                };
                self.step(weights, gradient, alpha, |place| {
                    let matrix = place / (rows * columns);
                    let r = row[place / columns] / mean_of(matrix);
                    r * column[matrix * columns + place % columns]
                });
            }
        }
    }
}

impl Adafactor {
    /// Updates the weights by the gradient divided by the root of the average square. A large update is
    /// scaled down.
    fn step(
        &self,
        weights: &mut [f32],
        gradient: &[f32],
        alpha: f32,
        average: impl Fn(usize) -> f32,
    ) {
        let step = |place: usize| gradient[place] / average(place).sqrt();
        let size = rms((0..gradient.len()).map(step));
        let cut = (size / self.clip_threshold as f32).max(1.0);
        for (place, w) in weights.iter_mut().enumerate() {
            *w -= alpha * (step(place) / cut);
        }
    }
}
