use super::*;
use crate::diagnostics::Diagnostics;
use quote::quote;

fn plan(tokens: TokenStream) -> Plan {
    let mut diagnostics = Diagnostics::default();
    let model = crate::parse::model(tokens, &mut diagnostics).expect("a model");
    let plan = crate::infer::plan(&model, &mut diagnostics);
    if let Some(error) = diagnostics.into_error() {
        panic!("{error}");
    }
    plan
}

fn lives(slots: &[Slot]) -> Vec<(&str, usize, usize)> {
    let slots = slots.iter();
    slots
        .map(|slot| (slot.label.as_str(), slot.first, slot.last))
        .collect()
}

#[test]
fn views_take_no_buffer() {
    let plan =
        plan(quote!(Input(4, 4, 2) => Conv2D(3, 3x3) => Flatten => Dropout(0.5) => Dense(2)));
    assert_eq!(lives(&inference(&plan).slots), [("conv2d", 0, 1)]);
}

#[test]
fn an_activation_in_the_middle_overwrites_its_input() {
    let plan = plan(quote!(Input(4) => Dense(8, gelu) => Dense(2)));
    let inference = inference(&plan);
    assert_eq!(lives(&inference.slots), [("dense", 0, 2)]);
    assert_eq!(inference.calls[1].x, [inference.calls[1].y]);
}

#[test]
fn elementwise_layers_overwrite_their_input() {
    let plan = plan(quote!(
        Input(4) => Rescaling(2.0) => Dense(8, tanh) => BatchNormalization
            => ReLU(max_value = 6) => LayerNormalization => Dense(2)));
    assert_eq!(
        lives(&inference(&plan).slots),
        [("rescaling", 0, 1), ("dense", 1, 5)]
    );
}

#[test]
fn an_activation_is_part_of_what_takes_one() {
    let plan = plan(quote! {
        Net {
            let x = Input(4, 4, 4);
            let a = x => Conv2D(4, 1x1) => ReLU => BatchNormalization => Activation(tanh);
            let sum = Add(x, a) => ReLU;
            let read_twice = sum => Conv2D(4, 1x1);
            let activated = read_twice => Activation(sigmoid);
            let first = activated => Conv2D(4, 1x1, name = tower) => ReLU;
            let again = first => tower => ReLU;
            Concatenate(read_twice, again) => Conv2D(2, 1x1)
        }
    });
    let names = |calls: &[Call]| -> Vec<String> {
        let names = calls
            .iter()
            .map(|call| plan.nodes[call.node].name.to_string());
        names.collect()
    };
    let expected = [
        "conv2d",
        "batch_normalization",
        "add",
        "conv2d_1",
        "activation_1",
        "tower",
        "re_lu_2",
        "tower_again",
        "re_lu_3",
        "concatenate",
        "conv2d_2",
    ];
    assert_eq!(names(&training(&plan).forward), expected);
}

#[test]
fn layers_after_a_product_are_fused_into_it() {
    let plan = plan(quote! {
        Net {
            let image = Input(4, 4, 2);
            let skip = image => Conv2D(2, 1x1) => BatchNormalization => ReLU;
            let main = skip
                => Conv2D(3, 1x1) => BatchNormalization => ReLU
                => Conv2D(2, 1x1) => BatchNormalization;
            let sum = Add(main, skip) => ReLU;
            sum => Flatten => Dense(3, tanh) => BatchNormalization => Dense(2)
        }
    });
    let inference = inference(&plan);
    let tails = inference.calls.iter().map(|call| {
        let names = [&call.node].into_iter().chain(&call.tail);
        let names: Vec<String> = names.map(|it| plan.nodes[*it].name.to_string()).collect();
        names.join(" ")
    });
    assert_eq!(
        tails.collect::<Vec<_>>(),
        [
            "conv2d batch_normalization",
            "conv2d_1 batch_normalization_1",
            "conv2d_2 batch_normalization_2 add",
            "dense",
            "batch_normalization_3",
            "dense_1",
        ]
    );
    // The sum overwrites the skipped value.
    assert_eq!(
        lives(&inference.slots),
        [
            ("batch_normalization", 0, 3),
            ("line of batch_normalization", 0, 0),
            ("batch_normalization_1", 1, 2),
            ("line of batch_normalization_1", 1, 1),
            ("line of batch_normalization_2", 2, 2),
            ("dense", 3, 5),
        ]
    );
}

