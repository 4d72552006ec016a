//! Models that only store weights.

use kerust_core::activation::Softmax;
use kerust_core::layer::{LayerData, Layout, Part};
use kerust_core::layers::{Conv2DWeights, DenseWeights};
use kerust_core::memory::Memory;
use kerust_core::model::{Head, LayerInfo, Model};
use kerust_core::shape::Shape;
use kerust_core::tensor::Rank1;

/// A struct of data with non-trainable fields.
macro_rules! data {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),+ } $(state { $($state:ident: $other:ty),+ })?) => {
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            $(pub $field: $type,)+
            $($(pub $state: $other,)+)?
        }

        // SAFETY: `repr(C)`, fields of `f32` arrays in the order of the layout.
        unsafe impl LayerData for $name {
            const LAYOUT: Layout = Layout::Parts(&[
                $(Part {
                    name: stringify!($field),
                    offset: core::mem::offset_of!(Self, $field),
                    trainable: true,
                    layout: <$type>::LAYOUT,
                },)+
                $($(Part {
                    name: stringify!($state),
                    offset: core::mem::offset_of!(Self, $state),
                    trainable: false,
                    layout: <$other>::LAYOUT,
                },)+)?
            ]);
        }
    };
}

/// A model that only stores weights, and the kinds of its layers.
macro_rules! stored_model {
    ($name:ident { $($field:ident: $type:ty = $kind:literal),+ }) => {
        data! { #[doc = "A model."] $name { $($field: $type),+ } }

        impl Model for $name {
            type Input = Rank1<4>;
            type Heads = Head<Softmax, Rank1<2>>;
            type Storage = [u32; 0];
            const NAME: &'static str = stringify!($name);
            const HEADS: &'static [&'static str] = &[];
            const LAYERS: &'static [LayerInfo] = &[$(LayerInfo {
                name: stringify!($field),
                kind: $kind,
                declared: $kind,
                input: Shape::new(&[4]),
                output: Shape::new(&[4]),
                sources: &[],
                params: 0,
                weight_bytes: 0,
                macs: Some(0),
                arena_bytes: 0,
                training_only: false,
            }),+];
            const ARENA_LEN: usize = 0;

            fn logits(&self, _: &[f32], _: &mut Memory<'_>, _: &mut [f32]) {}
        }
    };
}

data! {
    /// The weights of a `BatchNormalization`.
    Normalization { gamma: [f32; 3], beta: [f32; 3] }
    state { moving_mean: [f32; 3], moving_variance: [f32; 3] }
}
data! {
    /// The weights of a `DepthwiseConv2D`.
    Depthwise { kernel: [[[[f32; 1]; 3]; 3]; 3], bias: [f32; 3] }
}
data! {
    /// A model inside another model.
    Block { dense: DenseWeights<4, 4> }
}

stored_model!(Tiny { dense: DenseWeights<4, 3> = "Dense", dense_1: DenseWeights<3, 2> = "Dense" });
stored_model!(Wide { dense: DenseWeights<4, 5> = "Dense", dense_1: DenseWeights<5, 2> = "Dense" });
stored_model!(Short { dense: DenseWeights<4, 3> = "Dense" });
stored_model!(Long {
    dense: DenseWeights<4, 3> = "Dense",
    dense_1: DenseWeights<3, 2> = "Dense",
    dense_2: DenseWeights<2, 2, 0> = "Dense"
});
stored_model!(Unbiased { dense: DenseWeights<4, 3, 0> = "Dense", dense_1: DenseWeights<3, 2> = "Dense" });
stored_model!(Conv {
    stem: Conv2DWeights<3, 3, 2, 3> = "Conv2D",
    batch_normalization: Normalization = "BatchNormalization",
    dropout: () = "Dropout",
    depthwise_conv2d: Depthwise = "DepthwiseConv2D",
    dense: DenseWeights<3, 2, 0> = "Dense"
});
stored_model!(Nested { block: Block = "Block", dense: DenseWeights<4, 2> = "Dense" });
