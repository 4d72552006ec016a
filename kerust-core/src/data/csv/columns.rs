//! Samples from the columns of a table.

use super::label::number;
use super::parse::Row;
use super::{Column, ColumnList, CsvFault, Label, Table};
use crate::data::{Dataset, TensorColumn};
use crate::error::Result;
use crate::tensor::StaticShape;

/// The inputs of a data set from columns of a table; see [`Table::columns`]. Errors are reported by
/// [`dataset`](Labelled::dataset).
#[derive(Clone, Debug)]
#[must_use = "`labels(..).dataset()` makes the data set"]
pub struct Columns<'t> {
    table: &'t Table,
    groups: Vec<Group>,
    /// The first error.
    fault: Option<CsvFault>,
}

/// [`Columns`] with labels.
#[derive(Clone, Debug)]
#[must_use = "`dataset()` makes the data set"]
pub struct Labelled<'t> {
    inputs: Columns<'t>,
    labels: Vec<Column>,
    /// The names of the classes, if the labels are names.
    names: Option<Vec<String>>,
}

/// Columns that are read in the same way.
#[derive(Clone, Debug)]
struct Group {
    columns: Vec<Column>,
    /// The categories; none for columns of numbers.
    categories: Option<Vec<String>>,
    missing: Missing,
}

/// The treatment of missing values.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Missing {
    Refused,
    Value(f32),
    Mean,
    Median,
    Dropped,
}

impl<'t> Columns<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self {
            table,
            groups: Vec::new(),
            fault: None,
        }
    }

    /// Adds columns of numbers: headers, indices from 0, or lists of them. Each column is one input value.
    pub fn columns(self, columns: impl ColumnList) -> Self {
        self.group(columns.list(), None)
    }

    /// Adds a one-hot encoded column: one input value for each category, 1 for the category of the row and 0
    /// for the others. Any other text is an error.
    pub fn one_hot<C: Into<String>>(
        mut self,
        column: impl Into<Column>,
        categories: impl IntoIterator<Item = C>,
    ) -> Self {
        let categories: Vec<String> = categories.into_iter().map(Into::into).collect();
        self.check_names("one_hot", &categories);
        self.group(vec![column.into()], Some(categories))
    }

    /// Replaces missing values in the last `columns` by this value.
    pub fn fill_missing(self, value: f32) -> Self {
        self.missing("fill_missing", Missing::Value(value))
    }

    /// Replaces missing values in the last `columns` by the mean of their column, over the whole table.
    pub fn fill_missing_with_mean(self) -> Self {
        self.missing("fill_missing_with_mean", Missing::Mean)
    }

    /// Replaces missing values in the last `columns` by the median of their column, over the whole table.
    pub fn fill_missing_with_median(self) -> Self {
        self.missing("fill_missing_with_median", Missing::Median)
    }

    /// Drops the rows with a missing value in the last `columns` or `one_hot`.
    pub fn drop_missing(self) -> Self {
        self.missing("drop_missing", Missing::Dropped)
    }

    /// Sets the column of the labels, or several columns for labels with several numbers. Classes are
    /// integers from 0; binary labels are 0 and 1.
    pub fn labels(self, columns: impl ColumnList) -> Labelled<'t> {
        Labelled {
            labels: columns.list(),
            names: None,
            inputs: self,
        }
    }

    /// Sets a column of labels that are names, with the names in the order of the class numbers. For binary
    /// labels, give the name of class 0, then that of class 1.
    pub fn class_labels<C: Into<String>>(
        mut self,
        column: impl Into<Column>,
        names: impl IntoIterator<Item = C>,
    ) -> Labelled<'t> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.check_names("class_labels", &names);
        Labelled {
            labels: vec![column.into()],
            names: Some(names),
            inputs: self,
        }
    }

    fn group(mut self, columns: Vec<Column>, categories: Option<Vec<String>>) -> Self {
        self.groups.push(Group {
            columns,
            categories,
            missing: Missing::Refused,
        });
        self
    }

    fn missing(mut self, method: &str, missing: Missing) -> Self {
        match self.groups.last_mut() {
            Some(group) if group.categories.is_some() && missing != Missing::Dropped => {
                let fault = format!(
                    "`.{method}()` follows `one_hot`, expected after the `columns` of numbers that it fills"
                );
                self.fault.get_or_insert(CsvFault::Asked(fault));
            }
            Some(group) => group.missing = missing,
            None => {}
        }
        if let Missing::Value(value) = missing
            && !value.is_finite()
        {
            let fault = format!("`.fill_missing({value})` was asked for, expected a finite number");
            self.fault.get_or_insert(CsvFault::Asked(fault));
        }
        self
    }

    fn check_names(&mut self, method: &str, names: &[String]) {
        let twice = |(place, name): &(usize, &String)| names[..*place].contains(name);
        if let Some((_, name)) = names.iter().enumerate().find(twice) {
            let fault = format!("`{method}` names `{name}` twice, expected each category once");
            self.fault.get_or_insert(CsvFault::Asked(fault));
        }
    }
}

