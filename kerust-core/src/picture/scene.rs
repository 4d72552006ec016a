//! The elements of a picture, in pixels from its upper left corner, and their form in SVG.

use super::font;
use crate::diagram::escaped;

/// Red, green and blue.
pub(super) type Colour = [u8; 3];
/// The distances to the right and downwards.
pub(super) type Point = [f64; 2];

pub(super) const BLACK: Colour = [0; 3];
pub(super) const WHITE: Colour = [u8::MAX; 3];

/// A picture on a white background. Later elements cover earlier ones.
pub(super) struct Scene {
    pub(super) size: Point,
    pub(super) elements: Vec<Element>,
}

pub(super) enum Element {
    /// A filled rectangle.
    Rectangle {
        at: Point,
        size: Point,
        colour: Colour,
    },
    /// A line through points, with round ends and corners. With one point it is a dot.
    Line {
        points: Vec<Point>,
        width: f64,
        colour: Colour,
    },
    /// A text. Its position is a point on its baseline.
    Text {
        at: Point,
        anchor: Anchor,
        colour: Colour,
        words: String,
    },
    /// Rows of `columns` pixels, each drawn as a square with side `zoom`.
    Image {
        at: Point,
        zoom: f64,
        columns: usize,
        pixels: Vec<Colour>,
    },
}

/// The point of a text that its position refers to.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Scene {
    pub(super) fn line(&mut self, points: Vec<Point>, width: f64, colour: Colour) {
        self.elements.push(Element::Line {
            points,
            width,
            colour,
        });
    }

    /// The outline of a rectangle.
    pub(super) fn frame(&mut self, at: Point, size: Point, width: f64, colour: Colour) {
        let [[left, top], [right, bottom]] = [at, [at[0] + size[0], at[1] + size[1]]];
        let corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
        let points = corners.into_iter().chain([corners[0]]).collect();
        self.line(points, width, colour);
    }

    pub(super) fn text(&mut self, at: Point, anchor: Anchor, colour: Colour, words: String) {
        self.elements.push(Element::Text {
            at,
            anchor,
            colour,
            words,
        });
    }

    pub(super) fn svg(&self) -> String {
        let [width, height] = self.size;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\" \
             font-size=\"{}\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n",
            font::SIZE
        );
        rectangle(&mut svg, [0.0; 2], self.size, WHITE);
        for element in &self.elements {
            element.write(&mut svg);
        }
        svg + "</svg>\n"
    }
}

impl Element {
    fn write(&self, svg: &mut String) {
        match self {
            Self::Rectangle { at, size, colour } => rectangle(svg, *at, *size, *colour),
            Self::Line {
                points,
                width,
                colour,
            } => {
                // A line without length would not be drawn.
                let last = points.last().filter(|_| points.len() == 1);
                let points = points.iter().chain(last);
                let points: Vec<_> = points.map(|at| pair(*at)).collect();
                let (points, colour) = (points.join(" "), hexadecimal(*colour));
                *svg += &format!(
                    "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" \
                     stroke-width=\"{width}\"/>\n"
                );
            }
            Self::Text {
                at: [x, y],
                anchor,
                colour,
                words,
            } => {
                let anchor = match anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                let (x, y, colour) = (hundredths(*x), hundredths(*y), hexadecimal(*colour));
                *svg += &format!(
                    "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>\n",
                    escaped(words)
                );
            }
            Self::Image {
                at: [left, top],
                zoom,
                columns,
                pixels,
            } => {
                // Otherwise zoomed browsers draw gaps between the pixels.
                *svg += "<g shape-rendering=\"crispEdges\">\n";
                for (row, pixels) in pixels.chunks_exact(*columns).enumerate() {
                    let mut column = 0;
                    for run in pixels.chunk_by(|a, b| a == b) {
                        let at = [left + zoom * column as f64, top + zoom * row as f64];
                        rectangle(svg, at, [zoom * run.len() as f64, *zoom], run[0]);
                        column += run.len();
                    }
                }
                *svg += "</g>\n";
            }
        }
    }
}

fn rectangle(svg: &mut String, at: Point, size: Point, colour: Colour) {
    let [[x, y], [width, height]] = [at, size].map(|pair| pair.map(hundredths));
    let colour = hexadecimal(colour);
    *svg += &format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>\n"
    );
}

fn pair([x, y]: Point) -> String {
    format!("{},{}", hundredths(x), hundredths(y))
}

fn hundredths(pixels: f64) -> f64 {
    (100.0 * pixels).round() / 100.0
}

fn hexadecimal([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pixels_of_a_row_are_one_rectangle() {
        let mut svg = String::new();
        let (grey, white) = ([9; 3], WHITE);
        Element::Image {
            at: [0.0, 2.0],
            zoom: 5.0,
            columns: 3,
            pixels: vec![grey, grey, white, grey, grey, grey],
        }
        .write(&mut svg);
        let rows: Vec<_> = svg.lines().filter(|line| line.contains("rect")).collect();
        assert_eq!(
            rows,
            [
                r##"<rect x="0" y="2" width="10" height="5" fill="#090909"/>"##,
                r##"<rect x="10" y="2" width="5" height="5" fill="#ffffff"/>"##,
                r##"<rect x="0" y="7" width="15" height="5" fill="#090909"/>"##,
            ]
        );
    }

    #[test]
    fn a_dot_is_a_line_from_a_point_to_itself() {
        let mut svg = String::new();
        let points = vec![[1.0, 2.004]];
        Element::Line {
            points,
            width: 6.0,
            colour: BLACK,
        }
        .write(&mut svg);
        assert!(svg.contains(r#"points="1,2 1,2""#), "{svg}");
    }
}
