//! Input.

/// Begins a model: one sample of what it takes.
///
/// In a chain it stands first; in a graph there are up to four, each with a name: `let image = Input(28, 28, 1);`.
///
/// # Arguments
/// - `shape`: the sizes of one sample, 1 to 4 of them, without the batch.
/// - `dtype = float32`: the type of a value: `float32`; `token` for numbers of tokens, which an
///   [`Embedding`](super::Embedding) takes; `int8`, `uint8`, `int16` or `int32` for layers of one's own.
///
/// # Shapes
/// output as given
///
/// # Cost
/// none
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Flatten => Dense(10) }
/// model! { pub Mood: Input(40, dtype = token) => Embedding(5000, 16) => GlobalAveragePooling1D => Dense(1) }
/// assert_eq!(Net::PARAMS, (28 * 28 + 1) * 10);
/// assert_eq!(Mood::PARAMS, 5000 * 16 + 17);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Input;
