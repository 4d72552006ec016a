//! The computations of nodes, with sizes at run time.

use crate::plan::{Edge, Node, Plan, Role};
use kerust_core::activation::Activation;
use kerust_core::gradient::Gradient;
use kerust_core::kernels::{self, BatchNorm, Epilogue};
use kerust_core::layer::{BackwardInPlace, Forward, Fuse, InPlace, Operation, Pass};
use kerust_core::layers;
use kerust_core::rng::LayerStep;
use proc_macro2::{TokenStream, TokenTree};

const EPSILON: f32 = 0.1;

pub enum Kernel {
    View,
    Merge(Box<dyn Merge>),
    Random(Box<dyn Random>),
    Rescaling(layers::Rescaling),
    Activation(layers::Activation),
    Dense {
        sizes: [usize; 2],
        activation: Activation,
    },
    BatchNormalization(usize, Activation),
    LayerNormalization(usize),
}

/// The buffers of a backward pass; like `layer::Pass`, for any number of inputs.
pub struct Back<'a> {
    pub x: &'a [&'a [f32]],
    pub y: &'a [f32],
    pub saved: &'a mut [f32],
    pub dy: &'a mut [f32],
    pub dx: &'a mut [Option<&'a mut [f32]>],
    pub accumulate: bool,
}

/// A merge layer with any number of inputs.
pub trait Merge {
    fn forward(&self, x: &[&[f32]], y: &mut [f32]);
    fn backward(&self, back: Back<'_>);
}

/// A merge layer with `N` inputs.
struct Joined<L, const N: usize>(L);

impl<const N: usize, L: Operation<(), [f32; N]>> Merge for Joined<L, N> {
    fn forward(&self, x: &[&[f32]], y: &mut [f32]) {
        self.0
            .forward(&(), x.try_into().expect("as many inputs"), y, ());
    }

