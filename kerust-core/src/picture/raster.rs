//! Draws a picture as pixels, for PNG.

use super::font::{self, Font, SCALE};
use super::scene::{Anchor, Colour, Element, Point, Scene};
use core::iter::zip;
use core::ops::Range;

/// The picture as PNG, with [`SCALE`] pixels for each pixel of the picture, on both axes.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, png::EncodingError> {
    let raster = Raster::of(scene);
    let [width, height] = [raster.width, raster.height].map(|size| size as u32);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(raster.pixels.as_flattened())?;
    writer.finish()?;
    Ok(bytes)
}

struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<Colour>,
}

impl Raster {
    fn of(scene: &Scene) -> Self {
        let [width, height] = scene.size.map(scaled);
        let mut raster = Self {
            width,
            height,
            pixels: vec![[u8::MAX; 3]; width * height],
        };
        for element in &scene.elements {
            raster.draw(element);
        }
        raster
    }

    fn draw(&mut self, element: &Element) {
        match element {
            Element::Rectangle { at, size, colour } => self.rectangle(*at, *size, *colour),
            Element::Line {
                points,
                width,
                colour,
            } => self.line(points, *width, *colour),
            Element::Text {
                at,
                anchor,
                colour,
                words,
            } => self.text(*at, *anchor, *colour, words),
            Element::Image {
                at: [left, top],
                zoom,
                columns,
                pixels,
            } => {
                for (place, colour) in pixels.iter().enumerate() {
                    let [row, column] = [place / columns, place % columns].map(|n| n as f64);
                    let at = [left + zoom * column, top + zoom * row];
                    self.rectangle(at, [*zoom; 2], *colour);
                }
            }
        }
    }

    /// Blends a color over a pixel with a coverage from 0 to 1.
    fn blend(&mut self, [x, y]: [usize; 2], colour: Colour, level: f64) {
        if x >= self.width || y >= self.height {
            return;
        }
        for (old, new) in zip(&mut self.pixels[y * self.width + x], colour) {
            let [from, to] = [*old, new].map(f64::from);
            *old = (from + level * (to - from)).round() as u8;
        }
    }

    fn rectangle(&mut self, at: Point, size: Point, colour: Colour) {
        let [[left, right], [top, bottom]] =
            [0, 1].map(|axis| [at[axis], at[axis] + size[axis]].map(scaled));
        for y in top..bottom {
            for x in left..right {
                self.blend([x, y], colour, 1.0);
            }
        }
    }

    fn line(&mut self, points: &[Point], width: f64, colour: Colour) {
        let scale = |at: &Point| at.map(|n| n * SCALE as f64);
        let points: Vec<Point> = points.iter().map(scale).collect();
        let reach = width * SCALE as f64 / 2.0 + 0.5;
        let [x, y] = [0, 1].map(|axis| {
            let places = points.iter().map(|at| at[axis]);
            span(places, reach)
        });
        let last = points.last();
        // First the coverage and then the color, so that pixels where two segments meet are not blended
        // twice.
        let mut levels = vec![0.0f64; x.len() * y.len()];
        for (from, to) in zip(&points, points.iter().skip(1).chain(last)) {
            let [near_x, near_y] =
                [0, 1].map(|axis| span([from[axis], to[axis]].into_iter(), reach));
            for row in near_y {
                for column in near_x.clone() {
                    let at = [column, row].map(|n| n as f64 + 0.5);
                    let level = &mut levels[(row - y.start) * x.len() + column - x.start];
                    *level = level.max((reach - distance(at, *from, *to)).clamp(0.0, 1.0));
                }
            }
        }
        for (place, level) in levels.into_iter().enumerate() {
            let at = [x.start + place % x.len(), y.start + place / x.len()];
            self.blend(at, colour, level);
        }
    }

    fn text(&mut self, [x, y]: Point, anchor: Anchor, colour: Colour, words: &str) {
        let font = Font::get();
        let before = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => font.width(words) / 2.0,
            Anchor::End => font.width(words),
        };
        let (mut left, top) = (scaled(x - before), scaled(y).saturating_sub(font::ABOVE));
        for glyph in words.chars().map(|word| font.glyph(word)) {
            for (row, levels) in glyph.rows().enumerate() {
                for (column, level) in levels.iter().enumerate() {
                    let at = [(left + column).saturating_sub(font::LEFT), top + row];
                    self.blend(at, colour, f64::from(*level) / 255.0);
                }
            }
            left += glyph.width();
        }
    }
}