#[test]
fn a_sum_of_what_the_product_reads_is_no_part_of_it() {
    let tails = |tokens| {
        let plan = plan(tokens);
        let calls = inference(&plan).calls.into_iter();
        calls.map(|call| call.tail.len()).collect::<Vec<_>>()
    };
    let of_its_input = quote!(Input(4) => Dense(4, tanh) => Residual(Dense(4)) => Dense(2));
    assert_eq!(tails(of_its_input), [0, 0, 0, 0]);
    let of_what_is_read_later = quote! {
        Net {
            let x = Input(4);
            let skip = x => Dense(4);
            let main = skip => Dense(5) => Dense(4);
            let sum = Add(skip, main);
            Concatenate(sum, skip) => Dense(2)
        }
    };
    assert_eq!(tails(of_what_is_read_later), [0; 6]);
    let of_the_models_input = quote! {
        Net {
            let x = Input(4);
            let main = x => Dense(5) => Dense(4);
            Add(x, main) => Dense(2)
        }
    };
    assert_eq!(tails(of_the_models_input), [0; 4]);
}

#[test]
fn values_that_are_read_again_are_not_overwritten() {
    let plan = plan(quote! {
        Net {
            let x = Input(4);
            let a = x => Dense(4);
            let b = a => Activation(gelu);
            let sum = Add(a, b);
            sum => Dense(2)
        }
    });
    let inference = inference(&plan);
    assert_eq!(
        lives(&inference.slots),
        [("dense", 0, 3), ("activation", 1, 2)]
    );
    assert_eq!(inference.calls[2].y, inference.calls[0].y);
}

#[test]
fn values_that_become_an_output_in_place_are_written_there() {
    let plan = plan(quote!(Input(4) => Dense(8, tanh) => BatchNormalization => Rescaling(2.0)));
    let inference = inference(&plan);
    assert_eq!(lives(&inference.slots), []);
    let written = inference.calls.iter().map(|call| call.y);
    assert!(written.into_iter().all(|y| y == Location::Output(0)));
}

#[test]
fn an_output_holds_buffers_until_it_is_written() {
    let plan = plan(quote! {
        Net {
            let x = Input(4);
            let a = x => Dense(6) => Dense(5);
            let wide = a => Dense(20);
            let narrow = a => Dense(6) => Dense(3);
            (wide, narrow)
        }
    });
    let inference = inference(&plan);
    let lives = lives(&inference.slots);
    assert_eq!(
        lives,
        [("dense", 0, 1), ("dense_1", 1, 3), ("dense_3", 3, 4)]
    );
    let written = inference.outputs.iter().map(|output| output.first);
    assert_eq!(written.collect::<Vec<_>>(), [2, 4]);
    // The first one is in `wide`. A value that is read after it, and does not fit in `narrow`, is in the
    // arena.
    assert_eq!(inference.addresses, Some(vec![0, 29, 23]));
    let in_use = (0..5).map(|step| inference.in_use(step));
    assert_eq!(
        in_use.collect::<Option<Vec<_>>>(),
        Some(vec![0, 5, 5, 11, 6])
    );
}

#[test]
fn gradients_go_on_where_nothing_learns_in_a_nested_model_alone() {
    let plan = plan(quote!(Input(4) => Rescaling(0.5) => Dense(8, relu) => Dense(2)));
    let training = training(&plan);
    assert_eq!(
        lives(&training.slots),
        [
            ("rescaling", 0, 6),
            ("dense", 1, 5),
            ("dense_1", 2, 4),
            ("gradient of the output", 3, 4),
            ("gradient of dense", 4, 5),
            ("gradient of rescaling", 5, 6),
        ]
    );
    let nested = training.backward.iter().map(|back| match back {
        Back::Call(call) => call.nested,
        Back::Sum { nested, .. } => *nested,
    });
    assert_eq!(nested.collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn saved_values_live_until_they_are_read() {
    let plan = plan(quote!(Input(4) => Dropout(0.1) => Dense(8) => Dropout(0.1) => Dense(2)));
    let training = training(&plan);
    let saved = lives(&training.slots)
        .into_iter()
        .filter(|(label, ..)| label.starts_with("saved"));
    assert_eq!(
        saved.collect::<Vec<_>>(),
        [("saved by dropout", 0, 8), ("saved by dropout_1", 2, 6)]
    );
}
