//! Comparisons of attention with Keras, and between its variants.

use super::*;
use crate::kernels::golden::cases;

/// The tolerance of values and gradients, relative where they exceed 1.
const TOLERANCE: f32 = 2e-6;

#[test]
fn attention_equals_keras() {
    for case in cases("attention_") {
        let [query, key, value] = ["query", "key", "value"].map(|name| case.values(name));
        let [samples, queries, heads, key_width] = case.shape("query")[..] else {
            panic!("{}: four axes", case.name)
        };
        let of = Attention {
            heads,
            key_width,
            value_width: case.shape("value")[3],
            queries,
            keys: case.shape("key")[1],
            scale: 1.0 / (key_width as f32).sqrt(),
            causal: case.flag("causal"),
            zeroes: true,
        };
        let masks = ["query_mask", "key_mask", "mask"].map(|name| case.mask(name));
        let masks = AttentionMasks {
            query: &masks[0],
            key: &masks[1],
            value: &[],
            pair: &masks[2],
        };
        let dropout = case.values("dropout");
        let values = [&query[..], &key, &value];
        let pass = Pass::new(&of, samples, values, masks, &dropout, &case.values("dy"));
        case.check("y", &pass.y, TOLERANCE);
        case.check("d_query", &pass.gradients[0], TOLERANCE);
        case.check("d_key", &pass.gradients[1], TOLERANCE);
        case.check("d_value", &pass.gradients[2], TOLERANCE);
        if dropout.is_empty() {
            let mut y = vec![f32::NAN; pass.y.len()];
            of.forward(values, masks, &mut y, &mut vec![0.0; of.scratch_len()]);
            assert!(
                bits(&y) == bits(&pass.y),
                "{}: inference and training",
                case.name
            );
        }
    }
}

#[test]
fn a_batch_gives_the_bits_of_its_samples_on_any_number_of_threads() {
    use rand::RngExt;
    let of = Attention {
        heads: 3,
        key_width: 17,
        value_width: 5,
        queries: 33,
        keys: 37,
        scale: 0.25,
        causal: true,
        zeroes: true,
    };
    const SAMPLES: usize = 9;
    let mut rng = crate::rng::Seed(7).rng();
    let mut random = |len: usize| -> Vec<f32> {
        (0..SAMPLES * len)
            .map(|_| rng.random_range(-1.0f32..1.0))
            .collect()
    };
    let lens = [33 * 3 * 17, 37 * 3 * 17, 37 * 3 * 5, 33 * 3 * 5];
    let [query, key, value, dy] = lens.map(&mut random);
    let mask: Vec<u8> = random(37).iter().map(|x| u8::from(*x > -0.3)).collect();
    let pass = |samples: core::ops::Range<usize>| {
        let part = |values, len: usize| -> &[f32] {
            let values: &Vec<f32> = values;
            &values[samples.start * len..samples.end * len]
        };
        let masks = AttentionMasks {
            value: &mask[samples.start * 37..samples.end * 37],
            ..AttentionMasks::default()
        };
        let values = [
            part(&query, lens[0]),
            part(&key, lens[1]),
            part(&value, lens[2]),
        ];
        let dy = part(&dy, lens[3]);
        let pass = Pass::new(&of, samples.len(), values, masks, &[], dy);
        let [dquery, dkey, dvalue] = &pass.gradients;
        [&pass.y, dquery, dkey, dvalue].map(|values| bits(values))
    };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().expect("threads").install(|| pass(0..SAMPLES))
    };
    let one = on(1);
    assert!([2, 3].iter().all(|threads| on(*threads) == one));
    let mut alone = [const { vec![] }; 4];
    for sample in 0..SAMPLES {
        let parts = alone.iter_mut().zip(pass(sample..sample + 1));
        parts.for_each(|(all, part)| all.extend(part));
    }
    assert!(alone == one);
}

#[test]
fn gradients_that_are_not_asked_for_are_left_out() {
    let of = Attention {
        heads: 1,
        key_width: 2,
        value_width: 1,
        queries: 2,
        keys: 3,
        scale: 1.0,
        causal: false,
        zeroes: true,
    };
    let values = [&[0.1, 0.2, -0.3, 0.4][..], &[0.5; 6], &[1.0, 2.0, 3.0]];
    let masks = AttentionMasks::default();
    let pass = Pass::new(&of, 1, values, masks, &[], &[1.0, -1.0]);
    let mut dvalue = [f32::NAN; 3];
    let gradients = AttentionGradients {
        query: None,
        key: None,
        value: Some(&mut dvalue),
    };
    let scratch = &mut [0.0; 6];
    of.backward(values, &[], &pass.saved, &[1.0, -1.0], gradients, scratch);
    assert_eq!(bits(&dvalue), bits(&pass.gradients[2]));
}

/// The results of a forward and a backward pass.
struct Pass {
    y: Vec<f32>,
    saved: Vec<f32>,
    gradients: [Vec<f32>; 3],
}

impl Pass {
    fn new(
        of: &Attention,
        samples: usize,
        values: [&[f32]; 3],
        masks: AttentionMasks<'_>,
        dropout: &[f32],
        dy: &[f32],
    ) -> Self {
        let mut y = vec![f32::NAN; samples * of.output_len()];
        let mut saved = vec![f32::NAN; samples * of.saved_len()];
        let drops = !dropout.is_empty();
        let mut scratch = vec![f32::NAN; samples * of.training_scratch_len(drops)];
        of.forward_training(values, masks, dropout, &mut y, &mut saved, &mut scratch);
        let mut gradients = values.map(|values| vec![f32::NAN; values.len()]);
        let [query, key, value] = gradients.each_mut().map(|part| Some(&mut part[..]));
        let to = AttentionGradients { query, key, value };
        let mut scratch = vec![f32::NAN; samples * of.backward_scratch_len(drops)];
        of.backward(values, dropout, &saved, dy, to, &mut scratch);
        Self {
            y,
            saved,
            gradients,
        }
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
