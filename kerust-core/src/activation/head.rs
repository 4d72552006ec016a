//! Activations as types.

use super::Activation;

/// An activation as a type, which selects the losses and metrics that fit a head.
pub trait HeadActivation: 'static {
    /// The activation as a value.
    const ACTIVATION: Activation;
}

macro_rules! heads {
    ($($name:ident)+) => {$(
        #[doc = concat!("[`Activation::", stringify!($name), "`] as the type of a head.")]
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
