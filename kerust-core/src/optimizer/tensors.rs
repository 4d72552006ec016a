//! The trainable tensors of a model, and their ranges in its weights and in its gradient.

use crate::constraint::Constraint;
use crate::layer::Layout;
use crate::model::{Setting, Term};
use crate::regularizer::Regularizer;
use std::ops::Range;

/// A trainable tensor.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Trainable {
    /// Its path: `features.conv2d.kernel`.
    pub(crate) name: String,
    /// Its range in the weights.
    pub(crate) weights: Range<usize>,
    /// The index of its first value in the gradient. The gradient does not contain layers that are frozen in
    /// the declaration.
    pub(crate) gradient: usize,
    pub(crate) sizes: &'static [usize],
    pub(crate) regularizer: Option<Regularizer>,
    pub(crate) constraint: Option<Constraint>,
}

impl Trainable {
    /// Its range in the gradient.
    pub(crate) fn in_gradient(&self) -> Range<usize> {
        self.gradient..self.gradient + self.weights.len()
    }
}

/// Whether weight decay applies, for each tensor. It does not if the tensor's path contains one of the
/// excluded names.
///
/// # Panics
/// Panics when a name occurs in no path.
pub(super) fn decays(tensors: &[Trainable], excluded: &[String]) -> Vec<bool> {
    let has = |tensor: &Trainable, name: &str| {
        let path = format!(".{}.", tensor.name);
        path.contains(&format!(".{name}."))
    };
    for name in excluded {
        if !tensors.iter().any(|tensor| has(tensor, name)) {
            let paths: Vec<_> = tensors.iter().map(|tensor| &*tensor.name).collect();
            panic!(
                "`exclude_from_weight_decay` has `{name}`, expected a name or a path of the tensors that train: {}",
                paths.join(", ")
            );
        }
    }
    let excludes = |tensor: &Trainable| excluded.iter().any(|name| has(tensor, name));
    tensors.iter().map(|tensor| !excludes(tensor)).collect()
}

/// The trainable tensors of a model, in order.
pub(crate) fn trainable(layout: &Layout, settings: &[Setting]) -> Vec<Trainable> {
    let mut walk = Walk::default();
    let said: Vec<Said<'_>> = settings
        .iter()
        .map(|setting| (setting.path, setting))
        .collect();
    walk.layout(layout, &said, true);
    walk.tensors
}

/// The range of a layer in the gradient of its model, by the layer's path.
pub(crate) fn gradient_range(
    layout: &Layout,
    settings: &[Setting],
    path: &str,
) -> Option<Range<usize>> {
    let mut walk = Walk {
        wanted: Some(path),
        ..Walk::default()
    };
    let said: Vec<Said<'_>> = settings
        .iter()
        .map(|setting| (setting.path, setting))
        .collect();
    walk.layout(layout, &said, true);
    walk.found
}

/// A setting, with the rest of its path.
type Said<'a> = (&'a str, &'a Setting);

#[derive(Default)]
struct Walk<'a> {
    tensors: Vec<Trainable>,
    /// The path to the current part.
    path: String,
    weights: usize,
    gradient: usize,
    /// The rest of the path that is searched.
    wanted: Option<&'a str>,
    found: Option<Range<usize>>,
}

impl Walk<'_> {
    fn layout(&mut self, layout: &Layout, said: &[Said<'_>], moved: bool) {
        match layout {
            Layout::Tensor(_, sizes) => self.tensor(layout.len(), sizes, said, moved),
            Layout::Parts(parts) => {
                let wanted = self.wanted;
                for part in *parts {
                    let before = self.gradient;
                    let above = self.path.len();
                    if above > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(part.name);
                    self.wanted = wanted.and_then(|path| below(path, part.name));
                    let inner = inner(said, part.name);
                    let weights = self.weights;
                    if is_frozen(&inner) {
                        self.weights += part.layout.len();
                    } else {
                        self.layout(&part.layout, &inner, moved && part.trainable);
                    }
                    debug_assert_eq!(self.weights, weights + part.layout.len());
                    if self.wanted == Some("") {
                        self.found = Some(before..self.gradient);
                    }
                    self.path.truncate(above);
                }
                self.wanted = wanted;
            }
        }
    }

    fn tensor(&mut self, len: usize, sizes: &'static [usize], said: &[Said<'_>], moved: bool) {
        if moved && len > 0 {
            let term = |of: &dyn Fn(&Term) -> bool| {
                let terms = said.iter().filter(|(rest, _)| rest.is_empty());
                terms.map(|(_, setting)| setting.term).find(of)
            };
            self.tensors.push(Trainable {
                name: self.path.clone(),
                weights: self.weights..self.weights + len,
                gradient: self.gradient,
                sizes,
                regularizer: match term(&|term| matches!(term, Term::Regularizer(_))) {
                    Some(Term::Regularizer(regularizer)) => Some(regularizer),
                    _ => None,
                },
                constraint: match term(&|term| matches!(term, Term::Constraint(_))) {
                    Some(Term::Constraint(constraint)) => Some(constraint),
                    _ => None,
                },
            });
        }
        self.weights += len;
        self.gradient += len;
    }
}

