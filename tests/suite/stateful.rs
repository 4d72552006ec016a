//! Stepping through a sequence gives the bits of the whole sequence.

use kerust::layer::LayerData as _;
use kerust::model::State;
use kerust::prelude::*;

model! {
    pub Whole:
        Input(12, 3)
        => LSTM(5, return_sequences = true, stateful = true)
        => Dense(4, relu)
        => GRU(3, return_sequences = true, stateful = true)
        => SimpleRNN(2, return_sequences = true, stateful = true)
        => Dense(2, sigmoid)
}
model! {
    pub Three:
        Input(3, 3)
        => LSTM(5, return_sequences = true, stateful = true)
        => Dense(4, relu)
        => GRU(3, return_sequences = true, stateful = true)
        => SimpleRNN(2, return_sequences = true, stateful = true)
        => Dense(2, sigmoid)
}
model! {
    pub One:
        Input(1, 3)
        => LSTM(5, return_sequences = true, stateful = true)
        => Dense(4, relu)
        => GRU(3, return_sequences = true, stateful = true)
        => SimpleRNN(2, return_sequences = true, stateful = true)
        => Dense(2, sigmoid)
}
model! {
    /// The state is asked for too, and a mask leaves out steps.
    pub Words {
        let tokens = Input(2, dtype = token);
        let scale = Input(4);
        let x = tokens => Embedding(9, 3, mask_zero = true);
        let (last, h) = x => GRU(4, return_state = true, stateful = true);
        let y = Multiply(h, scale) => Dense(3);
        (last, y)
    }
}
model! {
    pub AllWords {
        let tokens = Input(6, dtype = token);
        let scale = Input(4);
        let x = tokens => Embedding(9, 3, mask_zero = true);
        let (last, h) = x => GRU(4, return_state = true);
        let y = Multiply(h, scale) => Dense(3);
        (last, y)
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn steps_of_any_length_have_the_bits_of_the_whole_sequence() {
    let whole = Whole::new(Seed(3));
    let (mut three, mut one) = (Three::zeroed(), One::zeroed());
    three.as_mut_slice().copy_from_slice(whole.as_slice());
    one.as_mut_slice().copy_from_slice(whole.as_slice());
    let x: Tensor<Rank2<12, 3>> = Tensor::from_fn(|[t, c]| ((3 * t + c) as f32 * 0.7).sin());
    let expected = whole.predict(&x);
    let mut state = Three::state();
    for round in 0..2 {
        let mut found = Vec::new();
        for chunk in x.as_slice().chunks_exact(9) {
            let mut part = Tensor::<Rank2<3, 3>>::zeroed();
            part.as_mut_slice().copy_from_slice(chunk);
            found.extend_from_slice(three.step(&part, &mut state).as_slice());
        }
        assert_eq!(bits(&found), bits(expected.as_slice()), "round {round}");
        state.reset();
    }
    static STATE: std::sync::Mutex<State<One>> = std::sync::Mutex::new(State::new());
    let mut state = STATE.lock().unwrap();
    let mut found = Vec::new();
    for step in x.as_slice().chunks_exact(3) {
        let mut part = Tensor::<Rank2<1, 3>>::zeroed();
        part.as_mut_slice().copy_from_slice(step);
        found.extend_from_slice(one.step(&part, &mut state).as_slice());
    }
    assert_eq!(bits(&found), bits(expected.as_slice()));
    // Without a reset the state goes on: the same sequence gives something else.
    let part = Tensor::<Rank2<1, 3>>::from_fn(|[_, c]| (c as f32 * 0.7).sin());
    let after = one.step(&part, &mut state);
    assert_ne!(bits(after.as_slice()), bits(&expected.as_slice()[..2]));
    assert_eq!(one.predict(&part).as_slice(), &expected.as_slice()[..2]);
}

#[test]
fn masks_and_named_states_are_those_of_the_whole_sequence() {
    let all = AllWords::new(Seed(4));
    let mut net = Words::zeroed();
    net.as_mut_slice().copy_from_slice(all.as_slice());
    let tokens = [3, 0, 0, 5, 7, 0];
    let scale = Tensor::from([1.0, -2.0, 0.5, 3.0]);
    let (last, y) = all.predict(&(Tokens::from(tokens), scale));
    let mut state = Words::state();
    let mut found = None;
    for pair in tokens.chunks_exact(2) {
        let pair = Tokens::from([pair[0], pair[1]]);
        found = Some(net.step(&(pair, scale), &mut state));
    }
    let (last_step, y_step) = found.unwrap();
    assert_eq!(bits(last_step.as_slice()), bits(last.as_slice()));
    assert_eq!(bits(y_step.as_slice()), bits(y.as_slice()));
}