/// Converts a length or a position to pixels of the PNG.
fn scaled(pixels: f64) -> usize {
    (pixels * SCALE as f64).round() as usize
}

/// The pixels within `reach` of positions on an axis.
fn span(places: impl Iterator<Item = f64> + Clone, reach: f64) -> Range<usize> {
    let first = places.clone().fold(f64::INFINITY, f64::min) - reach;
    let last = places.fold(0.0, f64::max) + reach;
    first as usize..last.ceil() as usize
}

/// The distance between a point and a line segment.
fn distance(at: Point, from: Point, to: Point) -> f64 {
    let [along, way] = [to, at].map(|end| [end[0] - from[0], end[1] - from[1]]);
    let dot = |a: Point, b: Point| a[0] * b[0] + a[1] * b[1];
    let part = match dot(along, along) {
        0.0 => 0.0,
        square => (dot(way, along) / square).clamp(0.0, 1.0),
    };
    (way[0] - part * along[0]).hypot(way[1] - part * along[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = [200, 0, 0];

    /// The pixels of a picture of 6 × 4, by row: `#` is red, `.` white, and `+` in between.
    fn drawn(element: Element) -> Vec<String> {
        let raster = Raster::of(&Scene {
            size: [3.0, 2.0],
            elements: vec![element],
        });
        let letter = |pixel: &Colour| match pixel {
            &RED => '#',
            [255, 255, 255] => '.',
            _ => '+',
        };
        let rows = raster.pixels.chunks(raster.width);
        rows.map(|row| row.iter().map(letter).collect()).collect()
    }

    fn line(points: &[Point], width: f64) -> Element {
        Element::Line {
            points: points.to_vec(),
            width,
            colour: RED,
        }
    }

    #[test]
    fn pixels_of_images_are_whole_pixels_of_the_picture() {
        let image = Element::Image {
            at: [1.0, 0.0],
            zoom: 1.0,
            columns: 1,
            pixels: vec![RED, [255; 3]],
        };
        assert_eq!(drawn(image), ["..##..", "..##..", "......", "......"]);
    }

    #[test]
    fn straight_lines_are_sharp_and_dots_are_round() {
        let vertical = drawn(line(&[[1.5, -2.0], [1.5, 4.0]], 1.0));
        assert_eq!(vertical, ["..##..", "..##..", "..##..", "..##.."]);
        let dot = drawn(line(&[[1.0, 1.0]], 2.0));
        assert_eq!(dot, ["++++..", "+##+..", "+##+..", "++++.."]);
    }

    #[test]
    fn points_outside_are_left_out() {
        let outside = Element::Rectangle {
            at: [-5.0, 1.5],
            size: [7.0, 100.0],
            colour: RED,
        };
        assert_eq!(drawn(outside), ["......", "......", "......", "####.."]);
        assert_eq!(drawn(line(&[[-9.0, -9.0]], 2.0)), ["......"; 4]);
    }

    #[test]
    fn words_end_and_centre_where_they_should() {
        let ink = |anchor| {
            let raster = Raster::of(&Scene {
                size: [60.0, 20.0],
                elements: vec![Element::Text {
                    at: [30.0, 15.0],
                    anchor,
                    colour: RED,
                    words: "HH".to_owned(),
                }],
            });
            let row = &raster.pixels[24 * raster.width..][..raster.width];
            let red = |pixel: &Colour| pixel[1] < 128;
            [row.iter().position(red), row.iter().rposition(red)].map(Option::unwrap)
        };
        let [start, middle, end] = [Anchor::Start, Anchor::Middle, Anchor::End].map(ink);
        assert!(start[0] >= 60 && start[0] < 66, "{start:?}");
        assert!((middle[0] + middle[1]).abs_diff(120) <= 2, "{middle:?}");
        assert!(end[1] < 60 && end[1] > 54, "{end:?}");
    }
}
