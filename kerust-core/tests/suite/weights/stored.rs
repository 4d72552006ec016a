//! Models that only store weights.

use kerust_core::activation::Softmax;
use kerust_core::layer::{LayerData, Layout, Part};
use kerust_core::layers::DenseWeights;
use kerust_core::memory::Memory;
use kerust_core::model::{Head, LayerInfo, Model};
use kerust_core::shape::Shape;
use kerust_core::tensor::Rank1;

/// A model of two dense layers, the second without bias, that only stores weights.
macro_rules! stored_model {
    ($name:ident, $units:literal, $activation:literal) => {
        #[repr(C)]
        pub struct $name {
            pub dense: DenseWeights<2, $units>,
            pub dense_1: DenseWeights<$units, 2, 0>,
        }

        // SAFETY: `repr(C)`, fields of `f32` arrays in the order of the layout.
        unsafe impl LayerData for $name {
            const LAYOUT: Layout = Layout::Parts(&[
                Part {
                    name: "dense",
                    offset: core::mem::offset_of!(Self, dense),
                    trainable: true,
                    layout: <DenseWeights<2, $units>>::LAYOUT,
                },
                Part {
                    name: "dense_1",
                    offset: core::mem::offset_of!(Self, dense_1),
                    trainable: true,
                    layout: <DenseWeights<$units, 2, 0>>::LAYOUT,
                },
            ]);
        }

        impl Model for $name {
            type Input = Rank1<2>;
            type Heads = Head<Softmax, Rank1<2>>;
            type Storage = [u32; 0];
            const NAME: &'static str = stringify!($name);
            const HEADS: &'static [&'static str] = &[];
            const LAYERS: &'static [LayerInfo] = &[
                LayerInfo {
                    name: "dense",
                    kind: "Dense",
                    declared: concat!("Dense(", $units, ", ", $activation, ")"),
                    input: Shape::new(&[2]),
                    output: Shape::new(&[$units]),
                    sources: &[],
                    params: 3 * $units,
                    weight_bytes: 12 * $units,
                    macs: Some(2 * $units),
                    arena_bytes: 0,
                    training_only: false,
                },
                LayerInfo {
                    name: "dropout",
                    kind: "Dropout",
                    declared: "Dropout(0.2)",
                    input: Shape::new(&[$units]),
                    output: Shape::new(&[$units]),
                    sources: &[],
                    params: 0,
                    weight_bytes: 0,
                    macs: Some(0),
                    arena_bytes: 0,
                    training_only: true,
                },
            ];
            const ARENA_LEN: usize = 0;

            fn logits(&self, _: &[f32], _: &mut Memory<'_>, _: &mut [f32]) {}
        }
    };
}

stored_model!(Net, 3, "relu");
stored_model!(Tanh, 3, "tanh");
stored_model!(Wide, 4, "relu");
