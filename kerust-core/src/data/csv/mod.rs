//! Data sets from CSV files.
//!
//! ```
//! use kerust::data::csv::Table;
//! use kerust::data::{Binary, Dataset};
//! use kerust::tensor::Rank1;
//!
//! # fn main() -> kerust::Result<()> {
//! let table = Table::parse("age,income,city,defaulted\n31,40.5,north,0\n25,,south,1\n")?;
//! let data: Dataset<Rank1<4>, Binary> = table
//!     .columns(["age", "income"]).fill_missing_with_mean()
//!     .one_hot("city", ["north", "south"])
//!     .labels("defaulted")
//!     .dataset()?;
//! assert_eq!(data.input(1).as_slice(), [25.0, 40.5, 0.0, 1.0]);
//! # Ok(())
//! # }
//! ```

mod columns;
mod fault;
mod label;
mod parse;

pub use columns::{Columns, Labelled};
pub(crate) use fault::CsvFault;
pub use label::Label;

use super::DataError;
use crate::error::{Error, Result};
use parse::Row;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The texts that count as missing values by default, see [`Options::missing`]. They are those of pandas.
const MISSING: [&str; 18] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan",
];

/// The rows of a CSV file, as text.
#[derive(Clone, Debug)]
pub struct Table {
    path: Option<PathBuf>,
    headers: Option<Vec<String>>,
    /// The number of columns.
    width: usize,
    rows: Vec<Row>,
    missing: Vec<String>,
}

impl Table {
    /// Reads a CSV file whose first line names the columns.
    ///
    /// Values are separated by commas, and can be enclosed in double quotes. All common line endings are
    /// accepted. Empty lines and a byte order mark are skipped.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, is not UTF-8, has a row of another length than the first
    /// line, or has a quote that is never closed. The error names the line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::options().read(path)
    }

    /// Like [`read`](Self::read), for a string.
    ///
    /// # Errors
    /// The same as [`read`](Self::read).
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self> {
        Self::options().parse(text)
    }

    /// Options for reading files in another format.
    pub fn options() -> Options {
        Options::default()
    }

    /// The number of rows, without the headers.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The names of the columns. Empty if the file has no headers.
    pub fn headers(&self) -> &[String] {
        self.headers.as_deref().unwrap_or_default()
    }

    /// The values of a column, given by its header or its index (from 0), parsed as `T`.
    ///
    /// ```
    /// # fn main() -> kerust::Result<()> {
    /// let table = kerust::data::csv::Table::parse("city,people\nOslo,709000\nBergen,286000\n")?;
    /// assert_eq!(table.column::<u32>("people")?, [709_000, 286_000]);
    /// assert_eq!(table.column::<String>(0)?, ["Oslo", "Bergen"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such column, or a value cannot be parsed. The error names the line.
    pub fn column<T: FromStr>(&self, column: impl Into<Column>) -> Result<Vec<T>> {
        let column = self.find(&column.into())?;
        let value = |row: &Row| {
            let text = row.get(column);
            text.parse().map_err(|_| {
                let expected = type_name::<T>().to_owned();
                self.refuse(self.cell(row, column, expected))
            })
        };
        self.rows.iter().map(value).collect()
    }

    /// Starts a data set whose inputs are these columns of numbers: headers, indices from 0, or lists of
    /// them. Add more columns and the labels with the methods of the result.
    pub fn columns(&self, columns: impl ColumnList) -> Columns<'_> {
        Columns::new(self).columns(columns)
    }

    /// Starts a data set with a one-hot encoded column; see [`Columns::one_hot`].
    pub fn one_hot<C: Into<String>>(
        &self,
        column: impl Into<Column>,
        categories: impl IntoIterator<Item = C>,
    ) -> Columns<'_> {
        Columns::new(self).one_hot(column, categories)
    }

    /// The index of a column.
    fn find(&self, column: &Column) -> Result<usize> {
        let fault = match column {
            Column::Number(number) if *number < self.width => return Ok(*number),
            Column::Number(found) => CsvFault::ColumnNumber {
                found: *found,
                columns: self.width,
            },
            Column::Name(name) => {
                let headers = self.headers().iter().enumerate();
                let places = headers.filter(|(_, header)| *header == name);
                let places: Vec<usize> = places.map(|(place, _)| place).collect();
                match *places {
                    [place] => return Ok(place),
                    [] => CsvFault::ColumnName {
                        found: name.clone(),
                        headers: self.headers().to_vec(),
                    },
                    _ => CsvFault::HeaderTwice {
                        header: name.clone(),
                        columns: places,
                    },
                }
            }
        };
        Err(self.refuse(fault))
    }

    /// The name of a column for error messages.
    fn name(&self, column: usize) -> String {
        match self.headers().get(column) {
            Some(header) if !header.is_empty() => header.clone(),
            _ => column.to_string(),
        }
    }

    /// Whether a value is missing.
    fn is_missing(&self, text: &str) -> bool {
        self.missing.iter().any(|missing| missing == text)
    }

    /// Creates the error for a value.
    fn cell(&self, row: &Row, column: usize, expected: String) -> CsvFault {
        let text = row.get(column);
        let (line, column) = (row.line, self.name(column));
        match self.is_missing(text) {
            true => CsvFault::Missing {
                line,
                column,
                found: text.to_owned(),
            },
            false => CsvFault::Value {
                line,
                column,
                found: text.to_owned(),
                expected,
            },
        }
    }

    fn refuse(&self, fault: CsvFault) -> Error {
        refuse(self.path.as_deref(), fault)
    }
}

