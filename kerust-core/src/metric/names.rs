//! The names of a model's results.

/// Collects the names of results and keeps them apart as Keras does: `precision`, `precision_1`.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: Vec<String>,
    head: Option<String>,
    weighted: bool,
}

impl Names {
    /// Appends the name of a result; with several heads it begins with the head's name.
    pub fn push(&mut self, name: &str) {
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
    }

    /// The names that follow are of this head.
    pub(crate) fn of_head(&mut self, head: Option<&str>) -> &mut Self {
        self.head = head.map(String::from);
        self
    }

    /// Whether the names that follow are of weighted metrics, which beside their like are
    /// `weighted_accuracy`.
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

impl From<Names> for Vec<String> {
    fn from(names: Names) -> Self {
        names.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_counted_as_in_keras() {
        let mut names = Names::default();
        names.push("precision");
        names.push("precision");
        names.weighted(true).push("precision");
        names.of_head(Some("class")).push("precision");
        let expected = [
            "precision",
            "precision_1",
            "weighted_precision",
            "class_precision",
        ];
        assert_eq!(Vec::from(names), expected);
    }
}
