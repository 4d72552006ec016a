//! Labels from the columns of a table.

use crate::data::{Binary, Class, Data, TensorColumn};
use crate::tensor::StaticShape;

/// A kind of label that columns of a table can provide: [`Class`], [`Binary`], or a shape of numbers.
#[diagnostic::on_unimplemented(
    message = "columns of a table cannot be labels `{Self}`",
    label = "expected `Class<N>`, `Binary` or a shape"
)]
pub trait Label: Data {
    /// The number of values in a label.
    #[doc(hidden)]
    const LEN: usize;

    /// Parses the text of a label, or returns a description of the expected values.
    #[doc(hidden)]
    fn number(text: &str) -> Result<f32, String>;

    /// The labels from their numbers.
    #[doc(hidden)]
    fn column(numbers: Vec<f32>) -> Self::Column;
}

impl<const N: usize> Label for Class<N> {
    const LEN: usize = 1;

    fn number(text: &str) -> Result<f32, String> {
        let class = text.parse().ok();
        let class =
            class.filter(|class: &f64| class.fract() == 0.0 && (0.0..N as f64).contains(class));
        class.map(|class| class as f32).ok_or_else(|| {
            format!(
                "a class: a whole number from 0 to {}; names are given by `.class_labels(column, [..])`",
                N.saturating_sub(1)
            )
        })
    }

    fn column(numbers: Vec<f32>) -> Vec<u32> {
        numbers.into_iter().map(|number| number as u32).collect()
    }
}

impl Label for Binary {
    const LEN: usize = 1;

    fn number(text: &str) -> Result<f32, String> {
        match text {
            "true" | "True" | "TRUE" => Ok(1.0),
            "false" | "False" | "FALSE" => Ok(0.0),
            _ => match text.parse() {
                Ok(number) if number == 0.0 || number == 1.0 => Ok(number),
                _ => Err("0 or 1; names are given by `.class_labels(column, [no, yes])`".into()),
            },
        }
    }

    fn column(numbers: Vec<f32>) -> Vec<f32> {
        numbers
    }
}

impl<S: StaticShape> Label for S {
    const LEN: usize = S::LEN;

    fn number(text: &str) -> Result<f32, String> {
        number(text)
    }

    fn column(numbers: Vec<f32>) -> TensorColumn {
        TensorColumn::Float(numbers)
    }
}

/// Parses a finite number, or returns a description of the expected values.
pub(super) fn number(text: &str) -> Result<f32, String> {
    let number: f64 = text.parse().map_err(|_| {
        let with_point = text.replacen(',', ".", 1);
        match with_point != text && with_point.parse::<f64>().is_ok() {
            true => "a number with a decimal point".to_owned(),
            false => "a number".to_owned(),
        }
    })?;
    match number as f32 {
        number if number.is_finite() => Ok(number),
        _ if number.is_finite() => Err("a number that `f32` can hold".into()),
        _ => Err("a finite number".into()),
    }
}
