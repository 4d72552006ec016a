//! Merge layers.

use super::{ChainEnd, Infer};
use crate::ast::{self, ValueKind};
use crate::catalog::Rule;
use crate::diagnostics::Diagnostics;
use crate::plan::{Form, Fusion, Layer, Node, Role, ValueType};
use crate::value::{Size, Term, text};
use kerust_core::element::Dtype;
use kerust_core::shape::{self, Fault, Shape};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};

/// Their names.
pub const NAMES: [&str; 7] = [
    "Add",
    "Subtract",
    "Multiply",
    "Average",
    "Maximum",
    "Minimum",
    "Concatenate",
];

/// Whether it is the name of a merge layer.
pub fn is_merge(name: &Ident) -> bool {
    NAMES.iter().any(|merge| name == merge)
}

/// Reports a merge after an arrow.
pub fn misplaced(ident: &Ident, diagnostics: &mut Diagnostics) {
    let fault = diagnostics.fault(
        ident,
        format!("`{ident}` merges values, and must be at the beginning of a chain"),
    );
    match ident == "Add" {
        true => fault.help("name the values: `let sum = Add(a, b);`, or write `Residual(..)`"),
        false => fault.help(format!("name the values: `let joined = {ident}(a, b);`")),
    };
}

/// The arguments of a merge other than its values.
struct Settings {
    name: Option<Ident>,
    axis: Option<isize>,
    axis_tokens: TokenStream,
}