    fn backward(&self, back: Back<'_>) {
        let mut dx = back.dx.iter_mut();
        let pass = Pass {
            x: back.x.try_into().expect("as many inputs"),
            y: back.y,
            saved: (),
            dy: back.dy,
            dx: std::array::from_fn(|_| dx.next().and_then(Option::as_deref_mut)),
            accumulate: false,
        };
        self.0.backward(&(), pass, Gradient::none());
    }
}

/// A layer that draws random numbers in training.
pub trait Random {
    fn forward(&self, x: &[f32], y: &mut [f32]);
    fn forward_training(&self, x: &[f32], y: &mut [f32], saved: &mut [f32], step: LayerStep<'_>);
    fn backward(&self, pass: Pass<'_>, saved: &mut [f32]);
}

impl Random for layers::Dropout {
    fn forward(&self, x: &[f32], y: &mut [f32]) {
        Forward::forward(self, &(), x, y, ());
    }

    fn forward_training(&self, x: &[f32], y: &mut [f32], saved: &mut [f32], step: LayerStep<'_>) {
        Operation::forward_training(self, &(), x, y, (), saved, step);
    }

    fn backward(&self, pass: Pass<'_>, saved: &mut [f32]) {
        let pass = Pass {
            x: pass.x,
            y: pass.y,
            saved,
            dy: pass.dy,
            dx: pass.dx,
            accumulate: false,
        };
        Operation::backward(self, &(), pass, Gradient::none());
    }
}

impl Random for layers::GaussianNoise {
    fn forward(&self, x: &[f32], y: &mut [f32]) {
        Forward::forward(self, &(), x, y, ());
    }

    fn forward_training(&self, x: &[f32], y: &mut [f32], _: &mut [f32], step: LayerStep<'_>) {
        Operation::forward_training(self, &(), x, y, (), (), step);
    }

    fn backward(&self, pass: Pass<'_>, _: &mut [f32]) {
        Operation::backward(self, &(), pass, Gradient::none());
    }
}

/// The sizes of the value on an edge.
pub fn dims(plan: &Plan, edge: Edge) -> Vec<usize> {
    let data = match edge {
        Edge::Input(input) => &plan.inputs[input].data,
        Edge::Node(node) => &plan.nodes[node].output,
    };
    data.known_shape().expect("a known shape").dims().to_vec()
}

fn words(tokens: &TokenStream) -> Vec<String> {
    let trees = tokens.clone().into_iter().flat_map(|tree| match tree {
        TokenTree::Group(group) => words(&group.stream()),
        tree => vec![tree.to_string()],
    });
    trees.collect()
}

fn activation(node: &Node) -> Activation {
    let words = words(&node.operation.1);
    let mut all = Activation::NAMES.iter().map(|(_, activation)| *activation);
    all.find(|it| words.contains(&format!("{it:?}")))
        .unwrap_or(Activation::Linear)
}

impl Kernel {
    pub fn of(plan: &Plan, node: &Node) -> Self {
        let x: Vec<_> = node.inputs.iter().map(|edge| dims(plan, *edge)).collect();
        let last = *x[0].last().unwrap();
        let kind = words(&node.operation.0).last().cloned().unwrap_or_default();
        if node.role == Role::Alias {
            return Self::View;
        }
        if node.role == Role::Merge {
            let kind = plan.layers[node.layer].kind.as_str();
            return Self::Merge(match x.len() {
                2 => merge::<2>(kind, activation(node), &x),
                3 => merge::<3>(kind, activation(node), &x),
                _ => merge::<4>(kind, activation(node), &x),
            });
        }
        match kind.as_str() {
            "Activation" => Self::Activation(layers::Activation::new(activation(node), last)),
            "Rescaling" => Self::Rescaling(layers::Rescaling::new(0.7, 0.1)),
            "Dropout" => Self::Random(Box::new(layers::Dropout::new(0.3))),
            "GaussianNoise" => Self::Random(Box::new(layers::GaussianNoise::new(0.1))),
            "BatchNormalization" => Self::BatchNormalization(last, activation(node)),
            "LayerNormalization" => Self::LayerNormalization(last),
            "Dense" => Self::Dense {
                sizes: [last, dims_of(node)],
                activation: activation(node),
            },
            kind => panic!("no kernel for `{kind}`"),
        }
    }

    /// The number of weights, and how many of them have a gradient.
    pub fn weights(&self) -> [usize; 2] {
        match *self {
            Self::Dense { sizes: [n, m], .. } => [(n + 1) * m; 2],
            Self::BatchNormalization(features, _) => [4 * features, 2 * features],
            Self::LayerNormalization(features) => [2 * features; 2],
            _ => [0; 2],
        }
    }

    /// Whether a small step of some value would cross a kink.
    pub fn near_a_kink(&self, name: &str, x: &[&[f32]]) -> bool {
        let close = |a: &[f32], b: &[f32]| {
            let mut pairs = a.iter().zip(b);
            !std::ptr::eq(a, b) && pairs.any(|(a, b)| (a - b).abs() < 0.1)
        };
        ["Maximum", "Minimum"].contains(&name) && x.iter().any(|a| x.iter().any(|b| close(a, b)))
    }

    pub fn forward(&self, w: &[f32], x: &[&[f32]], y: &mut [f32]) {
        match self {
            Self::View => y.copy_from_slice(x[0]),
            Self::Merge(merge) => merge.forward(x, y),
            Self::Random(random) => random.forward(x[0], y),
            Self::Rescaling(layer) => layer.forward(&(), x[0], y, ()),
            Self::Activation(layer) => layer.forward(&(), x[0], y, ()),
            Self::Dense {
                sizes: [n, m],
                activation,
            } => {
                kernels::dense(
                    x[0],
                    &w[..n * m],
                    &w[n * m..],
                    y,
                    [*n, *m],
                    Epilogue::new(*activation),
                );
            }
            Self::BatchNormalization(features, activation) => {
                averaged(w, *features, *activation).forward(x[0], &w[*features..2 * features], y);
            }
            Self::LayerNormalization(features) => {
                let (gamma, beta) = w.split_at(*features);
                kernels::layer_norm(x[0], gamma, beta, EPSILON, y);
            }
        }
    }

    /// The inference of a dense layer, with an epilogue.
    pub fn forward_fused(&self, w: &[f32], x: &[f32], y: &mut [f32], epilogue: Epilogue<'_>) {
        let Self::Dense { sizes, activation } = self else {
            panic!("no layer that takes an epilogue");
        };
        assert_eq!(*activation, Activation::Linear, "of the layer itself");
        let [n, m] = *sizes;
        kernels::dense(x, &w[..n * m], &w[n * m..], y, *sizes, epilogue);
    }

    /// The epilogue of a product, extended by this layer.
    pub fn fuse<'l>(
        &self,
        node: &Node,
        w: &[f32],
        before: Epilogue<'l>,
        line: &'l mut [f32],
    ) -> Epilogue<'l> {
        match self {
            Self::BatchNormalization(features, activation) => {
                averaged(w, *features, *activation).epilogue(&w[*features..2 * features], line)
            }
            _ => {
                let add = layers::Add::new().activation(activation(node));
                add.fuse(&(), before, line)
            }
        }
    }

    pub fn forward_in_place(&self, w: &[f32], y: &mut [f32]) {
        match self {
            Self::Rescaling(layer) => layer.forward_in_place(&(), y, (), ()),
            Self::Activation(layer) => layer.forward_in_place(&(), y, (), ()),
            Self::BatchNormalization(features, activation) => {
                averaged(w, *features, *activation)
                    .forward_in_place(&w[*features..2 * features], y);
            }
            Self::LayerNormalization(features) => {
                let (gamma, beta) = w.split_at(*features);
                kernels::layer_norm_in_place(gamma, beta, EPSILON, y);
            }
            _ => panic!("no layer that may overwrite its input"),
        }
    }

