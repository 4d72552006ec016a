//! Custom layers: several inputs, type arguments, and state that training updates.

use kerust::prelude::*;
use std::marker::PhantomData;

/// `y = a · sigmoid(w · b)`, elementwise.
pub struct Gate;

#[derive(LayerData)]
#[repr(C)]
pub struct GateLayer<const N: usize> {
    weight: [f32; N],
}

impl<const N: usize> Build<(Rank1<N>, Rank1<N>)> for Gate {
    type Layer = GateLayer<N>;
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

impl<const N: usize> Layer for GateLayer<N> {
    type Input = (Rank1<N>, Rank1<N>);
    type Output = Rank1<N>;
    const MACS: Option<usize> = Some(2 * N);

    fn init(&mut self, _rng: &mut Rng) {
        self.weight.fill(1.0);
    }

    fn forward(&self, (a, b): (&[f32], &[f32]), y: &mut [f32]) {
        for i in 0..N {
            y[i] = a[i] * sigmoid(self.weight[i] * b[i]);
        }
    }

    fn backward(
        &self,
        (a, b): (&[f32], &[f32]),
        _y: &[f32],
        dy: &[f32],
        (da, db): (&mut [f32], &mut [f32]),
        gradient: &mut Self,
    ) {
        for i in 0..N {
            let gate = sigmoid(self.weight[i] * b[i]);
            let slope = dy[i] * a[i] * gate * (1.0 - gate);
            da[i] = dy[i] * gate;
            db[i] = slope * self.weight[i];
            gradient.weight[i] += slope * b[i];
        }
    }
}

/// The activation of a [`SimpleDense`].
pub trait Ends: Send + Sync + 'static {
    fn value(x: f32) -> f32;
    /// The derivative, computed from the output.
    fn slope(y: f32) -> f32;
}

pub struct Relu;

impl Ends for Relu {
    fn value(x: f32) -> f32 {
        x.max(0.0)
    }

    fn slope(y: f32) -> f32 {
        if y > 0.0 { 1.0 } else { 0.0 }
    }
}

/// Its units and its activation are arguments of the declaration.
pub struct SimpleDense<const UNITS: usize, A>(PhantomData<A>);

#[derive(LayerData)]
#[repr(C)]
pub struct SimpleDenseWeights<const IN: usize, const UNITS: usize> {
    kernel: [[f32; UNITS]; IN],
}

/// The weights, and the activation as a zero-sized type.
#[repr(transparent)]
pub struct SimpleDenseLayer<const IN: usize, const UNITS: usize, A>(
    SimpleDenseWeights<IN, UNITS>,
    PhantomData<A>,
);

// SAFETY: transparent over its weights.
unsafe impl<const IN: usize, const UNITS: usize, A: Ends> kerust::layer::LayerData
    for SimpleDenseLayer<IN, UNITS, A>
{
    const LAYOUT: kerust::layer::Layout =
        <SimpleDenseWeights<IN, UNITS> as kerust::layer::LayerData>::LAYOUT;
}

impl<const IN: usize, const UNITS: usize, A: Ends> Build<Rank1<IN>> for SimpleDense<UNITS, A> {
    type Layer = SimpleDenseLayer<IN, UNITS, A>;
}

impl<const IN: usize, const UNITS: usize, A: Ends> Layer for SimpleDenseLayer<IN, UNITS, A> {
    type Input = Rank1<IN>;
    type Output = Rank1<UNITS>;

    fn init(&mut self, rng: &mut Rng) {
        RandomNormal::default().fill(self.0.kernel.as_flattened_mut(), rng);
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        for (j, y) in y.iter_mut().enumerate() {
            *y = A::value((0..IN).map(|i| x[i] * self.0.kernel[i][j]).sum());
        }
    }

    fn backward(&self, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self) {
        for i in 0..IN {
            dx[i] = 0.0;
            for j in 0..UNITS {
                let d = dy[j] * A::slope(y[j]);
                dx[i] += d * self.0.kernel[i][j];
                gradient.0.kernel[i][j] += d * x[i];
            }
        }
    }
}

