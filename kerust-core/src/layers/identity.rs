//! Identity layer.

/// Its input, as it is: `Identity`. A place with a name, or a branch that does nothing:
/// `Residual(.., shortcut = Identity)`.
///
/// # Shapes
/// output as input
///
/// # Cost
/// none: the output is the input's memory
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(4) => Identity(name = features) => Dense(2) }
///
/// assert!(Net::LAYERS.iter().any(|layer| layer.name == "features"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Identity;
