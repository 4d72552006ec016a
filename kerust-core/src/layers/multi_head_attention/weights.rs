//! The numbers of the projections.

use crate::layer::{LayerData, weights};

weights! {
    /// A projection to all heads; `BIAS` is `HEADS`, or 0 without a bias.
    pub struct ProjectionWeights<const IN: usize, const HEADS: usize, const WIDTH: usize, const BIAS: usize = HEADS> {
        /// The weight of each input in each value of each head.
        pub kernel: [[[f32; WIDTH]; HEADS]; IN],
        /// What is added to each value of each head.
        pub bias: [[f32; WIDTH]; BIAS],
    }
}

weights! {
    /// The projection from all heads; `BIAS` is `OUT`, or 0 without a bias.
    pub struct OutputProjectionWeights<const HEADS: usize, const WIDTH: usize, const OUT: usize, const BIAS: usize = OUT> {
        /// The weight of each value of each head in each output.
        pub kernel: [[[f32; OUT]; WIDTH]; HEADS],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

weights! {
    /// The numbers of a [`MultiHeadAttention`](super::MultiHeadAttention), in Keras's order. `OUT` is the number of outputs; `BIASES` is
    /// `HEADS` and `OUTPUT_BIAS` is `OUT`, or both 0 without a bias.
    pub struct MultiHeadAttentionWeights<const D: usize, const DK: usize, const DV: usize, const HEADS: usize, const K: usize, const V: usize, const OUT: usize = D, const BIASES: usize = HEADS, const OUTPUT_BIAS: usize = OUT> {
        /// The projection of the queries.
        pub query: ProjectionWeights<D, HEADS, K, BIASES>,
        /// The projection of the keys.
        pub key: ProjectionWeights<DK, HEADS, K, BIASES>,
        /// The projection of the values.
        pub value: ProjectionWeights<DV, HEADS, V, BIASES>,
        /// The projection of what the heads found.
        pub attention_output: OutputProjectionWeights<HEADS, V, OUT, OUTPUT_BIAS>,
    }
}

/// Kernel and bias of the projections: query, key, value, output.
pub trait AttentionArrays: LayerData {
    /// The weights, to be read.
    fn arrays(&self) -> [[&[f32]; 2]; 4];

    /// The weights, to be written.
    fn arrays_mut(&mut self) -> [[&mut [f32]; 2]; 4];
}

impl<
    const D: usize,
    const DK: usize,
    const DV: usize,
    const HEADS: usize,
    const K: usize,
    const V: usize,
    const OUT: usize,
    const BIASES: usize,
    const OUTPUT_BIAS: usize,
> AttentionArrays for MultiHeadAttentionWeights<D, DK, DV, HEADS, K, V, OUT, BIASES, OUTPUT_BIAS>
{
    fn arrays(&self) -> [[&[f32]; 2]; 4] {
        fn of<const IN: usize, const H: usize, const W: usize, const B: usize>(
            of: &ProjectionWeights<IN, H, W, B>,
        ) -> [&[f32]; 2] {
            [
                of.kernel.as_flattened().as_flattened(),
                of.bias.as_flattened(),
            ]
        }
        let output = &self.attention_output;
        [
            of(&self.query),
            of(&self.key),
            of(&self.value),
            [output.kernel.as_flattened().as_flattened(), &output.bias],
        ]
    }

    fn arrays_mut(&mut self) -> [[&mut [f32]; 2]; 4] {
        fn of<const IN: usize, const H: usize, const W: usize, const B: usize>(
            of: &mut ProjectionWeights<IN, H, W, B>,
        ) -> [&mut [f32]; 2] {
            let kernel = of.kernel.as_flattened_mut().as_flattened_mut();
            [kernel, of.bias.as_flattened_mut()]
        }
        let output = &mut self.attention_output;
        let kernel = output.kernel.as_flattened_mut().as_flattened_mut();
        [
            of(&mut self.query),
            of(&mut self.key),
            of(&mut self.value),
            [kernel, &mut output.bias],
        ]
    }
}
