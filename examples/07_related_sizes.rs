//! A custom layer whose output is twice as long as its input, for any length. typenum checks the relation,
//! because const generics of stable Rust cannot compute `2 * N` in a type.
use kerust::prelude::*;
use std::ops::Add;
use typenum::{Const, ToUInt, U};

/// Concatenated ReLU, `y = (max(x, 0), max(-x, 0))`: Shang et al. (2016). `OUT` is twice the input size.
pub struct CRelu<const OUT: usize>;

/// A [`CRelu`] has no weights.
#[derive(LayerData)]
#[repr(C)]
pub struct CReluLayer<const IN: usize, const OUT: usize> {}

impl<const IN: usize, const OUT: usize> Build<Rank1<IN>> for CRelu<OUT>
where
    // OUT = IN + IN
    Const<IN>: ToUInt<Output: Add<U<IN>, Output = U<OUT>>>,
    Const<OUT>: ToUInt,
{
    type Layer = CReluLayer<IN, OUT>;
}

impl<const IN: usize, const OUT: usize> Layer for CReluLayer<IN, OUT> {
    type Input = Rank1<IN>;
    type Output = Rank1<OUT>;

    fn init(&mut self, _rng: &mut Rng) {}

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        let (positive, negative) = y.split_at_mut(IN);
        for ((x, positive), negative) in x.iter().zip(positive).zip(negative) {
            (*positive, *negative) = (x.max(0.0), (-x).max(0.0));
        }
    }

    fn backward(&self, x: &[f32], _y: &[f32], dy: &[f32], dx: &mut [f32], _gradient: &mut Self) {
        for i in 0..IN {
            dx[i] = if x[i] > 0.0 { dy[i] } else { -dy[IN + i] };
        }
    }
}

model! {
    /// Whether a point is inside a circle.
    pub Circle: Input(2) => Dense(32) => CRelu::<64> => Dense(1, sigmoid)
}

fn main() -> kerust::Result<()> {
    kerust::testing::check_gradients::<CReluLayer<32, 64>>(Seed(1))?;

    let mut rng = Seed(2).rng();
    let data: Dataset<Rank1<2>, Binary> = Dataset::generate(2000, |_| {
        let [x, y] = std::array::from_fn(|_| rng.random_range(-1.0f32..1.0));
        (Tensor::from([x, y]), (x * x + y * y < 0.5).into())
    });
    let (train, test) = data.split(0.8);
    let mut model = Circle::new(Seed(1)).compile(Adam::new(0.01), BinaryCrossentropy, Accuracy);
    model.fit(&train, Fit::epochs(100).quiet())?;
    let report = model.evaluate(&test)?;
    println!("{report}");
    assert!(report["accuracy"] > 0.9);
    Ok(())
}
