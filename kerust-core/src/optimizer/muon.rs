//! Muon.
//!
//! ```text
//! m ← μ · m + g,   x = g + μ · m (Nesterov), else m,   x ← x / ‖x‖
//! x ← a · x + (b · A + c · A²) · x,   A = x · xᵀ,   five times
//! w ← w - η · 0.2 · √max(rows, columns) · x
//! ```
//!
//! Jordan et al. (2024), with the step size of Liu et al. (2025), section 2.2. Only matrices are updated this
//! way. Tensors with one axis, or with more than two, are updated by Adam.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Scope, Settings, StepInfo, TensorInfo};
use crate::kernels::{Epilogue, dense, dense_input_gradient};
use std::sync::{Mutex, PoisonError};

/// Muon: an optimizer that makes the momentum of each matrix orthogonal. Keras: `Muon`.
///
/// Muon updates matrices, and Adam all other tensors. Adam also updates the matrices of layers named in
/// [`exclude_layers`](Self::exclude_layers), and those of embeddings, unless
/// [`exclude_embeddings`](Self::exclude_embeddings) is off. Keras's defaults: `momentum` is 0.95, `nesterov`
/// on, `ns_steps` 5, `rms_rate` 0.2, `weight_decay` and `adam_weight_decay` 0.004, `adam_beta_1` 0.9,
/// `adam_beta_2` 0.999, `adam_lr_ratio` 1 and `epsilon` 1e-7.
///
/// ```
/// use kerust::optimizer::Muon;
///
/// let optimizer = Muon::new(0.002).exclude_layers(["head"]);
/// ```
///
/// # Memory and time
/// One slot, and a second one for the tensors that Adam updates. For a matrix with more columns than rows, a
/// step takes about `15 · rows² · columns` multiply-adds.
#[derive(Debug)]
pub struct Muon {
    settings: Settings,
    momentum: f64,
    nesterov: bool,
    ns_steps: usize,
    rms_rate: Option<f64>,
    exclude_layers: Vec<String>,
    exclude_embeddings: bool,
    adam_beta_1: f64,
    adam_beta_2: f64,
    adam_weight_decay: f64,
    adam_lr_ratio: f64,
    epsilon: f64,
    muon_a: f64,
    muon_b: f64,
    muon_c: f64,
    /// Reused, so that a step allocates no memory.
    scratch: Mutex<Scratch>,
}

/// The matrices of a step.
#[derive(Debug, Default)]
struct Scratch {
    x: Vec<f32>,
    product: Vec<f32>,
    gram: Vec<f32>,
    square: Vec<f32>,
}

impl Muon {
    /// Creates Muon with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        let mut settings = Settings::new(learning_rate);
        settings.weight_decay = Some(0.004);
        Self {
            settings,
            momentum: 0.95,
            nesterov: true,
            ns_steps: 5,
            rms_rate: Some(0.2),
            exclude_layers: Vec::new(),
            exclude_embeddings: true,
            adam_beta_1: 0.9,
            adam_beta_2: 0.999,
            adam_weight_decay: 0.004,
            adam_lr_ratio: 1.0,
            epsilon: 1e-7,
            muon_a: 3.4445,
            muon_b: -4.7750,
            muon_c: 2.0315,
            scratch: Mutex::default(),
        }
    }

    /// Updates the matrices whose path contains one of these texts by Adam.
    pub fn exclude_layers<S: Into<String>>(mut self, layers: impl IntoIterator<Item = S>) -> Self {
        self.exclude_layers = layers.into_iter().map(Into::into).collect();
        self
    }
}

impl Default for Muon {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Muon);
options!(Muon {
    /// Sets the decay of the momentum.
    momentum: f64;
    /// Sets whether to use Nesterov momentum.
    nesterov: bool;
    /// Sets the number of iterations that make the matrix orthogonal.
    ns_steps: usize;
    /// Sets the root mean square of a step at a learning rate of 1. `None` does not scale the step.
    rms_rate: Option<f64>;
    /// Sets whether embeddings are updated by Adam.
    exclude_embeddings: bool;
    /// Sets the decay of Adam's average gradient.
    adam_beta_1: f64;
    /// Sets the decay of Adam's average squared gradient.
    adam_beta_2: f64;
    /// Sets the weight decay of the tensors that Adam updates.
    adam_weight_decay: f64;
    /// Sets the ratio of Adam's learning rate to Muon's.
    adam_lr_ratio: f64;
    /// Sets the constant that is added to the root of Adam's average square.
    epsilon: f64;
    /// Sets the first coefficient of the Newton-Schulz iteration.
    muon_a: f64;
    /// Sets the second coefficient of the Newton-Schulz iteration.
    muon_b: f64;
    /// Sets the third coefficient of the Newton-Schulz iteration.
    muon_c: f64;
});

