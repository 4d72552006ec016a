//! Ast to plan: each layer behind the shape before it.

mod names;

use crate::arguments::Arguments;
use crate::ast;
use crate::catalog::{After, Before, INPUT, Macs, ROWS, Row, Rule, Spec};
use crate::plan::{Constant, Data, Edge, Form, Head, Layer, Node, Plan, Role, constant};
use crate::report::{Report, nearest};
use crate::value::{Size, Term, text};
use crate::words::{ACTIVATIONS, SEPARATE};
use kerust_core::shape::{Fault, MAX_RANK, Shape};
use names::Names;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

/// Understands a model. What is wrong is reported; the plan is then good for a stub only.
pub fn plan(model: &ast::Model, report: &mut Report) -> Plan {
    let generics = model.generic_names();
    let name = &model.header.name;
    let infer = Infer {
        owner: if generics.is_empty() {
            quote!(#name)
        } else {
            quote!(Self)
        },
        names: Names::default(),
        generics,
        nodes: Vec::new(),
        layers: Vec::new(),
        constants: Vec::new(),
        report,
    };
    infer.chain(&model.chain)
}

struct Infer<'a> {
    /// The type whose constants the expansion names.
    owner: TokenStream,
    generics: Vec<String>,
    names: Names,
    nodes: Vec<Node>,
    layers: Vec<Layer>,
    constants: Vec<Constant>,
    report: &'a mut Report,
}

/// Where a chain has come to.
struct Place {
    edge: Edge,
    data: Data,
    /// The layer there, as a message names it.
    declared: String,
}

