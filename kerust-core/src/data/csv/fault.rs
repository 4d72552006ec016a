//! The errors of tables.

use core::fmt::{Display, Formatter};

/// The reason why a CSV file, or a request for its columns, is invalid. Lines count from 1, columns from 0.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum CsvFault {
    /// The file has no line of headers.
    Empty,
    /// There are no rows to use.
    NoRows,
    /// The text is UTF-16.
    Utf16,
    /// A value is not valid UTF-8.
    Utf8 {
        /// Its line.
        line: u64,
        /// Its column.
        column: usize,
    },
    /// A row has more or fewer values than the first row.
    Ragged {
        /// Its line.
        line: u64,
        /// The number of its values.
        found: usize,
        /// The number of values in the first row.
        expected: usize,
    },
    /// A quote is never closed.
    OpenQuote {
        /// The line of the opening quote.
        line: u64,
    },
    /// A value continues after its closing quote.
    BehindQuote {
        /// Its line.
        line: u64,
    },
    /// There is no column with this index.
    ColumnNumber {
        /// The index.
        found: usize,
        /// The number of columns.
        columns: usize,
    },
    /// There is no column with this name.
    ColumnName {
        /// The name.
        found: String,
        /// The headers.
        headers: Vec<String>,
    },
    /// A header occurs in several columns.
    HeaderTwice {
        /// The header.
        header: String,
        /// The indices of its columns.
        columns: Vec<usize>,
    },
    /// A value is missing.
    Missing {
        /// Its line.
        line: u64,
        /// Its column.
        column: String,
        /// The text in its place.
        found: String,
    },
    /// A value is invalid.
    Value {
        /// Its line.
        line: u64,
        /// Its column.
        column: String,
        /// The value.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The rows have another number of values than a sample.
    Width {
        /// The names of the values.
        found: Vec<String>,
        /// The number of values in a sample.
        expected: usize,
        /// The use of the values: `inputs`, `labels`.
        what: &'static str,
    },
    /// The request is invalid.
    Asked(String),
}

impl Display for CsvFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "is empty, expected a line of headers; `Table::options().headers(false)` reads a file without them",
            ),
            Self::NoRows => f.write_str("has no rows"),
            Self::Utf16 => f.write_str("is UTF-16, expected UTF-8"),
            Self::Utf8 { line, column } => {
                write!(f, "is not UTF-8 in line {line}, column {column}")
            }
            Self::Ragged {
                line,
                found,
                expected,
            } => write!(
                f,
                "has {found} value{} in line {line}, expected {expected}",
                if *found == 1 { "" } else { "s" }
            ),
            Self::OpenQuote { line } => {
                write!(f, "has a quote in line {line} that is never closed")
            }
            Self::BehindQuote { line } => write!(
                f,
                "has a value in line {line} that continues after its closing quote; a quote in a quoted value \
                 is written twice"
            ),
            Self::ColumnNumber { found, columns } => write!(
                f,
                "has no column {found}: there are {columns} columns, counted from 0"
            ),
            Self::ColumnName { found, headers } if headers.is_empty() => write!(
                f,
                "has no column `{found}`: it was read without headers, so columns are named by their numbers"
            ),
            Self::ColumnName { found, headers } => {
                write!(f, "has no column `{found}`, found `{}`", headers.join("`, `"))
            }
            Self::HeaderTwice { header, columns } => {
                let columns: Vec<String> = columns.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "has the header `{header}` over the columns {}; name one by its number",
                    columns.join(" and ")
                )
            }
            Self::Missing {
                line,
                column,
                found,
            } => {
                write!(f, "has no value in line {line}, column `{column}`")?;
                match found.is_empty() {
                    true => Ok(()),
                    false => write!(f, " (found `{found}`)"),
                }?;
                f.write_str(
                    "; numbers are filled by `.fill_missing_with_mean()` or `.fill_missing(0.0)` after their \
                     `columns`, and `.drop_missing()` leaves such rows out",
                )
            }
            Self::Value {
                line,
                column,
                found,
                expected,
            } => write!(
                f,
                "has `{found}` in line {line}, column `{column}`, expected {expected}"
            ),
            Self::Width {
                found,
                expected,
                what,
            } => write!(
                f,
                "gives {} values for each row (`{}`), expected {expected} for the {what}",
                found.len(),
                found.join("`, `")
            ),
            Self::Asked(fault) => f.write_str(fault),
        }
    }
}