impl Labelled<'_> {
    /// Creates the data set, with one sample for each row.
    ///
    /// # Errors
    /// Returns an error if a column does not exist, a value is missing or invalid, or the number of columns
    /// differs from the number of values in a sample. The error names the line and the column.
    pub fn dataset<X: StaticShape, Y: Label>(&self) -> Result<Dataset<X, Y>> {
        let table = self.inputs.table;
        if let Some(fault) = &self.inputs.fault {
            return Err(table.refuse(fault.clone()));
        }
        let readers = self.readers()?;
        let labels = self.labels.iter().map(|column| table.find(column));
        let labels = labels.collect::<Result<Vec<usize>>>()?;
        let names = readers.iter().flat_map(|reader| reader.names(table));
        self.expect_width("inputs", names.collect(), X::LEN)?;
        let names = labels.iter().map(|column| table.name(*column));
        self.expect_width("labels", names.collect(), Y::LEN)?;
        self.expect_classes::<Y>()?;
        let (mut values, mut targets, mut count) = (Vec::new(), Vec::new(), 0);
        for row in &table.rows {
            if readers.iter().any(|reader| reader.drops(table, row)) {
                continue;
            }
            count += 1;
            for reader in &readers {
                reader.read(table, row, &mut values)?;
            }
            for &column in &labels {
                targets.push(self.label::<Y>(row, column)?);
            }
        }
        if count == 0 {
            return Err(table.refuse(CsvFault::NoRows));
        }
        let class_names = self.names.clone().unwrap_or_default();
        let inputs = TensorColumn::Float(values);
        Ok(Dataset::from_columns(
            inputs,
            Y::column(targets),
            count,
            class_names,
        ))
    }

    fn readers(&self) -> Result<Vec<Reader<'_>>> {
        let table = self.inputs.table;
        let mut readers = Vec::new();
        for group in &self.inputs.groups {
            for column in &group.columns {
                let column = table.find(column)?;
                let fill = match group.missing {
                    Missing::Value(value) => Some(value),
                    Missing::Mean | Missing::Median => fill(table, column, group.missing)?,
                    Missing::Refused | Missing::Dropped => None,
                };
                readers.push(Reader {
                    column,
                    categories: group.categories.as_deref(),
                    drops: group.missing == Missing::Dropped,
                    fill,
                });
            }
        }
        Ok(readers)
    }

    fn expect_width(&self, what: &'static str, found: Vec<String>, expected: usize) -> Result<()> {
        match found.len() == expected {
            true => Ok(()),
            false => Err(self.inputs.table.refuse(CsvFault::Width {
                found,
                expected,
                what,
            })),
        }
    }

    /// Returns an error if the number of names differs from the number of classes.
    fn expect_classes<Y: Label>(&self) -> Result<()> {
        let Some(names) = &self.names else {
            return Ok(());
        };
        let fault = match Y::CLASS_COUNT {
            0 => "`class_labels` names classes, expected labels `Class<N>` or `Binary`".into(),
            classes if classes == names.len() => return Ok(()),
            classes => format!(
                "`class_labels` names {} classes (`{}`), expected {classes} for the labels",
                names.len(),
                names.join("`, `")
            ),
        };
        Err(self.inputs.table.refuse(CsvFault::Asked(fault)))
    }

    fn label<Y: Label>(&self, row: &Row, column: usize) -> Result<f32> {
        let (table, text) = (self.inputs.table, row.get(column));
        let label = match &self.names {
            None => Y::number(text),
            Some(names) => category(names, text).map(|class| class as f32),
        };
        label.map_err(|expected| table.refuse(table.cell(row, column, expected)))
    }
}