impl Infer<'_> {
    fn chain(mut self, chain: &ast::Chain) -> Plan {
        let mut layers = chain.layers.iter().peekable();
        let input = match layers.next_if(|layer| is_input(layer)) {
            Some(layer) => self.input(layer),
            None => {
                let start = chain.layers.first().map(|layer| layer.ident().clone());
                let end = Ident::new("end", chain.end);
                let fault = match start {
                    Some(first) => self.report.fault(
                        &first,
                        format!("a model begins with `Input`, found `{first}`"),
                    ),
                    None => self
                        .report
                        .fault(end, "the model has no layers, expected `Input(..)`"),
                };
                fault.help("write the sizes of one sample first: `Input(28, 28, 1) => ..`");
                Place {
                    edge: Edge::Input(0),
                    data: Data::unknown(),
                    declared: "Input".to_owned(),
                }
            }
        };
        if layers.peek().is_none()
            && let Some(only) = chain.layers.first()
        {
            self.report
                .fault(only, "the model has no layers behind `Input`")
                .help(format!(
                    "add one: `{} => Dense(10, softmax)`",
                    input.declared
                ));
        }
        let data = input.data.clone();
        let mut place = input;
        let mut head = ("Linear", Span::call_site());
        while let Some(layer) = layers.next() {
            if is_input(layer) {
                self.report
                    .fault(
                        layer,
                        "found a second `Input`, expected one, at the beginning",
                    )
                    .help("remove it: each layer takes the shape of the one before it");
                continue;
            }
            let last = layers.peek().is_none();
            let (next, activation) = self.layer(layer, &place, last);
            place = next;
            head = activation.unwrap_or(head);
        }
        self.nameable(&place.data, chain.layers.last());
        Plan {
            input: data,
            nodes: self.nodes,
            layers: self.layers,
            constants: self.constants,
            head: Head {
                from: place.edge,
                activation: Ident::new(head.0, head.1),
                data: place.data,
            },
        }
    }

    fn input(&mut self, layer: &ast::Layer) -> Place {
        let generics = self.generics.clone();
        let bound = Arguments::bind(layer, INPUT, &generics, self.report);
        let declared = text(&layer.tokens);
        let mut data = Data::unknown();
        if let Some(arguments) = bound {
            let sizes: Vec<Size> = arguments.sizes("shape").into_iter().flatten().collect();
            if sizes.len() > MAX_RANK {
                self.report
                    .fault(
                        layer,
                        format!("`Input` of {} sizes, expected 1 to 4", sizes.len()),
                    )
                    .help("write the sizes of one sample; the batch is not one of them");
            } else {
                data = Data {
                    form: Form::Sizes(sizes),
                    constant: None,
                };
                let shape = data.shape();
                let rule = Rule {
                    known: data.known().map(kerust_core::shape::input),
                    tokens: quote!(::kerust::shape::input(#shape)),
                };
                let name = Ident::new("input", layer.ident().span());
                let judged = self.judge(&name, rule, &arguments, &declared, "");
                match judged {
                    Ok(None) => {}
                    Ok(Some(constant)) => data.constant = Some(constant),
                    Err(()) => data = Data::unknown(),
                }
            }
        }
        self.nameable(&data, Some(layer));
        Place {
            edge: Edge::Input(0),
            data,
            declared,
        }
    }

    /// Adds a layer; returns the head's activation where it is the last one.
    fn layer(
        &mut self,
        layer: &ast::Layer,
        place: &Place,
        last: bool,
    ) -> (Place, Option<(&'static str, Span)>) {
        let unknown = |declared: String| Place {
            edge: place.edge,
            data: Data::unknown(),
            declared,
        };
        let row = match &layer.name {
            ast::Name::Bare(ident) => {
                let found = ident.to_string();
                let row = ROWS.iter().find(|row| row.name == found);
                let names = ROWS.iter().map(|row| row.name).chain(["Input"]);
                match (row, nearest(&found, names)) {
                    (Some(row), _) => Some(row),
                    (None, Some(near)) => {
                        self.report
                            .fault(ident, format!("unknown layer `{found}`"))
                            .help(format!("did you mean `{near}`?"));
                        return (unknown(found), None);
                    }
                    (None, None) => None,
                }
            }
            ast::Name::Path(..) => None,
        };
        let Some(row) = row else {
            return (self.custom(layer, place), None);
        };
        let generics = self.generics.clone();
        let Some(arguments) = Arguments::bind(layer, row.parameters, &generics, self.report) else {
            self.names.name(layer, None, self.report);
            return (unknown(text(&layer.tokens)), None);
        };
        self.catalogued(row, layer, &arguments, place, last)
    }

    fn catalogued(
        &mut self,
        row: &Row,
        layer: &ast::Layer,
        arguments: &Arguments<'_>,
        place: &Place,
        last: bool,
    ) -> (Place, Option<(&'static str, Span)>) {
        let name = self.names.name(layer, arguments.name.as_ref(), self.report);
        let declared = arguments.declared();
        let before = Before {
            data: &place.data,
            nameable: self.generics.is_empty(),
        };
        let mut spec = (row.infer)(arguments, &before, self.report);
        let rule = spec.rule.take();
        let data = self.after(&name, &spec.after, rule, arguments, place, &declared);

        let mut activation = spec.activation;
        if let Some(("Softmax", span)) = activation {
            self.softmax(&name, &data, span, arguments, &declared);
        }
        let head = if last { activation.take() } else { None };
        let fused =
            activation.filter(|(name, _)| spec.role == Role::Compute && !SEPARATE.contains(name));
        let weights = spec.weights.as_ref().map(|weights| {
            for size in &weights.sizes {
                self.nameable_size(size, layer);
            }
            (weights_path(weights), params(weights))
        });
        let operation = Ident::new(spec.operation.unwrap_or(row.name), arguments.span());
        let mut config = std::mem::take(&mut spec.config);
        if let Some((name, span)) = fused {
            let word = ACTIVATIONS.tokens(name, span);
            config.extend(quote!(.activation(#word)));
            activation = None;
        }
        let kind = layer.ident();
        let number = self.layers.len();
        let mut edge = place.edge;
        if spec.role != Role::Alias || activation.is_none() {
            // The head's own layer is a view; there is nothing left for it to compute.
            let peeled = spec.operation.is_some() && head.is_some();
            let (path, config) = if peeled {
                (quote!(()), quote!(()))
            } else {
                let path = quote!(::kerust::layers::#operation);
                (path.clone(), quote!(#path #config))
            };
            edge = self.node(Node {
                name: name.clone(),
                layer: number,
                inputs: vec![edge],
                output: data.clone(),
                role: spec.role,
                operation: (path, config),
                overwrite: None,
                weights: weights.as_ref().map(|weights| weights.0.clone()),
                saved: spec.saved.clone(),
            });
        }
        if let Some((word, span)) = activation {
            let own = spec.role == Role::Alias;
            let name = if own {
                name.clone()
            } else {
                format_ident!("{}_{}", name, word.to_lowercase(), span = name.span())
            };
            edge = self.elementwise(name, number, edge, &data, word, span);
        }
        self.layers.push(Layer {
            name,
            kind: kind.to_string(),
            declared: declared.clone(),
            input: place.data.clone(),
            output: data.clone(),
            params: weights.as_ref().map_or(Some(0), |weights| weights.1),
            weights: weights.map(|weights| weights.0),
            macs: macs(&spec, &place.data, &data),
            training_only: spec.role == Role::TrainingOnly,
            node: self.nodes.len() - 1,
        });
        (
            Place {
                edge,
                data,
                declared,
            },
            head,
        )
    }

    /// An activation that is a node of its own.
    fn elementwise(
        &mut self,
        name: Ident,
        layer: usize,
        from: Edge,
        data: &Data,
        word: &str,
        span: Span,
    ) -> Edge {
        let (word, features) = (ACTIVATIONS.tokens(word, span), data.last());
        let path = quote!(::kerust::layers::Activation);
        self.node(Node {
            name,
            layer,
            inputs: vec![from],
            output: data.clone(),
            role: Role::Compute,
            operation: (path.clone(), quote!(#path::new(#word, #features))),
            overwrite: Some([word, features]),
            weights: None,
            saved: None,
        })
    }

    /// A layer of the user's own: its shape is known to the type system only.
    fn custom(&mut self, layer: &ast::Layer, place: &Place) -> Place {
        let generics = self.generics.clone();
        let arguments = Arguments::bind(layer, &[], &generics, self.report);
        let given = arguments
            .as_ref()
            .and_then(|arguments| arguments.name.as_ref());
        let name = self.names.name(layer, given, self.report);
        let path = match &layer.name {
            ast::Name::Bare(ident) => quote!(#ident),
            ast::Name::Path(path, _) => path.clone(),
        };
        let declared = text(&path);
        if arguments.is_none() || place.data.is_unknown() {
            return Place {
                edge: place.edge,
                data: Data::unknown(),
                declared,
            };
        }
        self.nameable(&place.data, Some(layer));
        let input = place.data.path();
        let weights = quote!(<#path as ::kerust::layer::Build<#input>>::Layer);
        let shape = quote!(<#weights as ::kerust::layer::Layer>::Output);
        let value = quote!(<#shape as ::kerust::tensor::Shape>::SHAPE);
        let constant = self.constant(constant(&name, "_SHAPE"), value, false);
        let data = Data {
            form: Form::Typed(shape),
            constant: Some(constant),
        };
        let operation = quote!(::kerust::layer::Custom);
        let number = self.layers.len();
        let edge = self.node(Node {
            name: name.clone(),
            layer: number,
            inputs: vec![place.edge],
            output: data.clone(),
            role: Role::Custom,
            operation: (operation.clone(), operation),
            overwrite: None,
            weights: Some(weights.clone()),
            saved: None,
        });
        self.layers.push(Layer {
            name,
            kind: layer.ident().to_string(),
            declared: declared.clone(),
            input: place.data.clone(),
            output: data.clone(),
            params: None,
            weights: Some(weights),
            macs: quote!(0),
            training_only: false,
            node: self.nodes.len() - 1,
        });
        Place {
            edge,
            data,
            declared,
        }
    }

    fn node(&mut self, node: Node) -> Edge {
        self.nodes.push(node);
        Edge::Node(self.nodes.len() - 1)
    }

    /// The shape after a layer: judged here, or by a constant where rustc knows more.
    fn after(
        &mut self,
        name: &Ident,
        after: &After,
        rule: Option<Rule>,
        arguments: &Arguments<'_>,
        place: &Place,
        declared: &str,
    ) -> Data {
        let before = &place.data;
        let mut constant = None;
        if let Some(rule) = rule
            && !before.is_unknown()
        {
            if let Some(Ok(shape)) = rule.known {
                return Data::known(shape);
            }
            match self.judge(name, rule, arguments, declared, &place.declared) {
                Ok(judged) => constant = judged,
                Err(()) => return expected(after),
            }
        }
        match (after, &constant) {
            (After::Same, _) => Data {
                form: before.form.clone(),
                constant: constant.or_else(|| before.constant.clone()),
            },
            (After::Sizes(_), None) => expected(after),
            (After::Sizes(sizes), Some(shape)) => {
                let nameable = self.generics.is_empty();
                let sizes = sizes.iter().enumerate().map(|(axis, size)| {
                    size.clone().unwrap_or_else(|| {
                        Size::expression(
                            {
                                let axis = Literal::usize_unsuffixed(axis);
                                quote!(#shape.extent(#axis))
                            },
                            nameable,
                        )
                    })
                });
                Data {
                    form: Form::Sizes(sizes.collect()),
                    constant,
                }
            }
        }
    }

    /// Applies a rule. Where its terms are not all known, a constant does it: `Ok` with its name.
    fn judge(
        &mut self,
        name: &Ident,
        rule: Rule,
        arguments: &Arguments<'_>,
        declared: &str,
        previous: &str,
    ) -> Result<Option<TokenStream>, ()> {
        match rule.known {
            Some(Ok(_)) => Ok(None),
            Some(Err(fault)) => {
                self.fault(
                    &fault,
                    arguments.tokens(fault.argument()),
                    declared,
                    previous,
                );
                Err(())
            }
            None => {
                let call = rule.tokens;
                let span = name.span();
                let failed = quote::quote_spanned!(span=>
                    ::core::panic!("{}", fault.text(#declared, #previous).as_str())
                );
                let value = quote!(match #call {
                    ::core::result::Result::Ok(shape) => shape,
                    ::core::result::Result::Err(fault) => #failed,
                });
                Ok(Some(self.constant(constant(name, "_SHAPE"), value, true)))
            }
        }
    }

    fn softmax(
        &mut self,
        name: &Ident,
        data: &Data,
        span: Span,
        arguments: &Arguments<'_>,
        declared: &str,
    ) {
        if data.is_unknown() {
            return;
        }
        let shape = data.shape();
        let rule = Rule {
            known: data.known().map(kerust_core::shape::softmax),
            tokens: quote!(::kerust::shape::softmax(#shape)),
        };
        if let Some(Err(fault)) = rule.known {
            self.fault(&fault, Ident::new("softmax", span), declared, "");
        } else if rule.known.is_none() {
            let name = format_ident!("{}_softmax", name, span = span);
            let _ = self.judge(&name, rule, arguments, declared, "");
        }
    }

    fn fault(
        &mut self,
        fault: &Fault,
        tokens: impl quote::ToTokens,
        declared: &str,
        previous: &str,
    ) {
        let message = fault.text(declared, previous);
        self.report.fault(tokens, message.as_str());
    }

    fn constant(&mut self, name: Ident, value: TokenStream, judged: bool) -> TokenStream {
        let owner = &self.owner;
        let path = quote!(#owner::#name);
        self.constants.push(Constant {
            name,
            value,
            judged,
        });
        path
    }

    /// Refuses a shape whose type stable Rust cannot write in a generic model.
    fn nameable(&mut self, data: &Data, at: Option<&ast::Layer>) {
        if let (Form::Sizes(sizes), Some(layer)) = (&data.form, at) {
            for size in sizes {
                if self.nameable_size(size, layer) {
                    return;
                }
            }
        }
    }

    fn nameable_size(&mut self, size: &Size, layer: &ast::Layer) -> bool {
        if size.nameable {
            return false;
        }
        let names = self.generics.join("`, `");
        self.report
            .fault(
                layer,
                format!("a size of `{}` is computed from `{names}`", layer.ident()),
            )
            .note("stable Rust takes a const parameter into a type as it stands, and computes nothing from it")
            .help("write the size as a number, or as a const parameter of its own");
        true
    }
}

fn is_input(layer: &ast::Layer) -> bool {
    layer.ident() == "Input"
}

/// What a layer gives after a fault: its own sizes where they do not depend on what is before it.
fn expected(after: &After) -> Data {
    let After::Sizes(sizes) = after else {
        return Data::unknown();
    };
    let sizes: Option<Vec<usize>> = sizes
        .iter()
        .map(|size| size.as_ref().and_then(|size| size.known))
        .collect();
    match sizes {
        Some(sizes) if !sizes.is_empty() && !sizes.contains(&0) => Data::known(Shape::new(&sizes)),
        _ => Data::unknown(),
    }
}

fn weights_path(weights: &crate::catalog::Weights) -> TokenStream {
    let name = Ident::new(weights.name, Span::call_site());
    let mut sizes: Vec<TokenStream> = weights.sizes.iter().map(Size::argument).collect();
    if !weights.use_bias {
        sizes.push(quote!(0));
    }
    quote!(::kerust::layers::#name<#(#sizes),*>)
}

fn params(weights: &crate::catalog::Weights) -> Option<usize> {
    let sizes: Option<Vec<usize>> = weights.sizes.iter().map(|size| size.known).collect();
    let sizes = sizes?;
    let bias = if weights.use_bias { *sizes.last()? } else { 0 };
    sizes
        .iter()
        .try_fold(1usize, |product, size| product.checked_mul(*size))?
        .checked_add(bias)
}

fn macs(spec: &Spec, input: &Data, output: &Data) -> TokenStream {
    let (from, to) = (input.shape(), output.shape());
    match &spec.macs {
        Macs::None => quote!(0),
        Macs::Dense => match (input.known(), output.known()) {
            (Some(input), Some(output)) => {
                Size::known(kerust_core::shape::dense_macs(input, output)).tokens()
            }
            _ => quote!(::kerust::shape::dense_macs(#from, #to)),
        },
        Macs::Conv2D(window, groups) => {
            let known = || {
                Some(kerust_core::shape::conv2d_macs(
                    input.known()?,
                    output.known()?,
                    window.known()?,
                    groups.known?,
                ))
            };
            match known() {
                Some(macs) => Size::known(macs).tokens(),
                None => {
                    let window = window.tokens();
                    quote!(::kerust::shape::conv2d_macs(#from, #to, #window, #groups))
                }
            }
        }
    }
}
