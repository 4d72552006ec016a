//! Sequences of any length as tokens of one length.

use super::DataError;
use crate::error::Result;
use crate::tensor::Tokens;

/// The side of a sequence: the value of Keras's arguments `padding` and `truncating`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Side {
    /// Before the first number. Keras's default.
    #[default]
    Pre,
    /// After the last number.
    Post,
}

/// The settings of [`pad_sequences`], with Keras's names and defaults. `maxlen` is the number of tokens in the
/// type of the result.
///
/// ```
/// use kerust::data::{PadSequences, Side};
/// use kerust::tensor::Tokens;
///
/// # fn main() -> kerust::Result<()> {
/// let padding = PadSequences::new().padding(Side::Post);
/// let padded: Vec<Tokens<3>> = padding.pad(&[vec![1], vec![2, 3, 4, 5]])?;
/// assert_eq!(padded[0].as_slice(), [1, 0, 0]);
/// assert_eq!(padded[1].as_slice(), [3, 4, 5]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[must_use = "call `pad`"]
pub struct PadSequences {
    padding: Side,
    truncating: Side,
    value: u16,
}

impl PadSequences {
    /// Keras's defaults: zeros before short sequences, and the last numbers of long ones.
    pub const fn new() -> Self {
        Self {
            padding: Side::Pre,
            truncating: Side::Pre,
            value: 0,
        }
    }

    /// Sets the side on which short sequences are padded; [`Side::Pre`] by default.
    pub const fn padding(mut self, padding: Side) -> Self {
        self.padding = padding;
        self
    }

    /// Sets the side on which numbers are removed from long sequences; [`Side::Pre`] by default.
    pub const fn truncating(mut self, truncating: Side) -> Self {
        self.truncating = truncating;
        self
    }

    /// Sets the token of padding; 0 by default, which `Embedding(.., mask_zero = true)` leaves out.
    pub const fn value(mut self, value: u16) -> Self {
        self.value = value;
        self
    }

    /// Pads and truncates each sequence to `N` tokens.
    ///
    /// # Errors
    /// Returns an error if a number that is kept is no token, because it is above 65,535.
    pub fn pad<const N: usize>(self, sequences: &[impl AsRef<[u32]>]) -> Result<Vec<Tokens<N>>> {
        let tokens = sequences.iter().enumerate();
        let tokens = tokens.map(|(sample, sequence)| self.one(sample, sequence.as_ref()));
        tokens.collect()
    }

    /// The tokens of one sequence.
    fn one<const N: usize>(self, sample: usize, sequence: &[u32]) -> Result<Tokens<N>> {
        let kept = sequence.len().min(N);
        let first = match self.truncating {
            Side::Pre => sequence.len() - kept,
            Side::Post => 0,
        };
        let start = match self.padding {
            Side::Pre => N - kept,
            Side::Post => 0,
        };
        let mut tokens = Tokens::full(self.value);
        let slots = &mut tokens.as_mut_slice()[start..start + kept];
        for (place, slot) in slots.iter_mut().enumerate() {
            let (index, found) = (first + place, sequence[first + place]);
            *slot = u16::try_from(found).map_err(|_| DataError::NoToken {
                sample,
                index,
                found,
            })?;
        }
        Ok(tokens)
    }
}

/// Pads and truncates each sequence to `N` tokens: Keras's `pad_sequences` with its defaults. For other arguments
/// see [`PadSequences`].
///
/// ```
/// use kerust::data::pad_sequences;
///
/// # fn main() -> kerust::Result<()> {
/// let padded = pad_sequences::<3>(&[vec![1], vec![2, 3, 4, 5]])?;
/// assert_eq!(padded[0].as_slice(), [0, 0, 1]);
/// assert_eq!(padded[1].as_slice(), [3, 4, 5]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Returns an error if a number that is kept is no token, because it is above 65,535.
pub fn pad_sequences<const N: usize>(sequences: &[impl AsRef<[u32]>]) -> Result<Vec<Tokens<N>>> {
    PadSequences::new().pad(sequences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sides_are_those_of_keras() {
        // keras.utils.pad_sequences([[], [1], [2, 3, 4, 5]], maxlen=3, padding=.., truncating=.., value=9)
        let sequences: [&[u32]; 3] = [&[], &[1], &[2, 3, 4, 5]];
        for (padding, truncating, expected) in [
            (Side::Pre, Side::Pre, [[9, 9, 9], [9, 9, 1], [3, 4, 5]]),
            (Side::Pre, Side::Post, [[9, 9, 9], [9, 9, 1], [2, 3, 4]]),
            (Side::Post, Side::Pre, [[9, 9, 9], [1, 9, 9], [3, 4, 5]]),
            (Side::Post, Side::Post, [[9, 9, 9], [1, 9, 9], [2, 3, 4]]),
        ] {
            let settings = PadSequences::new().padding(padding).truncating(truncating);
            let padded = settings.value(9).pad::<3>(&sequences).unwrap();
            let padded: Vec<[u16; 3]> = padded.iter().map(|it| *it.as_array()).collect();
            assert_eq!(padded, expected, "{padding:?} {truncating:?}");
        }
    }

    #[test]
    fn a_number_that_is_no_token_is_named_only_if_it_is_kept() {
        let sequences = [vec![1], vec![70_000, 2, 65_536]];
        let message = pad_sequences::<2>(&sequences).unwrap_err().to_string();
        assert_eq!(
            message,
            "sample 1 has 65536 at index 2, expected a token: a number up to 65535"
        );
        let kept = PadSequences::new()
            .truncating(Side::Post)
            .pad::<0>(&sequences);
        assert!(kept.is_ok());
    }
}
