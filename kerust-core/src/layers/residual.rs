//! Residual connection.

/// Adds what goes into a chain of layers to what comes out.
///
/// `y = f(x) + s(x)`, where f is the chain and s the shortcut: He et al. (2016). In Keras one writes
/// `Add()([x, f(x)])`.
///
/// # Arguments
/// - `chain`: the layers around which the input goes.
/// - `shortcut` (optional): the layers through which it goes instead, where the chain changes its shape; nothing is
///   done to it if left out.
///
/// # Shapes
/// the outputs of both alike
///
/// # Cost
/// an addition for each value of the output, and what the layers inside cost
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net:
///         Input(8, 8, 3)
///         => Conv2D(6, 3x3, same, relu)
///         => Residual(Conv2D(6, 3x3, same, relu) => Conv2D(6, 3x3, same))
///         => Residual(Conv2D(8, 3x3, strides = 2, same), shortcut = Conv2D(8, 1x1, strides = 2))
///         => GlobalAveragePooling2D
///         => Dense(2)
/// }
/// let convolutions = (27 + 1) * 6 + 2 * (54 + 1) * 6 + (54 + 1) * 8 + (6 + 1) * 8;
/// assert_eq!(Net::PARAMS, convolutions + 9 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Residual;