impl Infer<'_> {
    /// Merges the values that `place` finds by their names.
    pub(super) fn merge(
        &mut self,
        layer: &ast::Layer,
        find: &mut dyn FnMut(&mut Self, &Ident) -> Option<ChainEnd>,
    ) -> ChainEnd {
        let ident = layer.ident().clone();
        let (mut places, mut names) = (Vec::new(), Vec::new());
        let mut sound = true;
        let mut settings = Settings {
            name: None,
            axis: None,
            axis_tokens: layer.tokens.clone(),
        };
        for argument in layer.arguments() {
            let value = &argument.value;
            match (&argument.keyword, &value.kind) {
                (None, ValueKind::Word(name)) => match find(self, name) {
                    Some(place) => {
                        places.push(place);
                        names.push(name.to_token_stream());
                    }
                    None => sound = false,
                },
                (Some(keyword), ValueKind::Word(name)) if keyword == "name" => {
                    settings.name = Some(name.clone());
                }
                (Some(keyword), ValueKind::Integer(axis))
                    if keyword == "axis" && ident == "Concatenate" =>
                {
                    settings.axis = Some(isize::try_from(*axis).unwrap_or(isize::MAX));
                    settings.axis_tokens = value.tokens.clone();
                }
                (_, ValueKind::Faulty) => sound = false,
                _ => {
                    self.no_value(&ident, argument);
                    sound = false;
                }
            }
        }
        if sound && places.len() < 2 {
            let found = places.len();
            let (plural, example) = match names.first() {
                Some(name) => ("", format!("{ident}({name}, other)")),
                None => ("s", format!("{ident}(a, b)")),
            };
            self.diagnostics
                .fault(
                    layer,
                    format!("`{ident}` joins two values or more, found {found} name{plural}"),
                )
                .help(format!("write `{example}`"));
            sound = false;
        }
        if sound
            && ident == "Subtract"
            && let [a, b, c, ..] = names.as_slice()
        {
            self.diagnostics
                .fault(
                    c,
                    format!("`Subtract` takes two values, found {}", names.len()),
                )
                .help(format!(
                    "name their difference, and go on from it: `let rest = Subtract({a}, {b});`"
                ));
            sound = false;
        }
        if !sound {
            let start = ChainEnd::start();
            return start.unknown(&text(&layer.tokens));
        }
        let declared = match settings.axis.filter(|axis| *axis != -1) {
            Some(axis) => format!("{ident}(axis = {axis})"),
            None => ident.to_string(),
        };
        let at = |fault: &Fault| match *fault {
            Fault::Merge { place, .. } => names[place].clone(),
            _ => settings.axis_tokens.clone(),
        };
        let said = text(&layer.tokens);
        self.join(layer, &settings, &places, &at, [&declared, &said])
    }

    /// The sum of a residual's branches.
    pub(super) fn residual(
        &mut self,
        layer: &ast::Layer,
        main: ChainEnd,
        skip: ChainEnd,
    ) -> ChainEnd {
        let ident = layer.ident();
        let add = ast::Layer {
            tokens: layer.tokens.clone(),
            name: ast::Name::Bare(Ident::new("Add", ident.span())),
            arguments: None,
            faulty_arguments: false,
            block: None,
            applied: None,
        };
        let settings = Settings {
            name: None,
            axis: None,
            axis_tokens: TokenStream::new(),
        };
        let at = |_: &Fault| ident.to_token_stream();
        self.join(&add, &settings, &[main, skip], &at, ["Add", "Residual(..)"])
    }

    fn join(
        &mut self,
        layer: &ast::Layer,
        settings: &Settings,
        places: &[ChainEnd],
        at: &dyn Fn(&Fault) -> TokenStream,
        [declared, said]: [&str; 2],
    ) -> ChainEnd {
        let kind = layer.ident().to_string();
        let given = settings.name.as_ref().map(|name| self.repeated(name));
        let name = self.names.name(layer, given.as_ref(), self.diagnostics);
        if places.iter().any(|place| place.data.is_unknown()) {
            return places[0].unknown(said);
        }
        for place in places {
            if !self.takes(layer, Dtype::F32, place) {
                return place.unknown(said);
            }
        }
        let concatenates = kind == "Concatenate";
        let axis = settings.axis.unwrap_or(-1);
        let rule = rule(places, concatenates.then_some(axis));
        let (known, said_first) = (rule.known, said);
        let data = match known {
            Some(Ok(shape)) => ValueType::known(shape),
            _ => match self.judge_at(&name, rule, at, said_first, "") {
                Ok(Some(constant)) => {
                    match self.joined(layer, places, concatenates.then_some(axis), constant) {
                        Some(data) => data,
                        None => return places[0].unknown(said),
                    }
                }
                _ => return places[0].unknown(said),
            },
        };
        let edges: Vec<_> = places.iter().map(|place| place.edge).collect();
        let uses_masks = matches!(kind.as_str(), "Multiply" | "Maximum" | "Minimum");
        let masks: Option<Vec<_>> = places
            .iter()
            .map(|place| Some(place.mask.as_ref()?.edge))
            .collect();
        let masks = masks.filter(|_| uses_masks).unwrap_or_default();
        let operation = match masks.is_empty() {
            true => kind.clone(),
            false => format!("Masked{kind}"),
        };
        let path = Ident::new(&operation, layer.ident().span());
        let path = quote!(::kerust::__private::layers::#path);
        let operation = if concatenates {
            let runs = places.iter().map(|place| run(&place.data, axis));
            let count = Literal::usize_unsuffixed(places.len());
            (quote!(#path<#count>), quote!(#path::new([#(#runs),*])))
        } else {
            match masks.is_empty() {
                true => (path.clone(), quote!(#path::new())),
                false => (path.clone(), path.clone()),
            }
        };
        let inputs = [edges.as_slice(), &masks].concat();
        let groups = [edges.len(), masks.len()];
        let groups = groups.into_iter().filter(|count| *count > 0).collect();
        let edge = self.node(Node {
            operation,
            groups,
            fusion: if kind == "Add" {
                Fusion::Sum
            } else {
                Fusion::None
            },
            takes_activation: kind == "Add",
            forgets_output: kind == "Add",
            ..Node::new(
                name.clone(),
                self.layers.len(),
                inputs,
                data.clone(),
                Role::Merge,
            )
        });
        let node = self.nodes.len() - 1;
        let along_steps = concatenates
            && places[0]
                .data
                .rank()
                .is_some_and(|rank| axis == 1 || axis.unsigned_abs() == rank && axis < 0);
        let mask = self.merged_mask(layer, &name, along_steps, places, &data);
        self.layers.push(Layer {
            tokens: layer.tokens.clone(),
            name,
            kind,
            declared: declared.to_owned(),
            input: places[0].data.clone(),
            output: data.clone(),
            params: Some(0),
            weights: None,
            macs: quote!(0),
            uses: 1,
            training_only: false,
            state: false,
            frozen: false,
            settings: Vec::new(),
            sources: edges,
            mask: None,
            node,
        });
        ChainEnd {
            mask,
            ..ChainEnd::new(edge, data, said.to_owned())
        }
    }

    /// The shape of merged values, checked by rustc.
    fn joined(
        &mut self,
        layer: &ast::Layer,
        places: &[ChainEnd],
        axis: Option<isize>,
        constant: TokenStream,
    ) -> Option<ValueType> {
        let mut forms = places.iter().map(|place| &place.data.form);
        let sizes = forms.find_map(|form| match form {
            Form::Sizes(sizes) => Some(sizes.clone()),
            _ => None,
        });
        let form = match (sizes, axis) {
            (Some(sizes), None) => Form::Sizes(sizes),
            (None, None) => places[0].data.form.clone(),
            (Some(mut sizes), Some(axis)) => {
                let shape = Shape::new(&vec![1; sizes.len()]);
                let along = shape::axis_of(shape, axis)?;
                let along_tokens = Literal::usize_unsuffixed(along);
                let nameable = self.generics.is_empty();
                sizes[along] = Size::expression(quote!(#constant.extent(#along_tokens)), nameable);
                Form::Sizes(sizes)
            }
            (None, Some(_)) => {
                self.diagnostics
                    .fault(layer.ident(), "`Concatenate` of custom layers")
                    .note("their number of dimensions is known to rustc only")
                    .help("add a built-in layer after one of them: `=> Reshape(32)`");
                return None;
            }
        };
        Some(ValueType {
            constant: Some(constant),
            ..ValueType::float(form)
        })
    }

    fn no_value(&mut self, ident: &Ident, argument: &ast::Argument) {
        let found = text(&argument.value.tokens);
        let concatenates = ident == "Concatenate";
        match &argument.keyword {
            Some(keyword) if concatenates && keyword == "axis" => self
                .diagnostics
                .fault(
                    &argument.value.tokens,
                    format!("`axis` takes a whole number, found `{found}`"),
                )
                .help("write `axis = -1`"),
            Some(keyword) => {
                let takes = if concatenates {
                    "`axis` and `name`"
                } else {
                    "`name`"
                };
                self.diagnostics
                    .fault(keyword, format!("`{ident}` has no argument `{keyword}`"))
                    .help(format!("in addition to values it takes {takes}"))
            }
            None => self
                .diagnostics
                .fault(
                    &argument.value.tokens,
                    format!("`{ident}` joins values by their names, found `{found}`"),
                )
                .help(format!("name it before: `let y = .. => {found};`")),
        };
    }
}

/// The shape rule over all values.
fn rule(places: &[ChainEnd], axis: Option<isize>) -> Rule {
    let shapes: Option<Vec<Shape>> = places.iter().map(|place| place.data.known()).collect();
    let known = shapes.map(|shapes| match axis {
        None => shape::merge(&shapes),
        Some(axis) => shape::concatenate(&shapes, axis),
    });
    let shapes = places.iter().map(|place| place.data.shape());
    let tokens = match axis {
        None => quote!(::kerust::__private::shape::merge(&[#(#shapes),*])),
        Some(axis) => {
            let axis = Literal::isize_unsuffixed(axis);
            quote!(::kerust::__private::shape::concatenate(&[#(#shapes),*], #axis))
        }
    };
    Rule { known, tokens }
}

/// The number of values per index of the axes before `axis`.
fn run(data: &ValueType, axis: isize) -> TokenStream {
    if let Some(shape) = data.known_shape() {
        let along = shape::axis_of(shape, axis).unwrap_or(0);
        return Size::known(shape.run(along)).tokens();
    }
    let shape = data.shape();
    if let Some(along) = usize::try_from(axis)
        .ok()
        .and_then(|axis| axis.checked_sub(1))
    {
        let along = Literal::usize_unsuffixed(along);
        return quote!(#shape.run(#along));
    }
    let back = Literal::usize_unsuffixed(axis.unsigned_abs());
    quote!(#shape.run(#shape.rank() - #back))
}
