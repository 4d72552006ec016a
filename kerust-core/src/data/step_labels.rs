//! A label for each step of a sequence.

use super::{Binary, Class, Data, Value};
#[cfg(feature = "std")]
use super::{Found, find_not_finite, neighbours};
use crate::element::Elements;

/// Implements [`Data`] for an array of labels: one for each of `STEPS` steps.
macro_rules! steps {
    ($([$($size:ident)?] $label:ty, $number:ty, |$batch:ident, $infinite:ident| $not_finite:expr;)+) => {$(
        impl<$(const $size: usize,)? const STEPS: usize> Elements for [$label; STEPS] {
            type Slices<'a> = &'a [$number];
            type SlicesMut<'a> = &'a mut [$number];
            type Gradients<'a> = ();
            type GradientsOut<'a> = ();
        }

        impl<$(const $size: usize,)? const STEPS: usize> Data for [$label; STEPS] {
            type Value = Self;

            fn view(value: &Self) -> &[$number] {
                bytemuck::cast_slice(value)
            }

            #[cfg(feature = "std")]
            type Column = Vec<$number>;
            #[cfg(feature = "std")]
            type Batch = Vec<$number>;

            #[cfg(feature = "std")]
            const STEPS: usize = STEPS;

            #[cfg(feature = "std")]
            fn push(column: &mut Vec<$number>, value: &Self) {
                column.extend_from_slice(Self::view(value));
            }

            #[cfg(feature = "std")]
            fn read(column: &Vec<$number>, index: usize) -> Box<Self> {
                let mut value: Box<Self> = bytemuck::zeroed_box();
                let numbers = &column[index * STEPS..(index + 1) * STEPS];
                for (label, number) in value.iter_mut().zip(numbers) {
                    *label = <$label>::of_number(*number);
                }
                value
            }

            #[cfg(feature = "std")]
            fn gather<'a>(
                column: &'a Vec<$number>,
                indices: &[usize],
                batch: &'a mut Vec<$number>,
            ) -> &'a [$number] {
                if let Some(values) = neighbours(column, indices, STEPS) {
                    return values;
                }
                batch.clear();
                for index in indices {
                    batch.extend_from_slice(&column[index * STEPS..(index + 1) * STEPS]);
                }
                batch
            }

            #[cfg(feature = "std")]
            fn find_not_finite($batch: &[$number], $infinite: bool) -> Option<Found> {
                $not_finite
            }
        }

        impl<$(const $size: usize,)? const STEPS: usize> Value for [$label; STEPS] {
            type Kind = Self;
        }
    )+};
}
steps! {
    [N] Class<N>, u32, |_batch, _infinite| None;
    [] Binary, f32, |batch, infinite| find_not_finite(batch, STEPS, infinite);
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use crate::data::{Binary, Class, Dataset};
    use crate::rng::Seed;
    use crate::tensor::{Rank1, Tokens};

    #[test]
    fn each_step_keeps_its_label() {
        let data: Dataset<Tokens<3>, [Class<5>; 3]> = Dataset::generate(17, |i| {
            let labels = core::array::from_fn(|step| Class::new((i + step) % 5));
            (Tokens::from([i as u16; 3]), labels)
        });
        for (tokens, labels) in data.shuffle(Seed(1)).iter() {
            let i = usize::from(tokens.as_slice()[0]);
            assert_eq!(labels.map(Class::index), [i % 5, (i + 1) % 5, (i + 2) % 5]);
        }
        let yes =
            data.map(|tokens, labels| (*tokens, labels.map(|it| Binary::from(it.index() > 2))));
        assert!(yes.label(3)[0].is_positive() && !yes.label(0)[2].is_positive());
    }

    #[test]
    fn the_labels_of_a_batch_follow_each_other() {
        use crate::data::Data;
        let column = vec![0, 1, 2, 3, 4, 0];
        let mut batch = Vec::new();
        type Steps = [Class<5>; 2];
        assert_eq!(Steps::gather(&column, &[1, 2], &mut batch), [2, 3, 4, 0]);
        assert_eq!(Steps::gather(&column, &[2, 0], &mut batch), [4, 0, 0, 1]);
        let _: Dataset<Rank1<1>, Steps> =
            Dataset::generate(1, |_| ([0.0].into(), [Class::new(4); 2]));
    }
}
