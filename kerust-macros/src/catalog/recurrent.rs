//! Recurrent layers.

use super::convolutions::{bias, times};
use super::steps::{features, sequence};
use super::values::numbers;
use super::{
    After, Before, Bias, Macs, Masking, Rule, Spec, Weights, initializers, product, rule, setting,
    sum,
};
use crate::arguments::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plan::{Form, ValueType};
use crate::value::{Size, Term};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

pub(super) fn simple_rnn(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    _: &mut Diagnostics,
) -> Spec {
    let layer = Recurrent::new(arguments, before, 1);
    let biases = Bias::OfEach(layer.units.clone());
    layer.spec("SimpleRNN", "SimpleRNNWeights", biases)
}

pub(super) fn lstm(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let layer = Recurrent::new(arguments, before, 4);
    let biases = Bias::OfEach(layer.columns());
    layer.spec("LSTM", "LSTMWeights", biases)
}

pub(super) fn gru(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Diagnostics) -> Spec {
    let layer = Recurrent::new(arguments, before, 3);
    let columns = layer.columns();
    match arguments.flag("reset_after", true) {
        // Two rows, as in the default of the type.
        true => {
            let rows = times(&columns, &Size::known(2), before.nameable);
            layer.spec("GRU", "GRUWeights", Bias::OfEach(rows))
        }
        false => layer.spec("GRU", "GRUResetBeforeWeights", Bias::OfEach(columns)),
    }
}

/// A recurrent layer, whose gates are next to each other.
struct Recurrent<'a> {
    arguments: &'a Arguments<'a>,
    before: &'a Before<'a>,
    units: Size,
    gates: usize,
}

impl<'a> Recurrent<'a> {
    fn new(arguments: &'a Arguments<'_>, before: &'a Before<'_>, gates: usize) -> Self {
        Self {
            arguments,
            before,
            units: arguments.count("units"),
            gates,
        }
    }

    /// The number of columns of the kernels.
    fn columns(&self) -> Size {
        let gates = Size::known(self.gates);
        times(&self.units, &gates, self.before.nameable)
    }

