//! Draws the laid-out graph as SVG.

use super::layout::{BOX, Edge, Layout, layout};
use super::{Node, Style};

/// The margin around the picture, and above it for the title, in pixels.
const MARGIN: f64 = 24.0;
const TITLE: f64 = 62.0;
/// The distance between the ends of two edges at one box.
const PORT: f64 = 22.0;
/// The maximum number of letters in a line of a box.
const LINE: usize = 43;

/// Fonts are those of the viewer's system. Colors are dark enough to print.
const STYLE: &str = "text{font-family:'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif;fill:#1f2933}\
.title{font-size:18px;font-weight:600}.subtitle{font-size:12px;fill:#52606d}\
.name{font-size:14px;font-weight:600}.declared{font-size:12px}.facts{font-size:12px;fill:#52606d}\
rect{stroke-width:1.3}.Input{fill:#e3f4e8;stroke:#3f8f5f}.Weights{fill:#e4eefb;stroke:#4a78b5}\
.Plain{fill:#f5f6f8;stroke:#8a94a0}.TrainingOnly{fill:#fff;stroke:#8a94a0;stroke-dasharray:5 4}\
.edge{fill:none;stroke:#52606d;stroke-width:1.4}.head{fill:#52606d}";

/// The picture of a model.
pub(super) fn svg(title: &str, subtitle: &str, nodes: &[Node]) -> String {
    let inputs: Vec<&[usize]> = nodes.iter().map(|node| &node.inputs[..]).collect();
    let layout = layout(&inputs);
    let (left, right) = match nodes.is_empty() {
        true => (0.0, BOX.0),
        false => layout.span,
    };
    // Wide enough for the title above a single box.
    let title_width = 7.0 * subtitle.chars().count().max(title.chars().count() * 3 / 2) as f64;
    let width = (right - left).max(title_width) + 2.0 * MARGIN;
    let height = layout.height.max(0.0) + TITLE + 2.0 * MARGIN;
    let centre = (left + right) / 2.0;
    let origin = (centre - width / 2.0, -TITLE - MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"{:.1} {:.1} {width:.1} {height:.1}\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n\
         <path fill=\"#fff\" d=\"M{:.1} {:.1}h{width:.1}v{height:.1}h-{width:.1}z\"/>\n",
        origin.0,
        origin.1,
        escaped(title),
        origin.0,
        origin.1
    );
    svg += &text("title", (centre, -TITLE + 18.0), title);
    svg += &text("subtitle", (centre, -TITLE + 38.0), subtitle);
    for edge in &layout.edges {
        svg += &arrow(&layout, edge);
    }
    for (node, place) in nodes.iter().zip(&layout.boxes) {
        svg += &drawn(node, *place);
    }
    svg + "</svg>\n"
}

fn drawn(node: &Node, (x, y): (f64, f64)) -> String {
    let radius = if node.style == Style::Input {
        BOX.1 / 2.0
    } else {
        8.0
    };
    let mut drawn = format!(
        "<g id=\"{}\">\n<rect class=\"{:?}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{}\" height=\"{}\" rx=\"{radius}\"/>\n",
        escaped(&node.name),
        node.style,
        x - BOX.0 / 2.0,
        BOX.0,
        BOX.1
    );
    drawn += &text("name", (x, y + 21.0), &node.name);
    drawn += &text("declared", (x, y + 39.0), &node.declared);
    drawn += &text("facts", (x, y + 56.0), &node.facts);
    drawn + "</g>\n"
}

/// A centered line of text. It is truncated if it does not fit in its box; the full text is shown when the
/// pointer is over it.
fn text(class: &str, (x, y): (f64, f64), words: &str) -> String {
    let is_in_box = !class.ends_with("title");
    let cut = match is_in_box && words.chars().count() > LINE {
        true => words.chars().take(LINE - 1).chain(['…']).collect(),
        false => words.to_owned(),
    };
    let whole = match cut == words {
        true => String::new(),
        false => format!("<title>{}</title>", escaped(words)),
    };
    format!(
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}{whole}</text>\n",
        escaped(&cut)
    )
}

/// An edge: from the middle of a box's lower side, through its lanes, to its port on the upper side of the
/// other box.
fn arrow(layout: &Layout, edge: &Edge) -> String {
    let from = layout.boxes[edge.from];
    let to = layout.boxes[edge.to];
    let mut path = format!("M{:.1} {:.1}", from.0, from.1 + BOX.1);
    let mut last = (from.0, from.1 + BOX.1);
    for (x, y) in &edge.lanes {
        path += &curve(last, (*x, *y));
        path += &format!("V{:.1}", y + BOX.1);
        last = (*x, y + BOX.1);
    }
    path += &curve(last, (to.0 + port(layout, edge), to.1));
    format!("<path class=\"edge\" d=\"{path}\" marker-end=\"url(#head)\"/>\n")
}

