use super::*;
use crate::data::{Binary, Class, Dataset};
use crate::tensor::{Rank1, Rank2, Rank3};
use nalgebra::{DMatrix, DVector, SMatrix};

type Rows = Dataset<Rank1<3>, Class<2>>;

const FLAT: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

fn error<X: crate::data::Data, Y: crate::data::Data>(
    x: &impl Arrays<X>,
    y: &impl Arrays<Y>,
) -> String {
    let outcome = Dataset::<X, Y>::from_arrays(x, y);
    outcome.unwrap_err().to_string()
}

#[test]
fn every_kind_of_array_holds_the_same_samples() {
    fn check(x: &impl Arrays<Rank1<3>>) {
        let data = Rows::from_arrays(x, &[1usize, 0]).unwrap();
        assert_eq!(data.len(), 2);
        assert_eq!(data.input(1).as_slice(), &FLAT[3..]);
        assert_eq!(data.label(0).index(), 1);
    }
    check(&FLAT);
    check(&FLAT.as_slice());
    check(&FLAT.to_vec());
    check(&FLAT.map(f64::from));
    check(&FLAT.map(|value| value as u8));
    check(&FLAT.map(|value| value as i64));
    check(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    check(&vec![[1i32, 2, 3], [4, 5, 6]]);
    check(&vec![vec![1.0f64, 2.0, 3.0], vec![4.0, 5.0, 6.0]]);
    check(&[&FLAT[..3], &FLAT[3..]]);
    check(&[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]);
    check(&DMatrix::from_row_slice(2, 3, &FLAT));
    check(&SMatrix::<f32, 2, 3>::from_row_slice(&FLAT));
    check(&DMatrix::from_row_slice(2, 4, &[1.0, 2.0, 3.0, 9.0, 4.0, 5.0, 6.0, 9.0]).columns(0, 3));
    check(&DVector::from_row_slice(&FLAT));
    check(&vec![
        DVector::from_row_slice(&FLAT[..3]),
        DVector::from_row_slice(&FLAT[3..]),
    ]);
    check(&vec![
        Tensor::<Rank1<3>>::from([1.0, 2.0, 3.0]),
        [4.0, 5.0, 6.0].into(),
    ]);
    check(&npy::Array {
        shape: vec![2, 3],
        values: FLAT.to_vec(),
    });
}

#[test]
fn every_kind_of_label_is_read() {
    fn check(y: &impl Arrays<Class<2>>) {
        assert_eq!(Rows::from_arrays(&FLAT, y).unwrap().label(0).index(), 1);
    }
    check(&vec![1u8, 0]);
    check(&[1i64, 0]);
    check(&[1.0f32, 0.0]);
    check(&[[1usize], [0]]);
    check(&[true, false]);
    check(&[Class::<2>::new(1), Class::new(0)]);
    check(&DVector::from_vec(vec![1.0f64, 0.0]));
    let yes: Dataset<Rank1<3>, Binary> = Dataset::from_arrays(&FLAT, &[true, false]).unwrap();
    assert!(yes.label(0).is_positive());
    let yes: Dataset<Rank1<3>, Binary> = Dataset::from_arrays(&FLAT, &[0.0, 1.0]).unwrap();
    assert!(yes.label(1).is_positive());
    let numbers: Dataset<Rank1<3>, Rank1<1>> = Dataset::from_arrays(&FLAT, &[0.5, 1.5]).unwrap();
    assert_eq!(numbers.label(1)[0], 1.5);
}

#[test]
fn pixels_stay_pixels_and_images_need_no_last_axis() {
    let images = vec![[[7u8; 5]; 4]; 3];
    let data = Dataset::<Rank3<4, 5, 1>, Class<3>>::from_arrays(&images, &[0, 1, 2]).unwrap();
    assert_eq!(data.input(2)[[3, 4, 0]], 7.0);
    let data = Dataset::<Rank2<4, 5>, Class<3>>::from_arrays(&vec![[[[1u8]; 5]; 4]; 3], &[0, 1, 2]);
    assert_eq!(data.unwrap().len(), 3);
}

#[test]
fn two_inputs_are_a_tuple_and_tokens_keep_their_type() {
    type Pair = (Rank1<2>, Tensor<Rank1<1>, u16>);
    let (a, b) = ([[1.0f32, 2.0], [3.0, 4.0]], [[7usize], [65_535]]);
    let data = Dataset::<Pair, Class<2>>::from_arrays(&(&a, &b), &[0, 1]).unwrap();
    assert_eq!(data.input(1).1.as_slice(), [65_535]);
    let message = error::<Pair, Class<2>>(&(&a, &[[1usize]; 3]), &[0, 1]);
    assert_eq!(
        message,
        "the inputs hold 3 samples in part 1 of the tuple, expected 2 as in part 0"
    );
    let message = error::<Pair, Class<2>>(&(&a, &[[7i32], [-1]]), &[0, 1]);
    assert_eq!(
        message,
        "the inputs hold -1 at `[1][0]`, expected a number that `U16` can hold"
    );
}

#[test]
fn mismatches_are_reported_with_their_index() {
    let ragged = vec![vec![1.0, 2.0, 3.0], vec![1.0, 2.0]];
    assert_eq!(
        error::<Rank1<3>, Class<2>>(&ragged, &[0, 1]),
        "the inputs are ragged: found 2 values at `[1]`, expected 3 as at `[0]`"
    );
    let deep = vec![vec![vec![1.0], vec![2.0]], vec![vec![3.0], vec![4.0, 5.0]]];
    assert_eq!(
        error::<Rank2<2, 1>, Class<2>>(&deep, &[0, 1]),
        "the inputs are ragged: found 2 values at `[1][1]`, expected 1 as at `[0][0]`"
    );
    assert_eq!(
        error::<Rank1<3>, Class<2>>(&[[1.0; 4]; 2], &[0, 1]),
        "the inputs have the shape (2, 4), expected (_, 3)"
    );
    assert_eq!(
        error::<Rank1<3>, Class<2>>(&[1.0; 7], &[0, 1]),
        "the inputs have the shape (7), expected (_, 3)"
    );
    assert_eq!(
        error::<Rank1<3>, Class<2>>(&FLAT, &[0, 1, 1]),
        "found 2 inputs and 3 labels, expected one label for each input"
    );
    for (label, text) in [(2.0, "2"), (-1.0, "-1"), (0.5, "0.5"), (f64::NAN, "NaN")] {
        assert_eq!(
            error::<Rank1<3>, Class<2>>(&FLAT, &[0.0, label]),
            format!(
                "the labels hold {text} for sample 1, expected a class: a whole number from 0 to 1"
            )
        );
    }
    assert_eq!(
        error::<Rank1<3>, Binary>(&FLAT, &[0, 2]),
        "the labels hold 2 for sample 1, expected 0 or 1 for `Binary`"
    );
    assert_eq!(
        error::<Rank1<3>, Class<2>>(&FLAT, &[[1, 0], [0, 1]]),
        "the labels have the shape (2, 2), expected one number for each sample; a class is one number; \
         rows of zeros with a one are labels `Rank1<N>`, for `CategoricalCrossentropy`"
    );
    assert_eq!(
        error::<Rank1<3>, Class<2>>(&[[1.0, 1e300, 0.0], [0.0; 3]], &[0, 1]),
        "the inputs hold 1e300 at `[0][1]`, too large for `f32`"
    );
}

#[test]
fn nothing_is_no_fault() {
    let none: [[f32; 3]; 0] = [];
    assert!(Rows::from_arrays(&none, &[0usize; 0]).unwrap().is_empty());
    let none: Vec<Vec<f32>> = Vec::new();
    assert!(Rows::from_arrays(&none, &[0usize; 0]).unwrap().is_empty());
}

#[test]
fn classes_become_rows() {
    assert_eq!(
        to_categorical::<3>(&[2, 0]).unwrap(),
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    );
    assert!(to_categorical::<3>(&[3]).is_err());
}