impl Optimizer for Muon {
    fn name(&self) -> &'static str {
        "muon"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }

    fn scope(&self) -> Scope {
        Scope::Tensor
    }

    fn slot_len(&self, slot: usize, tensor: TensorInfo<'_>) -> usize {
        match (slot, self.matrix(tensor)) {
            (1, Some(_)) => 0,
            _ => tensor.sizes.iter().product(),
        }
    }

    fn weight_decay_of(&self, tensor: TensorInfo<'_>) -> Option<f64> {
        match self.matrix(tensor) {
            Some(_) => self.settings.weight_decay,
            None => Some(self.adam_weight_decay),
        }
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        match piece.tensor.and_then(|tensor| self.matrix(tensor)) {
            Some(sizes) => self.muon(info, piece, sizes),
            None => self.adam(info, piece),
        }
    }
}

impl Muon {
    /// The rows and columns of a tensor that Muon updates.
    fn matrix(&self, tensor: TensorInfo<'_>) -> Option<[usize; 2]> {
        let [rows, columns] = *tensor.sizes else {
            return None;
        };
        let has = |text: &str| tensor.name.contains(text);
        let is_excluded = (self.exclude_embeddings
            && tensor.name.to_lowercase().contains("embedding"))
            || self.exclude_layers.iter().any(|layer| has(layer));
        (!is_excluded).then_some([rows, columns])
    }

    fn muon(&self, info: StepInfo, piece: Piece<'_>, [rows, columns]: [usize; 2]) {
        let momentum = self.momentum as f32;
        let [m, _] = piece.slots.take();
        // A poisoned lock is no problem, because all values are overwritten.
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let scratch = &mut *scratch;
        let [short, long] = [rows.min(columns), rows.max(columns)];
        scratch.resize(short, long);
        // The product over the longer axis gives the smaller matrix.
        let place = |place: usize| match rows > columns {
            true => place % columns * rows + place / columns,
            false => place,
        };
        for (number, (m, g)) in m.iter_mut().zip(piece.gradient).enumerate() {
            *m += g + *m * (self.momentum - 1.0) as f32;
            scratch.x[place(number)] = if self.nesterov { g + momentum * *m } else { *m };
        }
        self.orthogonalize(scratch, short, long);
        let scale = match self.rms_rate {
            Some(rate) => libm::sqrtf(long as f32) * rate as f32,
            None => 1.0,
        };
        for (number, w) in piece.weights.iter_mut().enumerate() {
            *w -= info.learning_rate * scratch.x[place(number)] * scale;
        }
    }

    /// Moves the matrix `x`, with the sizes (`short`, `long`), towards the nearest matrix with orthonormal
    /// rows, by the Newton-Schulz iteration.
    fn orthogonalize(&self, scratch: &mut Scratch, short: usize, long: usize) {
        let Scratch {
            x,
            product,
            gram,
            square,
        } = scratch;
        let squares: f64 = x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        let norm = squares.sqrt() as f32 + 1e-7;
        x.iter_mut().for_each(|x| *x /= norm);
        let [a, b, c] = [self.muon_a, self.muon_b, self.muon_c].map(|number| number as f32);
        for _ in 0..self.ns_steps {
            dense_input_gradient(x, x, gram, short, long);
            dense(gram, gram, &[], square, [short, short], Epilogue::NONE);
            for (square, gram) in square.iter_mut().zip(&*gram) {
                *square = b * gram + c * *square;
            }
            dense(square, x, &[], product, [short, long], Epilogue::NONE);
            for (x, product) in x.iter_mut().zip(&*product) {
                *x = a * *x + product;
            }
        }
    }

    fn adam(&self, info: StepInfo, piece: Piece<'_>) {
        let time = (info.step + 1) as f32;
        let power_1 = libm::powf(self.adam_beta_1 as f32, time);
        let power_2 = libm::powf(self.adam_beta_2 as f32, time);
        let rate = info.learning_rate * self.adam_lr_ratio as f32;
        let alpha = rate * libm::sqrtf(1.0 - power_2) / (1.0 - power_1);
        // The difference is taken before rounding to `f32`, as in Keras.
        let (first, second) = (
            (1.0 - self.adam_beta_1) as f32,
            (1.0 - self.adam_beta_2) as f32,
        );
        let epsilon = self.epsilon as f32;
        let [m, v] = piece.slots.take();
        let values = piece.weights.iter_mut().zip(piece.gradient).zip(m).zip(v);
        for (((w, g), m), v) in values {
            *m += (g - *m) * first;
            *v += (g * g - *v) * second;
            *w -= *m * alpha / (v.sqrt() + epsilon);
        }
    }
}

impl Scratch {
    fn resize(&mut self, short: usize, long: usize) {
        self.x.resize(short * long, 0.0);
        self.product.resize(short * long, 0.0);
        self.gram.resize(short * short, 0.0);
        self.square.resize(short * short, 0.0);
    }
}
