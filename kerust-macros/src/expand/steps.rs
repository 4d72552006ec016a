//! `impl Stateful`: steps that carry the states of `stateful` layers on.

use super::constants::memory;
use super::{Expansion, inference, local};
use crate::infer;
use crate::schedule::{self, Training};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// `impl Stateful`, if a layer is `stateful`.
pub fn steps(expansion: &Expansion<'_>) -> TokenStream {
    if !expansion.plan.stateful {
        return TokenStream::new();
    }
    let plan = infer::steps(expansion.model);
    let steps = Expansion {
        model: expansion.model,
        plan: &plan,
        inference: schedule::inference(&plan),
        training: Training::default(),
    };
    let name = &expansion.model.header.name;
    let nodes = plan.nodes.iter().filter(|node| node.steps);
    let configurations = nodes.map(|node| {
        let constant = node.constant();
        let (path, value) = &node.operation;
        quote!(const #constant: #path = #value;)
    });
    let schedule = &steps.inference;
    let addresses = schedule.addresses.clone();
    let memory_plan = memory(
        "STEP",
        "step",
        &schedule.slots,
        &schedule.outputs,
        addresses,
    );

    let (given, unpack_input) = expansion.inputs();
    let (mut outputs, unpack_output) = expansion.outputs();
    let [input, output, memory, before, after] =
        ["input", "output", "memory", "before", "after"].map(local);
    let mut given = given.into_iter();
    let (mut inputs, mut split) = (Vec::<Ident>::new(), Vec::new());
    for (number, value) in plan.inputs.iter().enumerate() {
        let state = plan.states.iter().position(|(input, _)| *input == number);
        let Some(state) = state else {
            inputs.extend(given.next());
            continue;
        };
        let len = value.data.len();
        let [old, new] = ["before", "after"].map(|of| local(&format!("{of}_{state}")));
        split.push(quote! {
            let (#old, #before) = ::kerust::__private::model::split(#before, #len);
            let (#new, #after) = ::kerust::__private::model::split_mut(#after, #len);
        });
        inputs.push(old);
        outputs.push(new);
    }
    let lens = plan
        .states
        .iter()
        .map(|(input, _)| plan.inputs[*input].data.len());
    let (statements, _) = inference::body(&steps, "STEP", &inputs, &outputs);
    let (input_type, output_type) = (expansion.input_slices(), expansion.output_slices());
    quote! {
        #[automatically_derived]
        impl #name {
            #(#configurations)*
            #memory_plan
            /// The number of values of all states.
            const STATES: usize = 0 #(+ #lens)*;
        }

        #[automatically_derived]
        impl ::kerust::__private::model::Stateful for #name {
            type States = [u32; #name::STATES];
            type Memory = [u32; #name::STEP.len()];

            fn step_logits(
                &self,
                #input: #input_type,
                #before: &[f32],
                #memory: &mut ::kerust::__private::memory::Memory<'_>,
                #output: #output_type,
                #after: &mut [f32],
            ) {
                #unpack_input
                #unpack_output
                #(#split)*
                let (_, _) = (#before, #after);
                #statements
            }
        }
    }
}