/// Reads a column as values.
struct Reader<'a> {
    column: usize,
    categories: Option<&'a [String]>,
    /// Whether rows with a missing value are dropped.
    drops: bool,
    /// The replacement for missing values.
    fill: Option<f32>,
}

impl Reader<'_> {
    /// The names of the values: `age`, or `city=north` for a category.
    fn names(&self, table: &Table) -> Vec<String> {
        let name = table.name(self.column);
        match self.categories {
            None => vec![name],
            Some(categories) => categories
                .iter()
                .map(|one| format!("{name}={one}"))
                .collect(),
        }
    }

    fn drops(&self, table: &Table, row: &Row) -> bool {
        self.drops && self.is_missing(table, row.get(self.column))
    }

    /// A text that is a category does not count as missing.
    fn is_missing(&self, table: &Table, text: &str) -> bool {
        let is_category = self
            .categories
            .is_some_and(|all| all.iter().any(|one| one == text));
        table.is_missing(text) && !is_category
    }

    fn read(&self, table: &Table, row: &Row, values: &mut Vec<f32>) -> Result<()> {
        let text = row.get(self.column);
        let outcome = match (self.categories, self.fill) {
            (Some(categories), _) => category(categories, text).map(|place| {
                let one_hot = |i| f32::from(u8::from(i == place));
                values.extend((0..categories.len()).map(one_hot));
            }),
            (None, Some(fill)) if table.is_missing(text) => {
                values.push(fill);
                Ok(())
            }
            (None, _) => number(text).map(|value| values.push(value)),
        };
        outcome.map_err(|expected| table.refuse(table.cell(row, self.column, expected)))
    }
}

/// The index of a category, or a description of the expected values.
fn category(categories: &[String], text: &str) -> Result<usize, String> {
    let place = categories.iter().position(|category| category == text);
    place.ok_or_else(|| format!("one of `{}`", categories.join("`, `")))
}

/// The replacement for missing values of a column, if it has any.
fn fill(table: &Table, column: usize, by: Missing) -> Result<Option<f32>> {
    let mut numbers = Vec::new();
    for row in &table.rows {
        let text = row.get(column);
        if !table.is_missing(text) {
            let number = number(text);
            numbers
                .push(number.map_err(|expected| table.refuse(table.cell(row, column, expected)))?);
        }
    }
    if numbers.len() == table.rows.len() {
        return Ok(None);
    }
    if numbers.is_empty() {
        let fault = format!(
            "has no value in column `{}` to fill the others with",
            table.name(column)
        );
        return Err(table.refuse(CsvFault::Asked(fault)));
    }
    let sum = |numbers: &[f32]| numbers.iter().map(|number| f64::from(*number)).sum::<f64>();
    let mean = |numbers: &[f32]| (sum(numbers) / numbers.len() as f64) as f32;
    Ok(Some(match by {
        Missing::Median => {
            numbers.sort_by(f32::total_cmp);
            let middle = numbers.len() / 2;
            mean(&numbers[middle - usize::from(numbers.len().is_multiple_of(2))..=middle])
        }
        _ => mean(&numbers),
    }))
}
