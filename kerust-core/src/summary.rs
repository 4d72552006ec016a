//! Keras's `summary()`: a table of a model's layers, with multiply-adds and memory.

use crate::layer::{Layout, Part};
use crate::memory::WORD_BYTES;
use crate::model::{LayerInfo, Model, Source};
use crate::shape::Shape;
use comfy_table::{CellAlignment, ContentLineStyle, LineStyle, Table, TableStyle};

/// The lines of Keras's table: heavy around the header, light below.
pub(crate) const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('┏', '━', '┳', '┓'))
    .header_lines(ContentLineStyle::new('┃', '┃', '┃'))
    .header_separator(LineStyle::new('┡', '━', '╇', '┩'))
    .content_lines(ContentLineStyle::new('│', '│', '│'))
    .row_separator(LineStyle::new('├', '─', '┼', '┤'))
    .bottom_border(LineStyle::new('└', '─', '┴', '┘'));

/// The table of `M`: each layer with its output shape, parameters, multiply-adds and arena. For a graph it
/// also shows the inputs and what each layer is connected to.
pub(crate) fn summary<M: Model>() -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    let is_graph = is_graph::<M>();
    let mut header = vec!["Layer (type)", "Output Shape", "Param #", "MACs", "Arena"];
    if is_graph {
        header.push("Connected to");
        for (name, shape) in M::INPUTS {
            let layer = format!("{name} (InputLayer)");
            let none = || "0".to_owned();
            table.add_row([
                layer,
                sizes(shape),
                none(),
                none(),
                bytes(0),
                "-".to_owned(),
            ]);
        }
    }
    table.set_header(header);
    for layer in M::LAYERS {
        let mut cells = row(layer).to_vec();
        if is_graph {
            cells.push(connected::<M>(layer));
        }
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(2).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let (total, total_bytes) = (M::LAYOUT.len(), M::LAYOUT.bytes());
    let [trained, trained_bytes] =
        [Layout::len, Layout::bytes].map(|count| trainable(&M::LAYOUT, count));
    let macs = crate::model::macs(M::LAYERS);
    let mut text = format!("Model: \"{}\"\n{table}\n", M::NAME);
    for (name, params, size) in [
        ("Total params", total, total_bytes),
        ("Trainable params", trained, trained_bytes),
        (
            "Non-trainable params",
            total - trained,
            total_bytes - trained_bytes,
        ),
    ] {
        text += &format!(" {name}: {} ({})\n", grouped(params), bytes(size));
    }
    let unknown = M::LAYERS
        .iter()
        .filter(|layer| layer.macs.is_none())
        .count();
    text += &match unknown {
        0 => format!(" Multiply-adds: {}\n", grouped(macs)),
        1 => format!(
            " Multiply-adds: {}, and those of 1 layer that does not state them\n",
            grouped(macs)
        ),
        _ => format!(
            " Multiply-adds: {}, and those of {unknown} layers that do not state them\n",
            grouped(macs)
        ),
    };
    text += &format!(
        " Arena of one inference: {}",
        bytes(WORD_BYTES * M::ARENA_LEN)
    );
    text
}

fn row(layer: &LayerInfo) -> [String; 5] {
    [
        format!("{} ({})", layer.name, layer.kind),
        sizes(&layer.output),
        grouped(layer.params),
        layer.macs.map_or_else(|| "unknown".to_owned(), grouped),
        bytes(layer.arena_bytes),
    ]
}

/// Whether a layer reads anything other than the layer before it.
fn is_graph<M: Model>() -> bool {
    M::LAYERS.iter().enumerate().any(|(number, layer)| {
        let before = match number {
            0 => Source::Input(0),
            number => Source::Layer(number - 1),
        };
        !layer.sources.is_empty() && layer.sources != [before]
    })
}

/// The inputs of a layer in Keras's notation: `conv2d[0][0],`, one on each line.
fn connected<M: Model>(layer: &LayerInfo) -> String {
    let sources = layer.sources.iter().map(|source| {
        let name = match source {
            Source::Input(number) => M::INPUTS[*number].0,
            Source::Layer(number) => M::LAYERS[*number].name,
        };
        format!("{name}[0][0]")
    });
    sources.collect::<Vec<_>>().join(",\n")
}

/// `(None, 24, 24, 1)`
fn sizes(shape: &Shape) -> String {
    let mut text = String::from("(None");
    for size in shape.dims() {
        text += &format!(", {size}");
    }
    text + ")"
}

/// The number of trainable values, or their size in bytes, as `count` says.
fn trainable(layout: &Layout, count: fn(&Layout) -> usize) -> usize {
    match layout {
        Layout::Tensor(..) => count(layout),
        Layout::Parts(parts) => {
            let trained = parts.iter().filter(|part: &&Part| part.trainable);
            trained.map(|part| trainable(&part.layout, count)).sum()
        }
    }
}

/// Formats `503484` as `503,484`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a size as Keras does: `1.92 MB`, with 1024 bytes in a KB.
fn bytes(count: usize) -> String {
    let mut size = count as f64;
    for unit in ["B", "KB", "MB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} GB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            [0, 999, 1000, 503_484, 10_000_000].map(grouped),
            ["0", "999", "1,000", "503,484", "10,000,000"]
        );
    }

    #[test]
    fn sizes_read_as_in_keras() {
        assert_eq!(bytes(4 * 503_484), "1.92 MB");
        assert_eq!(bytes(0), "0.00 B");
    }
}