/// Subtracts the mean of all inputs seen in training.
pub struct Centre;

#[derive(LayerData)]
#[repr(C)]
pub struct CentreLayer<const N: usize> {
    #[state]
    sum: [f32; N],
    #[state]
    count: [f32; 1],
}

impl<const N: usize> Build<Rank1<N>> for Centre {
    type Layer = CentreLayer<N>;
}

impl<const N: usize> Layer for CentreLayer<N> {
    type Input = Rank1<N>;
    type Output = Rank1<N>;

    fn init(&mut self, _rng: &mut Rng) {}

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        for i in 0..N {
            y[i] = x[i] - self.sum[i] / self.count[0].max(1.0);
        }
    }

    fn backward(&self, x: &[f32], _y: &[f32], dy: &[f32], dx: &mut [f32], observed: &mut Self) {
        dx.copy_from_slice(dy);
        for (sum, x) in observed.sum.iter_mut().zip(x) {
            *sum += x;
        }
        observed.count[0] += 1.0;
    }

    fn update_state(&mut self, observed: &Self) {
        for i in 0..N {
            self.sum[i] += observed.sum[i];
        }
        self.count[0] += observed.count[0];
    }
}

model! {
    pub Gated {
        let a = Input(4);
        let b = Input(4);
        let left = a => Dense(3, tanh);
        let right = b => Dense(3);
        let gated = Gate(left, right);
        gated => SimpleDense::<5, Relu> => Dense(1)
    }
}

model! { pub Centred: Input(2) => Centre => Dense(1) }

#[test]
fn gradients_of_a_layer_of_two_inputs_match_finite_differences() {
    kerust::testing::check_gradients::<GateLayer<3>>(Seed(1)).unwrap();
    kerust::testing::check_gradients::<SimpleDenseLayer<4, 5, Relu>>(Seed(2)).unwrap();
}

#[test]
fn a_layer_of_two_inputs_trains_in_a_graph() {
    assert_eq!(Gated::PARAMS, 2 * (4 * 3 + 3) + 3 + 3 * 5 + 6);
    // The summary names the layer that does not state its multiply-adds.
    assert!(Gated::summary().contains("those of 1 layer that does not state them"));
    let mut rng = Seed(5).rng();
    let data: Dataset<(Rank1<4>, Rank1<4>), Rank1<1>> = Dataset::generate(256, |_| {
        let [a, b] = std::array::from_fn::<[f32; 4], 2, _>(|_| {
            std::array::from_fn(|_| rng.random_range(-1.0..1.0))
        });
        let y = if b[0] > 0.0 { a[0] } else { 0.0 };
        ((a.into(), b.into()), [y].into())
    });
    let mut model = Gated::new(Seed(1)).compile(Adam::new(0.01), MeanSquaredError, ());
    let history = model.fit(&data, Fit::epochs(40).quiet()).unwrap();
    let (first, last) = (history["loss"].first(), history["loss"].last());
    assert!(
        last.unwrap() < &(0.3 * first.unwrap()),
        "{first:?} {last:?}"
    );
}

#[test]
fn training_moves_the_state_of_a_layer_of_ones_own() {
    let data: Dataset<Rank1<2>, Rank1<1>> =
        Dataset::generate(10, |i| ([i as f32, 3.0].into(), [0.0].into()));
    let mut model = Centred::new(Seed(1)).compile(SGD::new(0.001), MeanSquaredError, ());
    model
        .fit(&data, Fit::epochs(2).batch_size(4).quiet())
        .unwrap();
    let centre = &model.model().centre;
    assert_eq!((centre.sum, centre.count), ([90.0, 60.0], [20.0]));
    model.freeze("centre").unwrap();
    model.fit(&data, Fit::epochs(1).quiet()).unwrap();
    assert_eq!(model.model().centre.count, [20.0]);
}
