//! The names of a model's results.

/// Collects the names of results and keeps them apart as Keras does: `precision`, `precision_1`.
#[derive(Clone, Debug)]
pub struct Names {
    names: Vec<String>,
}

impl Names {
    /// Names that begin with `first`.
    pub(crate) fn new(first: &str) -> Self {
        Self {
            names: vec![first.into()],
        }
    }

    /// Appends the name of a result of a head; a weighted metric beside its like is `weighted_..`.
    pub fn push(&mut self, head: Option<&str>, name: &str, weighted: bool) {
        let with_head = |name: &str| match head {
            Some(head) => format!("{head}_{name}"),
            None => name.into(),
        };
        let mut base = with_head(name);
        if weighted && self.names.contains(&base) {
            base = with_head(&format!("weighted_{name}"));
        }
        let mut free = base.clone();
        let mut count = 0;
        while self.names.contains(&free) {
            count += 1;
            free = format!("{base}_{count}");
        }
        self.names.push(free);
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
        let mut names = Names::new("loss");
        names.push(None, "precision", false);
        names.push(None, "precision", false);
        names.push(None, "precision", true);
        names.push(Some("class"), "precision", true);
        let expected = [
            "loss",
            "precision",
            "precision_1",
            "weighted_precision",
            "class_precision",
        ];
        assert_eq!(Vec::from(names), expected);
    }
}
