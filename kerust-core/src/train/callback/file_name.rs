//! File names with placeholders, in the format syntax of Python.

use super::TrainingContext;
use crate::Result;
use crate::train::TrainError;
#[cfg(test)]
use crate::train::logs::Logs;
use crate::train::logs::exponent;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// A file name with placeholders.
pub(super) struct FileName {
    pieces: Vec<Piece>,
}

/// A part of a name. Only text can contain placeholders.
enum Piece {
    Text(String),
    /// A part that is not valid text and is kept as it is.
    Raw(OsString),
}

/// The content of a placeholder: `{name:0WIDTH.PRECISIONtype}`.
#[derive(Debug, PartialEq)]
struct Placeholder<'a> {
    name: &'a str,
    zeros: bool,
    width: usize,
    precision: Option<usize>,
    kind: char,
}

impl FileName {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            pieces: pieces(path.as_os_str()),
        }
    }

    /// Returns an error for a placeholder that no epoch can fill in. Otherwise returns an example of a name.
    ///
    /// With `by_batch`, a batch within an epoch must be able to fill it in, including its own number.
    pub(super) fn check(&self, training: &TrainingContext<'_>, by_batch: bool) -> Result<PathBuf> {
        let series = training.series();
        let measured = match by_batch {
            true => training.logs().len(),
            false => series.len(),
        };
        let known = &series[..measured];
        self.filled(|placeholder| {
            let is_known = known.iter().any(|name| name == placeholder.name);
            let is_known = is_known || (placeholder.name == "learning_rate" && !by_batch);
            value(placeholder, [0, 0], by_batch, is_known.then_some(0.0))
        })
        .map_err(|found| unknown(found, known, by_batch))
    }

    /// The name for this epoch, or with `by_batch` for this batch.
    pub(super) fn fill(&self, training: &TrainingContext<'_>, by_batch: bool) -> Result<PathBuf> {
        let (numbers, logs) = (
            [training.epoch() + 1, training.batch() + 1],
            training.logs(),
        );
        self.filled(|placeholder| {
            value(placeholder, numbers, by_batch, logs.value(placeholder.name))
        })
        .map_err(|found| unknown(found, training.series(), by_batch))
    }

    fn filled(
        &self,
        value: impl Fn(&Placeholder<'_>) -> Option<String>,
    ) -> std::result::Result<PathBuf, String> {
        let mut filled = OsString::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push(fill(text, &value)?),
                Piece::Raw(raw) => filled.push(raw),
            }
        }
        Ok(filled.into())
    }
}

/// A file name need not be UTF-8. Invalid bytes are kept.
#[cfg(unix)]
fn pieces(name: &OsStr) -> Vec<Piece> {
    use std::os::unix::ffi::OsStrExt;
    let mut pieces = Vec::new();
    for chunk in name.as_bytes().utf8_chunks() {
        pieces.push(Piece::Text(chunk.valid().to_owned()));
        pieces.push(Piece::Raw(OsStr::from_bytes(chunk.invalid()).to_owned()));
    }
    pieces
}

/// A name that is not valid text is kept as it is, including braces.
#[cfg(not(unix))]
fn pieces(name: &OsStr) -> Vec<Piece> {
    vec![match name.to_str() {
        Some(text) => Piece::Text(text.to_owned()),
        None => Piece::Raw(name.to_owned()),
    }]
}

fn unknown(found: String, series: &[String], by_batch: bool) -> crate::Error {
    let mut known = vec!["epoch".into()];
    known.extend(by_batch.then(|| "batch".into()));
    known.extend_from_slice(series);
    TrainError::Placeholder { found, known }.into()
}

