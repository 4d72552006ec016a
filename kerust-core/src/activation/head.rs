//! Activations as types.

use super::Activation;

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
heads! {
    Linear Relu Relu6 LeakyRelu Elu Selu Celu Gelu Silu Sigmoid HardSigmoid HardSilu Tanh Softplus
    Softsign Softmax LogSoftmax Exponential Mish
}
