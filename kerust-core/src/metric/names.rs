//! The names of a model's results.

/// Collects the names of the results, and whether higher is better. Equal names get a number, as in Keras:
/// `precision`, `precision_1`.
///
/// ```
/// use kerust::metric::Names;
///
/// let mut names = Names::default();
/// names.push("precision", Some(true));
/// names.push("precision", Some(true));
/// assert_eq!(names.as_slice(), ["precision", "precision_1"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: Vec<String>,
    higher_is_better: Vec<Option<bool>>,
    head: Option<String>,
    weighted: bool,
}

impl Names {
    /// Appends the name of a result. With several heads it is prefixed with the name of the head.
    ///
    /// `EarlyStopping`, `ModelCheckpoint` and `ReduceLROnPlateau` use `higher_is_better`: `Some(true)` for an
    /// accuracy, `Some(false)` for an error, `None` if neither is better. With `None` these callbacks need a
    /// mode.
    pub fn push(&mut self, name: &str, higher_is_better: Option<bool>) {
        let mut base = self.with_head(name);
        if self.weighted && self.names.contains(&base) {
            base = self.with_head(&format!("weighted_{name}"));
        }
        let mut free = base.clone();
        let mut count = 0;
        while self.names.contains(&free) {
            count += 1;
            free = format!("{base}_{count}");
        }
        self.names.push(free);
        self.higher_is_better.push(higher_is_better);
    }

    /// The names, in order.
    pub fn as_slice(&self) -> &[String] {
        &self.names
    }

    /// Whether a higher value is better, for each name.
    pub fn higher_is_better(&self) -> &[Option<bool>] {
        &self.higher_is_better
    }

    /// Sets the head of the following names.
    pub(crate) fn of_head(&mut self, head: Option<&str>) -> &mut Self {
        self.head = head.map(String::from);
        self
    }

    /// Sets whether the following names are of weighted metrics. They are prefixed with `weighted_` if the
    /// unweighted metric is reported too.
    pub(crate) fn weighted(&mut self, weighted: bool) -> &mut Self {
        self.weighted = weighted;
        self
    }

    fn with_head(&self, name: &str) -> String {
        match &self.head {
            Some(head) => format!("{head}_{name}"),
            None => name.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_counted_as_in_keras() {
        let mut names = Names::default();
        names.push("precision", Some(true));
        names.push("precision", Some(true));
        names.weighted(true).push("precision", Some(true));
        names.of_head(Some("class")).push("precision", None);
        let expected = [
            "precision",
            "precision_1",
            "weighted_precision",
            "class_precision",
        ];
        assert_eq!(names.as_slice(), expected);
        let directions = [Some(true), Some(true), Some(true), None];
        assert_eq!(names.higher_is_better(), directions);
    }
}
