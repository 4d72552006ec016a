//! The text of a declaration.

use super::layer::{Layer, Network};
use super::names::Names;
use std::fmt::Write;

/// A source file with the declaration.
pub(super) fn text(name: &str, file_stem: &str, network: &Network, names: &Names) -> String {
    let [input, output] = network.is_int8;
    let mut settings = String::new();
    for (end, _) in [("input", input), ("output", output)]
        .iter()
        .filter(|end| end.1)
    {
        let _ = write!(settings, "{end} = int8, ");
    }
    let body = match is_chain(network) {
        true => chain(name, network),
        false => graph(name, network, names),
    };
    format!(
        "//! An 8-bit model that was imported from TensorFlow Lite. Its weights are in `{file_stem}.safetensors`.\n\
         \n\
         use kerust::model;\n\
         \n\
         model! {{\n    \
             /// The model that was imported is its 8-bit twin: `{name}Int8::trained()`.\n    \
             #[int8({settings}weights(\"{file_stem}.safetensors\"))]\n    \
             pub {body}\
         }}\n"
    )
}

/// Whether each layer reads the one before it alone.
fn is_chain(network: &Network) -> bool {
    let mut layers = network.layers.iter().enumerate();
    network.inputs.len() == 1
        && network.outputs.len() == 1
        && network.outputs[0].value == network.layers.len()
        && layers.all(|(number, layer)| layer.inputs == [number])
}

fn chain(name: &str, network: &Network) -> String {
    let mut text = format!("{name}:\n        {}\n", input(&network.inputs[0].shape));
    for layer in &network.layers {
        let _ = writeln!(text, "        => {}", written(layer));
    }
    text
}

fn graph(name: &str, network: &Network, names: &Names) -> String {
    let values = &names.values;
    let mut text = format!("{name} {{\n");
    for (number, end) in network.inputs.iter().enumerate() {
        if network.inputs.len() > 1 {
            let _ = writeln!(text, "        // {}", end.name.escape_default());
        }
        let _ = writeln!(
            text,
            "        let {} = {};",
            values[number],
            input(&end.shape)
        );
    }
    let (first, reads) = (network.inputs.len(), network.reads());
    let mut number = 0;
    while number < network.layers.len() {
        let begin = number;
        // A value that only the next layer reads needs no name.
        while let Some(next) = network.layers.get(number + 1)
            && next.inputs == [first + number]
            && reads[first + number] == 1
        {
            number += 1;
        }
        let layers = &network.layers[begin..=number];
        let source = &layers[0];
        let inputs: Vec<&str> = source.inputs.iter().map(|value| &*values[*value]).collect();
        let is_merge = matches!(source.kind, "Add" | "Concatenate");
        // A single output that comes last needs no name either.
        let is_tail = network.outputs.len() == 1
            && network.outputs[0].value == first + number
            && number + 1 == network.layers.len();
        match is_tail {
            true => text.push_str("        "),
            false => {
                let _ = write!(text, "        let {} = ", values[first + number]);
            }
        }
        let mut rest: Vec<String> = layers[1..].iter().map(written).collect();
        match is_merge {
            true => {
                let arguments = source.arguments.iter().map(String::as_str);
                let arguments: Vec<&str> = inputs.into_iter().chain(arguments).collect();
                text.push_str(&call(source.kind, arguments));
                if let Some((kind, argument)) = source.activation_layer() {
                    rest.insert(0, call(kind, argument));
                }
            }
            false => {
                text.push_str(inputs[0]);
                rest.insert(0, written(source));
            }
        }
        let between = match rest.len() {
            0 | 1 => " => ",
            _ => "\n            => ",
        };
        for layer in rest {
            let _ = write!(text, "{between}{layer}");
        }
        number += 1;
        if is_tail {
            text.push_str("\n    }\n");
            return text;
        }
        text.push_str(";\n");
    }
    let outputs = network.outputs.iter();
    let outputs: Vec<&str> = outputs.map(|output| &*values[output.value]).collect();
    let _ = match &*outputs {
        [output] => writeln!(text, "        {output}"),
        outputs => {
            let ends = network
                .outputs
                .iter()
                .map(|end| end.name.escape_default().to_string());
            let ends: Vec<String> = ends.collect();
            let _ = writeln!(text, "        // {}", ends.join(", "));
            writeln!(text, "        ({})", outputs.join(", "))
        }
    };
    text.push_str("    }\n");
    text
}

fn input(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("Input({})", sizes.join(", "))
}

/// A layer with its arguments.
fn written(layer: &Layer) -> String {
    let word = layer.activation.iter().map(|activation| activation.word);
    call(
        layer.kind,
        layer.arguments.iter().map(String::as_str).chain(word),
    )
}

fn call<'a>(kind: &str, arguments: impl IntoIterator<Item = &'a str>) -> String {
    let arguments: Vec<&str> = arguments.into_iter().collect();
    match arguments.is_empty() {
        true => kind.to_owned(),
        false => format!("{kind}({})", arguments.join(", ")),
    }
}