    pub fn backward_in_place(&self, y: &[f32], dy: &mut [f32]) {
        let Self::Activation(layer) = self else {
            panic!("no layer that training overwrites");
        };
        layer.backward_in_place(&(), y, dy);
    }

    pub fn forward_training(
        &self,
        w: &[f32],
        x: &[&[f32]],
        y: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        match self {
            Self::Random(layer) => layer.forward_training(x[0], y, saved, step),
            Self::BatchNormalization(features, activation) => {
                let (mean, variance) = saved[..2 * features].split_at_mut(*features);
                kernels::moments(x[0], mean, variance);
                let norm = norm([mean, variance], &w[..*features], *activation);
                norm.forward(x[0], &w[*features..2 * features], y);
            }
            _ => self.forward(w, x, y),
        }
    }

    pub fn backward(&self, w: &[f32], back: Back<'_>, gradient: &mut [f32]) {
        if let Self::Merge(merge) = self {
            return merge.backward(back);
        }
        let Back { x, y, saved, .. } = back;
        let (x, dy, dx) = (x[0], back.dy, back.dx[0].as_deref_mut());
        let accumulate = back.accumulate;
        let pass = |dy, dx| Pass {
            x,
            y,
            saved: (),
            dy,
            dx,
            accumulate,
        };
        match self {
            Self::View | Self::Merge(_) => {}
            Self::Random(layer) => layer.backward(pass(dy, dx), saved),
            Self::Rescaling(layer) => layer.backward(&(), pass(dy, dx), Gradient::none()),
            Self::Activation(layer) => layer.backward(&(), pass(dy, dx), Gradient::none()),
            Self::Dense {
                sizes: [n, m],
                activation,
            } => {
                kernels::activation_gradient(*activation, y, dy, *m);
                let (kernel, bias) = gradient.split_at_mut(n * m);
                kernels::dense_weight_gradient(x, dy, kernel, *n, *m, accumulate);
                kernels::column_sums(dy, bias, *m, accumulate);
                if let Some(dx) = dx {
                    kernels::dense_input_gradient(dy, &w[..n * m], dx, *n, *m);
                }
            }
            Self::BatchNormalization(features, activation) => {
                let (mean, variance) = saved[..2 * features].split_at(*features);
                let norm = norm([mean, variance], &w[..*features], *activation);
                let (sums, observed) = gradient.split_at_mut(2 * features);
                let (dgamma, dbeta) = observed.split_at_mut(*features);
                norm.weight_gradient(x, y, dy, [&mut *dgamma, &mut *dbeta]);
                if let Some(dx) = dx {
                    norm.input_gradient(x, dy, [dgamma, dbeta], dx);
                }
                if !accumulate {
                    sums.fill(0.0);
                }
                kernels::sum_into(sums, observed);
            }
            Self::LayerNormalization(features) => {
                let (dgamma, dbeta) = gradient.split_at_mut(*features);
                let gamma = &w[..*features];
                let weights = Some([dgamma, dbeta]);
                kernels::layer_norm_gradient(x, dy, gamma, EPSILON, weights, dx, accumulate);
            }
        }
    }
}

fn dims_of(node: &Node) -> usize {
    node.output.known_shape().expect("a known shape").last()
}

fn merge<const N: usize>(kind: &str, activation: Activation, x: &[Vec<usize>]) -> Box<dyn Merge> {
    match kind {
        "Add" => Box::new(Joined::<_, N>(layers::Add::new().activation(activation))),
        "Subtract" => Box::new(Joined::<_, 2>(layers::Subtract::new())),
        "Multiply" => Box::new(Joined::<_, N>(layers::Multiply::new())),
        "Average" => Box::new(Joined::<_, N>(layers::Average::new())),
        "Maximum" => Box::new(Joined::<_, N>(layers::Maximum::new())),
        "Minimum" => Box::new(Joined::<_, N>(layers::Minimum::new())),
        _ => {
            let runs = std::array::from_fn(|input| *x[input].last().expect("a last axis"));
            Box::new(Joined::<_, N>(layers::Concatenate::<N>::new(runs)))
        }
    }
}

fn norm<'a>(
    [mean, variance]: [&'a [f32]; 2],
    gamma: &'a [f32],
    activation: Activation,
) -> BatchNorm<'a> {
    BatchNorm {
        mean,
        variance,
        gamma,
        epsilon: EPSILON,
        activation,
    }
}

/// The computation in inference, with the moving averages, which are stored after gamma and beta.
fn averaged(w: &[f32], features: usize, activation: Activation) -> BatchNorm<'_> {
    let (mean, variance) = w[2 * features..].split_at(features);
    norm([mean, variance], &w[..features], activation)
}