    fn spec(&self, layer: &'static str, weights: &'static str, biases: Bias) -> Spec {
        let Self {
            arguments,
            before,
            units,
            gates,
        } = self;
        let sequences = arguments.flag("return_sequences", false);
        let after = match sequences {
            true => vec![
                Some(before.data.dim(0, before.nameable)),
                Some(units.clone()),
            ],
            false => vec![Some(units.clone())],
        };
        let (columns, inputs) = (self.columns(), features(before));
        let kernels = sum(
            product(&[inputs.clone(), columns.clone()]),
            product(&[units.clone(), columns.clone()]),
        );
        let (biases, none) = match bias(arguments, biases) {
            Bias::OfEach(biases) | Bias::Stated(biases) => (biases.known, None),
            Bias::None => (Some(0), Some(Size::known(0))),
        };
        let mut sizes = vec![inputs, units.clone()];
        sizes.extend((*gates > 1).then_some(columns));
        sizes.extend(none);
        let config = self.config();
        let (layer, values) = (Ident::new(layer, Span::call_site()), self.values());
        let states = match self.returns_states() {
            true => vec![ValueType::float(Form::Sizes(vec![units.clone()])); self.states()],
            false => Vec::new(),
        };
        let known = self.lens();
        let len = |of: &str, known: Option<usize>| match known {
            Some(known) => Size::known(known).tokens(),
            None => {
                let of = Ident::new(of, Span::call_site());
                quote!((<::kerust::__private::layers::#layer #values> #config).#of())
            }
        };
        let gates = Size::known(*gates);
        Spec {
            rule: rule!(recurrent(before.data, units, gates, sequences)),
            after: After::Sizes(after),
            weights: Some(Weights {
                name: weights,
                sizes,
                params: sum(kernels, biases),
                ..Weights::default()
            }),
            macs: Macs::Recurrent(units.clone(), gates),
            masking: match sequences {
                true => Masking::UsesAndKeeps,
                false => Masking::Uses,
            },
            states: before.others.len(),
            outputs: states,
            arguments: values.clone(),
            scratch: Some(len("scratch_len", known.map(|lens| lens[0]))),
            saved: Some(len("saved_len", known.map(|lens| lens[1]))),
            config,
            ..Spec::default()
        }
    }

    /// Whether the last states are further outputs: if they are asked for, and in a step that carries them on.
    fn returns_states(&self) -> bool {
        let steps = self.arguments.flag("stateful", false) && !self.before.others.is_empty();
        self.arguments.flag("return_state", false) || steps
    }

    /// The number of states of the layer.
    fn states(&self) -> usize {
        // LSTM has two, h and c.
        if self.gates == 4 { 2 } else { 1 }
    }

    /// The element types of its inputs and outputs, if there are more than a sequence.
    fn values(&self) -> TokenStream {
        let mut inputs = vec![quote!(f32)];
        match self.before.others.len() {
            0 => {}
            1 => inputs.push(quote!(f32)),
            states => {
                let states = Literal::usize_unsuffixed(states);
                inputs.push(quote!([f32; #states]));
            }
        }
        inputs.extend(self.before.masked[0].then(|| quote!(u8)));
        let outputs = 1 + if self.returns_states() {
            self.states()
        } else {
            0
        };
        let outputs = vec![quote!(f32); outputs];
        match (inputs.len(), outputs.len()) {
            (1, 1) => TokenStream::new(),
            (_, 1) => quote!(<(#(#inputs),*)>),
            (1, _) => quote!(<f32, (#(#outputs),*)>),
            _ => quote!(<(#(#inputs),*), (#(#outputs),*)>),
        }
    }

    /// The numbers of scratch and saved values, computed by the layer if its sizes are known.
    fn lens(&self) -> Option<[usize; 2]> {
        use kerust_core::layers::{GRU, LSTM, SimpleRNN};
        let shape = self.before.data.known_shape()?;
        let &[steps, inputs] = shape.dims() else {
            return None;
        };
        let rate = |name: &str| -> Option<f32> {
            let rate = self
                .arguments
                .number(name)
                .map_or(Some(0.0), |rate| rate.known)?;
            (0.0..=1.0).contains(&rate).then_some(rate)
        };
        let (dropout, recurrent) = (rate("dropout")?, rate("recurrent_dropout")?);
        let (input, units) = ([steps, inputs], self.units.known?);
        macro_rules! lens {
            ($layer:ident) => {{
                let layer = <$layer>::new(input, units);
                let layer = layer.dropout(dropout).recurrent_dropout(recurrent);
                [layer.scratch_len(), layer.saved_len()]
            }};
        }
        // The rule reports an overflow.
        let largest = steps
            .checked_mul(inputs.checked_add(units)?)?
            .checked_mul(64)?;
        (largest < usize::MAX >> 8).then(|| match self.gates {
            1 => lens!(SimpleRNN),
            3 => lens!(GRU),
            _ => lens!(LSTM),
        })
    }

    fn config(&self) -> TokenStream {
        let (arguments, units) = (self.arguments, &self.units);
        let input = sequence(self.before);
        let mut config = quote!(::new(#input, #units));
        config.extend(setting(arguments, "activation"));
        for (flag, default) in [
            ("return_sequences", false),
            ("go_backwards", false),
            ("zero_output_for_mask", false),
            ("unit_forget_bias", true),
            ("reset_after", true),
        ] {
            if arguments.has(flag) && arguments.flag(flag, default) != default {
                let method = Ident::new(flag, Span::call_site());
                let value = !default;
                config.extend(quote!(.#method(#value)));
            }
        }
        if arguments.has("recurrent_activation") {
            config.extend(setting(arguments, "recurrent_activation"));
        }
        config.extend(numbers(arguments, &["dropout", "recurrent_dropout"]));
        config.extend(initializers(arguments));
        config
    }
}