/// Fills in all placeholders, or returns the first one that cannot be filled in as the error.
fn fill(text: &str, value: impl Fn(&Placeholder<'_>) -> Option<String>) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some(place) = rest.find(['{', '}']) {
        let (before, at) = rest.split_at(place);
        filled.push_str(before);
        if at.starts_with("{{") || at.starts_with("}}") {
            filled.push_str(&at[..1]);
            rest = &at[2..];
            continue;
        }
        let end = at.find('}').ok_or(at)?;
        let found = &at[..=end];
        let inner = found.strip_prefix('{').map(|found| &found[..end - 1]);
        let placeholder = inner.and_then(parse).ok_or(found)?;
        filled.push_str(&value(&placeholder).ok_or(found)?);
        rest = &at[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

fn parse(inner: &str) -> Option<Placeholder<'_>> {
    let (name, form) = inner.split_once(':').unwrap_or((inner, ""));
    let (form, kind) = match form.chars().last() {
        Some(kind) if kind.is_ascii_alphabetic() => (&form[..form.len() - 1], kind),
        _ => (form, ' '),
    };
    let (width, precision) = form.split_once('.').unwrap_or((form, ""));
    let number = |text: &str| match text {
        "" => Some(None),
        _ => Some(Some(text.parse().ok()?)),
    };
    Some(Placeholder {
        name,
        zeros: width.starts_with('0'),
        width: number(width)?.unwrap_or(0),
        precision: number(precision)?,
        kind,
    })
}

/// `epoch` and `batch` start at 1. The batch is known only with `by_batch`.
fn value(
    placeholder: &Placeholder<'_>,
    [epoch, batch]: [usize; 2],
    by_batch: bool,
    number: Option<f64>,
) -> Option<String> {
    let digits = placeholder.precision;
    let text = match (placeholder.name, placeholder.kind) {
        ("epoch", ' ' | 'd') => epoch.to_string(),
        ("batch", ' ' | 'd') if by_batch => batch.to_string(),
        ("epoch", _) => return None,
        (_, 'f') => format!("{:.*}", digits.unwrap_or(6), number?),
        (_, 'e') => exponent(number?, digits.unwrap_or(6)),
        // A precision without a type is the number of digits in Python, and the number of decimals here.
        (_, ' ') => match digits {
            Some(digits) => format!("{:.digits$}", number?),
            None => number?.to_string(),
        },
        _ => return None,
    };
    let width = placeholder.width;
    Some(match placeholder.zeros {
        true => format!("{text:0>width$}"),
        false => format!("{text:>width$}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(template: &Path) -> Result<PathBuf, String> {
        let mut logs = Logs::default();
        logs.insert("val_loss", 0.34567);
        let value = |placeholder: &Placeholder<'_>| {
            value(placeholder, [7, 3], false, logs.value(placeholder.name))
        };
        FileName::new(template).filled(value)
    }

    fn name(text: &str) -> Result<String, String> {
        path(Path::new(text)).map(|path| path.into_os_string().into_string().unwrap())
    }

    #[cfg(unix)]
    #[test]
    fn paths_that_are_not_unicode_are_kept() {
        use std::os::unix::ffi::OsStrExt;
        for (template, expected) in [
            (&b"\xff"[..], &b"\xff"[..]),
            (b"\xffnet-{epoch:02d}\xc3", b"\xffnet-07\xc3"),
            (
                b"\xc3\xa9{epoch}\xff\xfe{val_loss:.1f}\xe2\x82",
                b"\xc3\xa97\xff\xfe0.3\xe2\x82",
            ),
            (b"{{\xff}}", b"{\xff}"),
        ] {
            let found = path(Path::new(OsStr::from_bytes(template))).unwrap();
            assert_eq!(found.as_os_str().as_bytes(), expected);
        }
        let broken = Path::new(OsStr::from_bytes(b"{epoch\xff}"));
        assert_eq!(path(broken), Err("{epoch".to_owned()));
    }

    #[test]
    fn placeholders_are_filled_in_as_python_does() {
        let cases = [
            ("net.safetensors", "net.safetensors"),
            ("{epoch}-{val_loss:.2f}.safetensors", "7-0.35.safetensors"),
            ("{epoch:02d}", "07"),
            ("{epoch:3d}", "  7"),
            ("{val_loss:.2}", "0.35"),
            ("{val_loss:.3e}", "3.457e-01"),
            ("{val_loss:08.3f}", "0000.346"),
            ("{val_loss}", "0.34567"),
            ("{{epoch}}", "{epoch}"),
        ];
        for (text, expected) in cases {
            assert_eq!(name(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_placeholder_that_cannot_be_filled_in_is_named() {
        for text in [
            "{val_los:.2f}",
            "{epoch:.2f}",
            "{epoch",
            "{val_loss:x}",
            "{epoch:é}",
        ] {
            assert_eq!(name(&format!("a-{text}")), Err(text.into()));
        }
    }
}
