//! The layers over sequences, (steps, features): one row each, and what it makes of its arguments.

use super::convolutions::{bias, multiplier, times};
use super::rows::{ACTIVATION, PADDING, constraint, initializer, optional, regularizer, required};
use super::values::numbers;
use super::{
    After, Before, Bias, Macs, Masking, Row, Rule, Spec, Weights, initializers, product, rule,
    setting, sum,
};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::plan::{Data, Form, Fusion, Role};
use crate::report::Report;
use crate::value::{Number, Pair, Size, Sliding, Term};
use crate::words::{ACTIVATIONS, PADDINGS_1D};
use kerust_core::shape::{Bounds, Padding, Shape};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

const CAUSAL_PADDING: Parameter = optional("padding", Kind::Word(&PADDINGS_1D));
const POOL: &[Parameter] = &[
    optional("pool_size", Kind::Count),
    optional("strides", Kind::Count),
    PADDING,
];
const RATE: Kind = Kind::Number(Bounds::Share);

/// The layers that are applied to several values, to how many at least and at most, and whether they may stand
/// behind one value too.
pub const OF_SEVERAL: &[(&str, [usize; 2], bool)] = &[
    ("MultiHeadAttention", [2, 3], true),
    ("Attention", [2, 3], false),
    ("AdditiveAttention", [2, 3], false),
    ("Dot", [2, 2], false),
];