/// The distance between the end of an edge and the middle of its box. Edges at one box are sorted by where
/// they come from.
fn port(layout: &Layout, edge: &Edge) -> f64 {
    let comes_from = |edge: &Edge| match edge.lanes.last() {
        Some(lane) => lane.0,
        None => layout.boxes[edge.from].0,
    };
    let others = layout.edges.iter().filter(|other| other.to == edge.to);
    let mut x: Vec<(f64, bool)> = others
        .map(|other| (comes_from(other), std::ptr::eq(other, edge)))
        .collect();
    x.sort_by(|a, b| a.0.total_cmp(&b.0));
    let place = x.iter().position(|(_, is_own)| *is_own).unwrap_or(0);
    // The edge that comes straight from above ends in the middle.
    let middle = layout.boxes[edge.to].0;
    let straight = x.iter().position(|(x, _)| (x - middle).abs() < 1.0);
    let centre = straight.map_or((x.len() - 1) as f64 / 2.0, |place| place as f64);
    (place as f64 - centre) * PORT
}

fn curve(from: (f64, f64), to: (f64, f64)) -> String {
    if (from.0 - to.0).abs() < 0.05 {
        return format!("V{:.1}", to.1);
    }
    let middle = (from.1 + to.1) / 2.0;
    format!(
        "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}",
        from.0, to.0, to.0, to.1
    )
}

/// Escapes a text for XML.
pub(crate) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, declared: &str, facts: &str, style: Style, inputs: &[usize]) -> Node {
        Node {
            name: name.to_owned(),
            declared: declared.to_owned(),
            facts: facts.to_owned(),
            style,
            inputs: inputs.to_vec(),
        }
    }

    /// A stem, two branches of unequal length, a residual connection, and two heads.
    fn graph() -> Vec<Node> {
        use Style::{Input, Plain, TrainingOnly, Weights};
        vec![
            node("image", "Input", "(32, 32, 3)", Input, &[]),
            node(
                "conv2d",
                "Conv2D(16, 3x3, same, relu)",
                "(32, 32, 16) · 448 parameters",
                Weights,
                &[0],
            ),
            node(
                "conv2d_1",
                "Conv2D(16, 3x3, same)",
                "(32, 32, 16) · 2,320 parameters",
                Weights,
                &[1],
            ),
            node(
                "batch_normalization",
                "BatchNormalization",
                "(32, 32, 16) · 64 parameters",
                Weights,
                &[2],
            ),
            node("re_lu", "ReLU", "(32, 32, 16)", Plain, &[3]),
            node("add", "Add", "(32, 32, 16)", Plain, &[4, 1]),
            node(
                "wide",
                "Conv2D(8, 5x5, strides = 2, same)",
                "(16, 16, 8) · 3,208 parameters",
                Weights,
                &[5],
            ),
            node(
                "narrow",
                "Conv2D(8, 1x1)",
                "(32, 32, 8) · 136 parameters",
                Weights,
                &[5],
            ),
            node("pool", "MaxPooling2D(2x2)", "(16, 16, 8)", Plain, &[7]),
            node("concatenate", "Concatenate", "(16, 16, 16)", Plain, &[6, 8]),
            node(
                "dropout",
                "Dropout(0.5)",
                "(16, 16, 16) · in training only",
                TrainingOnly,
                &[9],
            ),
            node("size", "Input", "(2)", Input, &[]),
            node("flatten", "Flatten", "(4096)", Plain, &[10]),
            node("both", "Concatenate", "(4098)", Plain, &[12, 11]),
            node(
                "class",
                "Dense(10, softmax, kernel_initializer = HeNormal)",
                "(10) · 40,990 parameters",
                Weights,
                &[13],
            ),
            node(
                "offset",
                "own::Offset::<4>",
                "(4) · 16,396 parameters",
                Weights,
                &[13],
            ),
        ]
    }

    #[test]
    fn every_node_is_a_box_and_every_input_an_arrow() {
        let nodes = graph();
        let svg = svg("Detector", "63,562 parameters", &nodes);
        assert_eq!(svg.matches("<rect").count(), nodes.len());
        let inputs: usize = nodes.iter().map(|node| node.inputs.len()).sum();
        assert_eq!(svg.matches("class=\"edge\"").count(), inputs);
        assert!(svg.contains(">Conv2D(16, 3x3, same, relu)</text>"));
        assert!(svg.contains(">(32, 32, 16) · 448 parameters</text>"));
    }

    #[test]
    fn characters_that_xml_does_not_allow_are_escaped() {
        let svg = svg("A & B", "", &graph());
        assert!(svg.contains("<title>A &amp; B</title>"));
        assert!(svg.contains(">own::Offset::&lt;4&gt;</text>"));
        assert!(!svg.contains("::<"));
    }

    #[test]
    fn a_long_line_is_cut_and_kept_whole_in_its_title() {
        let svg = svg("Detector", "", &graph());
        assert!(svg.contains(
            "_initializer = He…<title>Dense(10, softmax, kernel_initializer = HeNormal)</title>"
        ));
    }

    #[test]
    fn a_model_without_layers_is_a_title() {
        let svg = svg("Empty", "0 parameters", &[]);
        assert!(svg.contains(">Empty</text>") && !svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn the_same_graph_is_the_same_picture() {
        assert_eq!(svg("A", "", &graph()), svg("A", "", &graph()));
    }
}