/// Options for reading a CSV file.
#[derive(Clone, Debug)]
#[must_use = "`read` or `parse` is what reads"]
pub struct Options {
    delimiter: u8,
    headers: bool,
    missing: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            delimiter: b',',
            headers: true,
            missing: MISSING.map(String::from).to_vec(),
        }
    }
}

impl Options {
    /// Sets the separator between values; a comma by default.
    ///
    /// # Panics
    /// Panics when it is not an ASCII character, or is a quote or a line break.
    pub fn delimiter(mut self, delimiter: char) -> Self {
        assert!(
            delimiter.is_ascii() && !matches!(delimiter, '"' | '\n' | '\r'),
            "a delimiter must be an ASCII character other than a quote or a line break, found {delimiter:?}"
        );
        self.delimiter = delimiter as u8;
        self
    }

    /// Sets whether the first line contains the names of the columns. Enabled by default.
    pub fn headers(mut self, headers: bool) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the texts that count as missing values, in addition to empty values. The default is that of
    /// pandas: `NA`, `NaN`, `null` and so on.
    pub fn missing<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        self.missing = vec![String::new()];
        self.missing.extend(texts.into_iter().map(Into::into));
        self
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The same as [`Table::read`].
    pub fn read(self, path: impl AsRef<Path>) -> Result<Table> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        self.table(&bytes, Some(path))
    }

    /// Reads a string.
    ///
    /// # Errors
    /// The same as [`Table::read`].
    pub fn parse(self, text: impl AsRef<[u8]>) -> Result<Table> {
        self.table(text.as_ref(), None)
    }

    fn table(self, bytes: &[u8], path: Option<&Path>) -> Result<Table> {
        let parsed = parse::rows(bytes, self.delimiter, self.headers);
        let (headers, rows) = parsed.map_err(|fault| refuse(path, fault))?;
        let width = match (&headers, rows.first()) {
            (Some(headers), _) => headers.len(),
            (None, Some(row)) => row.len(),
            (None, None) => 0,
        };
        Ok(Table {
            path: path.map(Path::to_path_buf),
            headers,
            width,
            rows,
            missing: self.missing,
        })
    }
}

/// A column of a table: its header, or its index from 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Column {
    /// Its header.
    Name(String),
    /// Its index.
    Number(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Column {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

/// One or several columns of a table.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name columns",
    label = "expected a header, a number, or a list of them",
    note = "columns are named by their headers, `\"age\"`, or by their numbers from 0; several by `[\"age\", \"income\"]` or `0..3`"
)]
pub trait ColumnList {
    /// The columns, in order.
    fn list(self) -> Vec<Column>;
}

macro_rules! lists {
    ($(<$($parameter:ident),* $(const $n:ident)?> $list:ty: $this:ident => $columns:expr;)+) => {$(
        impl<$($parameter: Into<Column>,)* $(const $n: usize)?> ColumnList for $list {
            fn list(self) -> Vec<Column> {
                let $this = self;
                $columns
            }
        }
    )+};
}
lists! {
    <> &str: name => vec![name.into()];
    <> String: name => vec![name.into()];
    <> usize: number => vec![number.into()];
    <> Column: column => vec![column];
    <C const N> [C; N]: list => list.into_iter().map(Into::into).collect();
    <C> Vec<C>: list => list.into_iter().map(Into::into).collect();
    <> &[&str]: list => list.iter().map(|name| (*name).into()).collect();
    <> &[String]: list => list.iter().map(|name| name.clone().into()).collect();
    <> std::ops::Range<usize>: range => range.map(Into::into).collect();
    <> std::ops::RangeInclusive<usize>: range => range.map(Into::into).collect();
}

fn refuse(path: Option<&Path>, fault: CsvFault) -> Error {
    DataError::Csv {
        path: path.map(Path::to_path_buf),
        fault,
    }
    .into()
}

/// The name of a type without its path.
fn type_name<T>() -> &'static str {
    let name = core::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests;
