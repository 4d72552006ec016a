//! Activations: Keras's names and formulas.

/// An activation function.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Activation {
    /// `y = x`
    Linear,
    /// `y = max(x, 0)`
    Relu,
    /// `y = 1 / (1 + exp(-x))`
    Sigmoid,
    /// `y = tanh(x)`
    Tanh,
    /// `y_i = exp(x_i) / Σ exp(x_j)` over the last axis
    Softmax,
}

impl Activation {
    /// Replaces pre-activations by activations; `features` is the size of the last axis.
    pub fn apply(self, values: &mut [f32], features: usize) {
        match self {
            Self::Linear => {}
            Self::Relu => values.iter_mut().for_each(|x| *x = x.max(0.0)),
            Self::Sigmoid => values.iter_mut().for_each(|x| *x = sigmoid(*x)),
            Self::Tanh => values.iter_mut().for_each(|x| *x = libm::tanhf(*x)),
            Self::Softmax => values.chunks_exact_mut(features).for_each(softmax),
        }
    }

    /// Replaces the gradient of the activations by that of the pre-activations, from the
    /// activations alone.
    pub fn backward(self, y: &[f32], dy: &mut [f32], features: usize) {
        let pairs = dy.iter_mut().zip(y);
        match self {
            Self::Linear => {}
            Self::Relu => pairs.for_each(|(dy, y)| *dy = if *y > 0.0 { *dy } else { 0.0 }),
            Self::Sigmoid => pairs.for_each(|(dy, y)| *dy *= y * (1.0 - y)),
            Self::Tanh => pairs.for_each(|(dy, y)| *dy *= 1.0 - y * y),
            Self::Softmax => {
                let rows = dy.chunks_exact_mut(features).zip(y.chunks_exact(features));
                for (dy, y) in rows {
                    let dot: f32 = dy.iter().zip(y).map(|(dy, y)| dy * y).sum();
                    dy.iter_mut()
                        .zip(y)
                        .for_each(|(dy, y)| *dy = y * (*dy - dot));
                }
            }
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

fn softmax(values: &mut [f32]) {
    // Subtract the maximum first: exp(89.0) overflows f32.
    let peak = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = libm::expf(*value - peak);
        sum += *value;
    }
    values.iter_mut().for_each(|value| *value /= sum);
}

/// An activation as a type: what a head's losses and metrics are chosen by.
pub trait HeadActivation: 'static {
    /// The activation as a value.
    const ACTIVATION: Activation;
}

macro_rules! heads {
    ($($name:ident)+) => {$(
        #[doc = concat!("[`Activation::", stringify!($name), "`] as a head's type.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl HeadActivation for $name {
            const ACTIVATION: Activation = Activation::$name;
        }
    )+};
}
heads! { Linear Relu Sigmoid Tanh Softmax }
