//! 8-bit twins of models.

use kerust::prelude::*;

model! {
    #[int8]
    pub Small: Input(4) => Dense(8, relu) => Dense(3, softmax)
}

#[test]
fn a_twin_takes_a_quarter_of_the_weights_and_agrees() {
    let net = Small::new(Seed(1));
    let samples = Dataset::<Rank1<4>, Class<3>>::generate(200, |i| {
        let x = [0, 1, 2, 3].map(|k| ((i * 7 + k * 3) % 11) as f32 / 11.0);
        (x.into(), Class::new(i % 3))
    });
    let (int8, report) = net.quantize(&samples).unwrap();
    println!("{report}");
    assert!(report.agreement().unwrap() > 0.95);
    println!("{}", SmallInt8::summary());
    let mut arena = Arena::new();
    for i in 0..20 {
        let x = samples.input(i);
        let y = int8.predict(&x);
        assert_eq!(y, int8.predict_in(&x, &mut arena));
        for (a, b) in y.as_slice().iter().zip(net.predict(&x).as_slice()) {
            assert!((a - b).abs() < 0.05);
        }
    }
}