/// Every layer over sequences.
pub static ROWS: &[Row] = &[
    Row {
        name: "Conv1D",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Count),
            optional("strides", Kind::Count),
            CAUSAL_PADDING,
            optional("dilation_rate", Kind::Count),
            optional("groups", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
        ],
        infer: conv1d,
    },
    Row {
        name: "DepthwiseConv1D",
        parameters: &[
            required("kernel_size", Kind::Count),
            optional("strides", Kind::Count),
            PADDING,
            optional("depth_multiplier", Kind::Count),
            optional("dilation_rate", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("depthwise_initializer"),
            initializer("bias_initializer"),
            regularizer("depthwise_regularizer"),
            regularizer("bias_regularizer"),
            constraint("depthwise_constraint"),
            constraint("bias_constraint"),
        ],
        infer: depthwise_conv1d,
    },
    Row {
        name: "SeparableConv1D",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Count),
            optional("strides", Kind::Count),
            PADDING,
            optional("dilation_rate", Kind::Count),
            optional("depth_multiplier", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("depthwise_initializer"),
            initializer("pointwise_initializer"),
            initializer("bias_initializer"),
            regularizer("depthwise_regularizer"),
            regularizer("pointwise_regularizer"),
            regularizer("bias_regularizer"),
            constraint("depthwise_constraint"),
            constraint("pointwise_constraint"),
            constraint("bias_constraint"),
        ],
        infer: separable_conv1d,
    },
    Row {
        name: "Conv1DTranspose",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Count),
            optional("strides", Kind::Count),
            PADDING,
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
        ],
        infer: conv1d_transpose,
    },
    Row {
        name: "MaxPooling1D",
        parameters: POOL,
        infer: pooling1d,
    },
    Row {
        name: "AveragePooling1D",
        parameters: POOL,
        infer: pooling1d,
    },
    Row {
        name: "GlobalMaxPooling1D",
        parameters: &[],
        infer: global_pooling1d,
    },
    Row {
        name: "GlobalAveragePooling1D",
        parameters: &[],
        infer: global_average_pooling1d,
    },
    Row {
        name: "ZeroPadding1D",
        parameters: &[optional("padding", Kind::Ends)],
        infer: zero_padding1d,
    },
    Row {
        name: "Cropping1D",
        parameters: &[optional("cropping", Kind::Ends)],
        infer: cropping1d,
    },
    Row {
        name: "UpSampling1D",
        parameters: &[optional("size", Kind::Count)],
        infer: up_sampling1d,
    },
    Row {
        name: "SpatialDropout1D",
        parameters: &[required("rate", RATE)],
        infer: spatial_dropout1d,
    },
    Row {
        name: "RepeatVector",
        parameters: &[required("n", Kind::Count)],
        infer: repeat_vector,
    },
    Row {
        name: "Permute",
        parameters: &[required("dims", Kind::Sizes { open: false })],
        infer: permute,
    },
    Row {
        name: "SimpleRNN",
        parameters: &[
            required("units", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("recurrent_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("recurrent_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("recurrent_constraint"),
            constraint("bias_constraint"),
            optional("dropout", RATE),
            optional("recurrent_dropout", RATE),
            optional("return_sequences", Kind::Flag),
            optional("return_state", Kind::Flag),
            optional("go_backwards", Kind::Flag),
            optional("zero_output_for_mask", Kind::Flag),
        ],
        infer: simple_rnn,
    },
    Row {
        name: "LSTM",
        parameters: &[
            required("units", Kind::Count),
            ACTIVATION,
            optional("recurrent_activation", Kind::Word(&ACTIVATIONS)),
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("recurrent_initializer"),
            initializer("bias_initializer"),
            optional("unit_forget_bias", Kind::Flag),
            regularizer("kernel_regularizer"),
            regularizer("recurrent_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("recurrent_constraint"),
            constraint("bias_constraint"),
            optional("dropout", RATE),
            optional("recurrent_dropout", RATE),
            optional("return_sequences", Kind::Flag),
            optional("return_state", Kind::Flag),
            optional("go_backwards", Kind::Flag),
            optional("zero_output_for_mask", Kind::Flag),
        ],
        infer: lstm,
    },
    Row {
        name: "GRU",
        parameters: &[
            required("units", Kind::Count),
            ACTIVATION,
            optional("recurrent_activation", Kind::Word(&ACTIVATIONS)),
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("recurrent_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("recurrent_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("recurrent_constraint"),
            constraint("bias_constraint"),
            optional("dropout", RATE),
            optional("recurrent_dropout", RATE),
            optional("return_sequences", Kind::Flag),
            optional("return_state", Kind::Flag),
            optional("go_backwards", Kind::Flag),
            optional("zero_output_for_mask", Kind::Flag),
            optional("reset_after", Kind::Flag),
        ],
        infer: gru,
    },
    Row {
        name: "MultiHeadAttention",
        parameters: &[
            required("num_heads", Kind::Count),
            required("key_dim", Kind::Count),
            optional("value_dim", Kind::Count),
            optional("dropout", RATE),
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
            regularizer("kernel_regularizer"),
            regularizer("bias_regularizer"),
            constraint("kernel_constraint"),
            constraint("bias_constraint"),
            optional("use_causal_mask", Kind::Flag),
        ],
        infer: multi_head_attention,
    },
    Row {
        name: "Attention",
        parameters: &[
            optional("dropout", RATE),
            optional("use_causal_mask", Kind::Flag),
        ],
        infer: attention,
    },
    Row {
        name: "AdditiveAttention",
        parameters: &[
            optional("use_scale", Kind::Flag),
            optional("dropout", RATE),
            optional("use_causal_mask", Kind::Flag),
        ],
        infer: additive_attention,
    },
    Row {
        name: "Dot",
        parameters: &[required("axes", Kind::Ends)],
        infer: dot,
    },
    Row {
        name: "PositionEmbedding",
        parameters: &[
            optional("sequence_length", Kind::Count),
            initializer("initializer"),
        ],
        infer: position_embedding,
    },
];

fn conv1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let (filters, kernel) = (arguments.count("filters"), arguments.count("kernel_size"));
    let window = window(arguments, kernel.clone(), Size::known(1));
    let groups = arguments.optional_count("groups").unwrap_or(Size::known(1));
    let input = sequence(before);
    let mut config = quote!(::new(#input, #filters, #kernel));
    config.extend(settings(arguments, &window));
    if groups.known != Some(1) {
        config.extend(quote!(.groups(#groups)));
    }
    config.extend(initializers(arguments));
    let channels = before.data.dim(1, before.nameable);
    let channels = match (channels.known, groups.known) {
        (_, Some(1)) => channels,
        (Some(channels), Some(groups)) => Size::known(channels / groups.max(1)),
        _ => Size::expression(quote!((#channels) / (#groups)), before.nameable),
    };
    Spec {
        rule: rule!(conv1d(before.data, filters, window, groups)),
        after: After::Sizes(vec![None, Some(filters.clone())]),
        config,
        weights: Some(Weights::kernel(
            "Conv1DWeights",
            vec![kernel, channels, filters.clone()],
            bias(arguments, Bias::OfEach(filters)),
        )),
        macs: Macs::Conv2D(Box::new(window), groups),
        fusion: Fusion::Product,
        ..with_activation(arguments)
    }
}

fn depthwise_conv1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let kernel = arguments.count("kernel_size");
    let window = window(arguments, kernel.clone(), Size::known(1));
    let multiplier = multiplier(arguments);
    let input = sequence(before);
    let mut config = quote!(::new(#input, #multiplier, #kernel));
    config.extend(settings(arguments, &window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(1, before.nameable);
    let outputs = times(&channels, &multiplier, before.nameable);
    Spec {
        rule: rule!(depthwise_conv1d(before.data, multiplier, window)),
        after: After::Sizes(vec![None, Some(outputs.clone())]),
        config,
        weights: Some(Weights::kernel(
            "DepthwiseConv1DWeights",
            vec![kernel, channels, multiplier],
            bias(arguments, Bias::Stated(outputs)),
        )),
        macs: Macs::DepthwiseConv2D(Box::new(window)),
        ..with_activation(arguments)
    }
}

fn separable_conv1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let (filters, kernel) = (arguments.count("filters"), arguments.count("kernel_size"));
    let window = window(arguments, kernel.clone(), Size::known(1));
    let multiplier = multiplier(arguments);
    let between = rule!(depthwise_conv1d(before.data, multiplier, window));
    let input = sequence(before);
    let mut config = quote!(::new(#input, #filters, #multiplier, #kernel));
    config.extend(settings(arguments, &window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(1, before.nameable);
    let outputs = times(&channels, &multiplier, before.nameable);
    let depthwise = vec![kernel, channels, multiplier.clone()];
    let pointwise = vec![outputs, filters.clone()];
    let biases = match arguments.flag("use_bias", true) {
        true => filters.clone(),
        false => Size::known(0),
    };
    let kernels = sum(product(&depthwise), product(&pointwise));
    Spec {
        rule: rule!(separable_conv1d(before.data, filters, multiplier, window)),
        after: After::Sizes(vec![None, Some(filters)]),
        config,
        weights: Some(Weights {
            name: "SeparableConv1DWeights",
            params: sum(kernels, biases.known),
            sizes: [depthwise, pointwise, vec![biases]].concat(),
        }),
        macs: Macs::SeparableConv2D(Box::new(window), multiplier),
        saved: between.map(super::convolutions::len_of),
        ..with_activation(arguments)
    }
}

fn conv1d_transpose(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let (filters, kernel) = (arguments.count("filters"), arguments.count("kernel_size"));
    let window = window(arguments, kernel.clone(), Size::known(1));
    let input = sequence(before);
    let mut config = quote!(::new(#input, #filters, #kernel));
    config.extend(settings(arguments, &window));
    config.extend(initializers(arguments));
    let channels = before.data.dim(1, before.nameable);
    // The default of the type's bias is its second size, the outputs.
    let bias = bias(arguments, Bias::OfEach(filters.clone()));
    Spec {
        rule: rule!(conv1d_transpose(before.data, filters, window)),
        after: After::Sizes(vec![None, Some(filters.clone())]),
        config,
        weights: Some(Weights::kernel(
            "Conv1DTransposeWeights",
            vec![kernel, filters, channels],
            bias,
        )),
        macs: Macs::Conv2DTranspose(Box::new(window)),
        ..with_activation(arguments)
    }
}

fn pooling1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let pool = arguments.optional_count("pool_size");
    let pool = pool.unwrap_or(Size::known(2));
    let window = window(arguments, pool.clone(), pool.clone());
    let input = sequence(before);
    let mut config = quote!(::new(#input, #pool));
    config.extend(settings(arguments, &window));
    Spec {
        rule: rule!(pooling1d(before.data, window)),
        after: After::Sizes(vec![None, Some(features(before))]),
        config,
        ..Spec::default()
    }
}

fn global_average_pooling1d(
    arguments: &Arguments<'_>,
    before: &Before<'_>,
    report: &mut Report,
) -> Spec {
    let is_masked = before.masked[0];
    Spec {
        masking: Masking::Uses,
        arguments: is_masked.then(|| quote!(<(f32, u8)>)).unwrap_or_default(),
        ..global_pooling1d(arguments, before, report)
    }
}

fn global_pooling1d(_: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let input = sequence(before);
    Spec {
        rule: rule!(global_pooling1d(before.data)),
        after: After::Sizes(vec![Some(features(before))]),
        config: quote!(::new(#input)),
        ..Spec::default()
    }
}

fn zero_padding1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let padding = arguments.pair("padding").unwrap_or(Pair::square(1));
    let (input, ends) = (sequence(before), padding.tokens());
    Spec {
        rule: rule!(zero_padding1d(before.data, padding)),
        after: After::Sizes(vec![None, Some(features(before))]),
        config: quote!(::new(#input, #ends)),
        ..Spec::default()
    }
}

fn cropping1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let cropping = arguments.pair("cropping").unwrap_or(Pair::square(1));
    let (input, ends) = (sequence(before), cropping.tokens());
    Spec {
        rule: rule!(cropping1d(before.data, cropping)),
        after: After::Sizes(vec![None, Some(features(before))]),
        config: quote!(::new(#input, #ends)),
        ..Spec::default()
    }
}

fn up_sampling1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let size = arguments.optional_count("size").unwrap_or(Size::known(2));
    let input = sequence(before);
    Spec {
        rule: rule!(up_sampling1d(before.data, size)),
        after: After::Sizes(vec![None, Some(features(before))]),
        config: quote!(::new(#input, #size)),
        ..Spec::default()
    }
}

fn spatial_dropout1d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let rate = arguments.number("rate").unwrap_or(Number::known(0.5));
    let (input, rate) = (sequence(before), rate.tokens());
    Spec {
        rule: rule!(sequence(before.data)),
        role: Role::TrainingOnly,
        config: quote!(::new(#input, #rate)),
        saved: Some(before.data.dim(1, true).tokens()),
        ..Spec::default()
    }
}

fn repeat_vector(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let n = arguments.count("n");
    let features = before.data.dim(0, before.nameable);
    Spec {
        rule: rule!(repeat_vector(before.data, n)),
        config: quote!(::new(#features, #n)),
        after: After::Sizes(vec![Some(n), Some(features)]),
        ..Spec::default()
    }
}

fn permute(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let dims: Vec<Size> = arguments.sizes("dims").into_iter().flatten().collect();
    let known: Option<Vec<usize>> = dims.iter().map(|dim| dim.known).collect();
    let known = || Some(kerust_core::shape::permute(before.data.known()?, &known?));
    let shape = before.data.shape();
    let tokens = quote!(::kerust::shape::permute(#shape, &[#(#dims),*]));
    Spec {
        rule: arguments.sound.then(|| Rule {
            known: known(),
            tokens,
        }),
        after: After::Sizes(vec![None; dims.len()]),
        config: quote!(::new(#shape, &[#(#dims),*])),
        ..Spec::default()
    }
}

fn simple_rnn(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let layer = Recurrent::new(arguments, before, 1);
    let biases = Bias::OfEach(layer.units.clone());
    layer.spec("SimpleRNN", "SimpleRNNWeights", biases)
}

fn lstm(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let layer = Recurrent::new(arguments, before, 4);
    let biases = Bias::OfEach(layer.columns());
    layer.spec("LSTM", "LSTMWeights", biases)
}

fn gru(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let layer = Recurrent::new(arguments, before, 3);
    let columns = layer.columns();
    match arguments.flag("reset_after", true) {
        // Two rows, by the type's default.
        true => {
            let rows = times(&columns, &Size::known(2), before.nameable);
            layer.spec("GRU", "GRUWeights", Bias::OfEach(rows))
        }
        false => layer.spec("GRU", "GRUResetBeforeWeights", Bias::OfEach(columns)),
    }
}

/// A recurrent layer, whose gates stand side by side.
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

    /// Columns of the kernels.
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
        let known = self.lens();
        let len = |of: &str, known: Option<usize>| match known {
            Some(known) => Size::known(known).tokens(),
            None => {
                let of = Ident::new(of, Span::call_site());
                quote!((<::kerust::layers::#layer #values> #config).#of())
            }
        };
        let states = match arguments.flag("return_state", false) {
            true => vec![Data::float(Form::Sizes(vec![units.clone()])); self.states()],
            false => Vec::new(),
        };
        let gates = Size::known(*gates);
        Spec {
            rule: rule!(recurrent(before.data, units, gates, sequences)),
            after: After::Sizes(after),
            weights: Some(Weights {
                name: weights,
                sizes,
                params: sum(kernels, biases),
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

    /// How many states the layer has.
    fn states(&self) -> usize {
        // Of the LSTM, h and c.
        if self.gates == 4 { 2 } else { 1 }
    }

    /// The element types of its inputs and outputs, where they are more than a sequence.
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
        let returns = self.arguments.flag("return_state", false);
        let outputs = 1 + if returns { self.states() } else { 0 };
        let outputs = vec![quote!(f32); outputs];
        match (inputs.len(), outputs.len()) {
            (1, 1) => TokenStream::new(),
            (_, 1) => quote!(<(#(#inputs),*)>),
            (1, _) => quote!(<f32, (#(#outputs),*)>),
            _ => quote!(<(#(#inputs),*), (#(#outputs),*)>),
        }
    }

    /// Values of scratch and values saved, as the layer says, where they are known here.
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
        // What overflows is refused by the rule.
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

fn multi_head_attention(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let [heads, key_dim] = ["num_heads", "key_dim"].map(|name| arguments.count(name));
    let value_dim = arguments.optional_count("value_dim");
    let value_dim = value_dim.unwrap_or(key_dim.clone());
    let all: Vec<&Data> = [&[before.data], before.others].concat();
    let value = before.others.first().copied().unwrap_or(before.data);
    let key = before.others.get(1).copied().unwrap_or(value);
    let [query_features, key_features, value_features] =
        [before.data, key, value].map(|data| data.dim(1, before.nameable));
    let [query_input, value_input] = [before.data, value].map(|data| {
        let [steps, features] = [0, 1].map(|axis| data.dim(axis, true));
        quote!([#steps, #features])
    });

    let mut config = quote!(::new(#query_input, #value_input, #heads, #key_dim));
    if before.others.len() > 1 {
        let features = key.dim(1, true);
        config.extend(quote!(.key_features(#features)));
    }
    if arguments.optional_count("value_dim").is_some() {
        config.extend(quote!(.value_dim(#value_dim)));
    }
    if arguments.flag("use_causal_mask", false) {
        config.extend(quote!(.use_causal_mask(true)));
    }
    config.extend(numbers(arguments, &["dropout"]));
    config.extend(initializers(arguments));

    let known: Option<Vec<Shape>> = all.iter().map(|data| data.known()).collect();
    let dims = [&heads, &key_dim, &value_dim].map(|size| size.known);
    let known = known.zip(match dims {
        [Some(heads), Some(key_dim), Some(value_dim)] => Some([heads, key_dim, value_dim]),
        _ => None,
    });
    let shapes = all.iter().map(|data| data.shape());
    let terms = quote!(&[#(#shapes),*], #heads, #key_dim, #value_dim);
    let judged = known.clone().map(|(shapes, [heads, key_dim, value_dim])| {
        kerust_core::shape::multi_head_attention(&shapes, heads, key_dim, value_dim)
    });
    let macs = known.clone().filter(|_| matches!(judged, Some(Ok(_)))).map(
        |(shapes, [heads, key_dim, value_dim])| {
            kerust_core::shape::multi_head_attention_macs(&shapes, heads, key_dim, value_dim)
        },
    );
    let of =
        |features: &Size, width: &Size| product(&[features.clone(), heads.clone(), width.clone()]);
    let kernels = [
        of(&query_features, &key_dim),
        of(&key_features, &key_dim),
        of(&value_features, &value_dim),
        of(&query_features, &value_dim),
    ];
    let one = Size::known(1);
    let biases = match arguments.flag("use_bias", true) {
        true => [
            of(&one, &key_dim),
            of(&one, &key_dim),
            of(&one, &value_dim),
            query_features.known,
        ],
        false => [Some(0); 4],
    };
    let params = kernels.into_iter().chain(biases);
    let params = params.fold(Some(0), sum);
    let mut sizes = vec![
        query_features,
        key_features,
        value_features,
        heads,
        key_dim,
        value_dim,
    ];
    if !arguments.flag("use_bias", true) {
        sizes.extend([Size::known(0), Size::known(0)]);
    }
    let count = Literal::usize_unsuffixed(all.len());
    let inputs = match (before.others, before.masked) {
        ([], [true, ..]) => quote!(<(f32, u8)>),
        ([], _) => TokenStream::new(),
        (_, [query, keys @ ..]) if *query || keys.contains(&true) => {
            let mask = |is: bool| if is { quote!(u8) } else { quote!(()) };
            let [query, key] = [mask(*query), mask(keys.contains(&true))];
            quote!(<([f32; #count], #query, #key)>)
        }
        _ => quote!(<[f32; #count]>),
    };
    let layer = known
        .clone()
        .and_then(|(shapes, [heads, key_dim, value_dim])| {
            let &[query, ..] = shapes.as_slice() else {
                return None;
            };
            let value = *shapes.get(1).unwrap_or(&query);
            let rate = arguments
                .number("dropout")
                .map_or(Some(0.0), |rate| rate.known)?;
            let sound = matches!(judged, Some(Ok(_))) && (0.0..=1.0).contains(&rate);
            let [query, value] = [query, value].map(|shape| [shape.extent(0), shape.extent(1)]);
            sound.then(|| {
                <kerust_core::layers::MultiHeadAttention>::new(query, value, heads, key_dim)
                    .value_dim(value_dim)
                    .dropout(rate)
            })
        });
    let len = |of: &str, known: Option<usize>| {
        if let Some(known) = known {
            return Size::known(known).tokens();
        }
        let of = Ident::new(of, Span::call_site());
        quote!((<::kerust::layers::MultiHeadAttention #inputs> #config).#of())
    };
    Spec {
        masking: Masking::UsesAndKeeps,
        arguments: inputs.clone(),
        rule: Some(Rule {
            known: judged,
            tokens: quote!(::kerust::shape::multi_head_attention(#terms)),
        }),
        after: After::Same,
        weights: Some(Weights {
            name: "MultiHeadAttentionWeights",
            sizes,
            params,
        }),
        macs: Macs::Stated(
            macs,
            quote!(::kerust::shape::multi_head_attention_macs(#terms)),
        ),
        scratch: Some(len("scratch_len", layer.map(|layer| layer.scratch_len()))),
        saved: Some(len("saved_len", layer.map(|layer| layer.saved_len()))),
        config,
        ..Spec::default()
    }
}

fn attention(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    attended(arguments, before, "Attention")
}

fn additive_attention(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let features = before.data.dim(1, before.nameable);
    let scales = match arguments.flag("use_scale", true) {
        true => features,
        false => Size::known(0),
    };
    Spec {
        weights: Some(Weights {
            name: "AdditiveAttentionWeights",
            params: scales.known,
            sizes: vec![scales],
        }),
        ..attended(arguments, before, "AdditiveAttention")
    }
}

/// Attention without projections, by this layer.
fn attended(arguments: &Arguments<'_>, before: &Before<'_>, layer: &str) -> Spec {
    let layer_name = Ident::new(layer, Span::call_site());
    let all: Vec<&Data> = [&[before.data], before.others].concat();
    let value = before.others.first().copied().unwrap_or(before.data);
    let [query_input, value_input] = [before.data, value].map(|data| {
        let [steps, features] = [0, 1].map(|axis| data.dim(axis, true));
        quote!([#steps, #features])
    });
    let mut config = quote!(::new(#query_input, #value_input));
    if arguments.flag("use_causal_mask", false) {
        config.extend(quote!(.use_causal_mask(true)));
    }
    config.extend(numbers(arguments, &["dropout"]));
    let known: Option<Vec<Shape>> = all.iter().map(|data| data.known()).collect();
    let known = known.filter(|shapes| shapes.len() > 1);
    let judged = known.as_deref().map(kerust_core::shape::attention);
    let sound = known.filter(|_| matches!(judged, Some(Ok(_))));
    let shapes = all.iter().map(|data| data.shape());
    let terms = quote!(&[#(#shapes),*]);
    let inputs = Literal::usize_unsuffixed(all.len());
    let len = |of: &str, known: Option<usize>| match known {
        Some(known) => Size::known(known).tokens(),
        None => {
            let of = Ident::new(of, Span::call_site());
            quote!((::kerust::layers::#layer_name::<#inputs> #config).#of())
        }
    };
    let square = sound
        .as_ref()
        .map(|shapes| shapes[0].dim(0) * shapes[1].dim(0));
    // The scores of one query, or of all.
    let keys = match layer {
        "Attention" => sound.as_ref().map(|shapes| shapes[1].dim(0)),
        _ => square,
    };
    let saved = match arguments.number("dropout").map(|rate| rate.known) {
        None => square,
        Some(Some(rate)) => square.map(|len| if rate > 0.0 { 2 * len } else { len }),
        Some(None) => None,
    };
    Spec {
        arguments: quote!(<#inputs>),
        rule: Some(Rule {
            known: judged,
            tokens: quote!(::kerust::shape::attention(#terms)),
        }),
        after: After::Sizes(vec![
            Some(before.data.dim(0, before.nameable)),
            Some(value.dim(1, before.nameable)),
        ]),
        macs: Macs::Stated(
            sound.as_deref().map(kerust_core::shape::attention_macs),
            quote!(::kerust::shape::attention_macs(#terms)),
        ),
        scratch: Some(len("scratch_len", keys)),
        saved: Some(len("saved_len", saved)),
        config,
        ..Spec::default()
    }
}

fn dot(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let axes = arguments.pair("axes").unwrap_or(Pair::square(1));
    let all: Vec<&Data> = [&[before.data], before.others].concat();
    let known: Option<Vec<Shape>> = all.iter().map(|data| data.known()).collect();
    let known = known.filter(|shapes| shapes.len() > 1).zip(axes.known());
    let judged = known
        .as_ref()
        .map(|(shapes, axes)| kerust_core::shape::dot(shapes, *axes));
    let shapes = all.iter().map(|data| data.shape());
    let pair = axes.tokens();
    let terms = quote!(&[#(#shapes),*], #pair);
    let after = match &judged {
        Some(Ok(shape)) => shape
            .dims()
            .iter()
            .map(|size| Some(Size::known(*size)))
            .collect(),
        _ => {
            let ranks = all.iter().map(|data| data.rank().unwrap_or(1));
            let rank = ranks.sum::<usize>().saturating_sub(2).clamp(1, 2);
            vec![None; rank]
        }
    };
    let Pair(first, second) = &axes;
    let sizes = match &known {
        Some((shapes, axes)) => {
            let [m, k, n] = kerust_core::shape::dot_sizes(shapes, *axes).map(Size::known);
            quote!([#m, #k, #n])
        }
        None => quote!(::kerust::shape::dot_sizes(#terms)),
    };
    let macs = known
        .filter(|_| matches!(judged, Some(Ok(_))))
        .map(|(shapes, axes)| kerust_core::shape::dot_macs(&shapes, axes));
    let [first, second] = [first, second].map(|axis| match axis.known {
        Some(axis) => {
            let is_first = axis == 1;
            quote!(#is_first)
        }
        None => quote!((#axis) == 1),
    });
    Spec {
        rule: Some(Rule {
            known: judged,
            tokens: quote!(::kerust::shape::dot(#terms)),
        }),
        after: After::Sizes(after),
        macs: Macs::Stated(macs, quote!(::kerust::shape::dot_macs(#terms))),
        config: quote!(::new(#sizes, [#first, #second])),
        ..Spec::default()
    }
}

fn position_embedding(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let steps = before.data.dim(0, before.nameable);
    let given = arguments.optional_count("sequence_length");
    let length = given.unwrap_or(steps.clone());
    let initializer = setting(arguments, "initializer");
    let features = features(before);
    Spec {
        masking: Masking::Keeps,
        rule: rule!(position_embedding(before.data, length)),
        after: After::Same,
        config: quote!(::new(#steps) #initializer),
        weights: Some(Weights {
            name: "PositionEmbeddingWeights",
            params: product(&[length.clone(), features.clone()]),
            sizes: vec![length, features],
        }),
        in_place: true,
        forgets_output: true,
        ..Spec::default()
    }
}

/// What a layer is that ends in an activation.
fn with_activation(arguments: &Arguments<'_>) -> Spec {
    Spec {
        activation: arguments.word("activation"),
        forgets_output: true,
        takes_activation: true,
        ..Spec::default()
    }
}

/// `[steps, features]`
fn sequence(before: &Before<'_>) -> TokenStream {
    let [steps, features] = [0, 1].map(|axis| before.data.dim(axis, true));
    quote!([#steps, #features])
}

fn features(before: &Before<'_>) -> Size {
    before.data.dim(1, before.nameable)
}

/// A window over steps: that over an image one row high.
fn window(arguments: &Arguments<'_>, size: Size, strides: Size) -> Sliding {
    let count = |name: &str| {
        let given = arguments.has(name).then(|| arguments.optional_count(name));
        given.flatten()
    };
    let row = |size: Size| Pair(Size::known(1), size);
    Sliding {
        size: row(size),
        strides: row(count("strides").unwrap_or(strides)),
        padding: match arguments.word("padding") {
            Some(("Same", _)) => Padding::Same,
            Some(("Causal", _)) => Padding::Causal,
            _ => Padding::Valid,
        },
        dilation: row(count("dilation_rate").unwrap_or(Size::known(1))),
    }
}

/// What differs from the layer's own defaults.
fn settings(arguments: &Arguments<'_>, window: &Sliding) -> TokenStream {
    let mut settings = TokenStream::new();
    if let Some(strides) = arguments.optional_count("strides") {
        settings.extend(quote!(.strides(#strides)));
    }
    if window.padding != Padding::Valid {
        let padding = crate::value::padding(window.padding);
        settings.extend(quote!(.padding(#padding)));
    }
    let Pair(_, dilation) = &window.dilation;
    if dilation.known != Some(1) {
        settings.extend(quote!(.dilation(#dilation)));
    }
    settings
}