/// The settings of the part `name`, with the rest of each path. Includes the inner settings if this part is a
/// model.
fn inner<'a>(said: &[Said<'a>], name: &str) -> Vec<Said<'a>> {
    let mut inner: Vec<Said<'a>> = Vec::new();
    for (path, setting) in said {
        let Some(rest) = below(path, name) else {
            continue;
        };
        match setting.term {
            Term::Within(settings) if rest.is_empty() => {
                inner.extend(settings.iter().map(|setting| (setting.path, setting)));
            }
            _ => inner.push((rest, setting)),
        }
    }
    inner
}

fn is_frozen(said: &[Said<'_>]) -> bool {
    let mut frozen = said.iter();
    frozen.any(|(rest, setting)| rest.is_empty() && setting.term == Term::Frozen)
}

/// The rest of a path after its first name, if that is `name`.
fn below<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(name)?;
    match rest.strip_prefix('.') {
        Some(rest) => Some(rest),
        None => rest.is_empty().then_some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Dtype;
    use crate::layer::Part;

    const fn part(name: &'static str, trainable: bool, layout: Layout) -> Part {
        Part {
            name,
            offset: 0,
            trainable,
            layout,
        }
    }

    const LAYOUT: Layout = Layout::Parts(&[
        part("a", true, DENSE),
        part("block", true, BLOCK),
        part("b", true, DENSE),
    ]);
    const BLOCK: Layout = Layout::Parts(&[part("a", true, DENSE), part("norm", true, NORM)]);
    const DENSE: Layout = Layout::Parts(&[
        part("kernel", true, Layout::Tensor(Dtype::F32, &[2, 3])),
        part("bias", true, Layout::Tensor(Dtype::F32, &[3])),
    ]);
    const NORM: Layout = Layout::Parts(&[
        part("gamma", true, Layout::Tensor(Dtype::F32, &[3])),
        part("mean", false, Layout::Tensor(Dtype::F32, &[3])),
    ]);
    const L2: Regularizer = Regularizer::l2(0.5);

    fn places(settings: &[Setting]) -> Vec<(usize, usize)> {
        let tensors = trainable(&LAYOUT, settings).into_iter();
        tensors.map(|it| (it.weights.start, it.gradient)).collect()
    }

    #[test]
    fn state_has_a_place_in_the_gradient() {
        let expected = [
            (0, 0),
            (6, 6),
            (9, 9),
            (15, 15),
            (18, 18),
            (24, 24),
            (30, 30),
        ];
        assert_eq!(places(&[]), expected);
    }

    #[test]
    fn frozen_tensors_are_left_out() {
        const WITHIN: &[Setting] = &[Setting {
            path: "a",
            term: Term::Frozen,
        }];
        let settings = [
            Setting {
                path: "a",
                term: Term::Frozen,
            },
            Setting {
                path: "block",
                term: Term::Within(WITHIN),
            },
            Setting {
                path: "b.kernel",
                term: Term::Regularizer(L2),
            },
        ];
        assert_eq!(places(&settings), [(18, 0), (24, 6), (30, 12)]);
        let tensors = trainable(&LAYOUT, &settings);
        let regularizers: Vec<_> = tensors.iter().map(|tensor| tensor.regularizer).collect();
        assert_eq!(regularizers, [None, Some(L2), None]);
        let names: Vec<_> = tensors.iter().map(|tensor| &*tensor.name).collect();
        assert_eq!(names, ["block.norm.gamma", "b.kernel", "b.bias"]);
    }

    #[test]
    fn a_name_or_a_path_excludes_from_the_decay() {
        let tensors = trainable(&LAYOUT, &[]);
        let decays = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| String::from(*name)).collect();
            let decays = decays(&tensors, &names).into_iter();
            decays.map(u8::from).collect::<Vec<_>>()
        };
        assert_eq!(decays(&[]), [1; 7]);
        assert_eq!(decays(&["bias"]), [1, 0, 1, 0, 1, 1, 0]);
        assert_eq!(decays(&["block", "b.kernel"]), [1, 1, 0, 0, 0, 0, 1]);
    }

    #[test]
    #[should_panic(expected = "`exclude_from_weight_decay` has `bia`, expected a name or a path")]
    fn a_name_of_nothing_is_refused() {
        decays(&trainable(&LAYOUT, &[]), &["bia".into()]);
    }

    #[test]
    fn a_path_names_a_part_of_the_gradient() {
        let range = |path| gradient_range(&LAYOUT, &[], path);
        assert_eq!(range("a"), Some(0..9));
        assert_eq!(range("block"), Some(9..24));
        assert_eq!(range("block.norm"), Some(18..24));
        assert_eq!(range("b.bias"), Some(30..33));
        assert_eq!(range("blo"), None);
        assert_eq!(range("block.b"), None);
    }
}
