//! A panel of a plot: axes, curves over the epochs, and the legend.

use super::axis::{Axis, GREATEST};
use super::font::Font;
use super::scene::{Anchor, BLACK, Colour, Element, Point, Scene, WHITE};
use core::iter::zip;

/// The width and height of a panel.
pub(super) const SIZE: Point = [480.0, 340.0];
/// Blue, vermilion and other colors that color-blind people can distinguish: Okabe & Ito (2008).
const COLOURS: [Colour; 7] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x9e, 0x73],
    [0xcc, 0x79, 0xa7],
    [0xe6, 0x9f, 0x00],
    [0x56, 0xb4, 0xe9],
    [0x60, 0x60, 0x60],
];
const GRID: Colour = [0xd8; 3];
const FRAME: Colour = [0x80; 3];
/// With more epochs, points are not marked on the lines.
const MARKED_EPOCHS: usize = 40;
/// The height of a row in the legend, which is also its margin.
const LEGEND_ROW: f64 = 20.0;
const LEGEND_PADDING: f64 = 8.0;
/// The length of a line sample in the legend.
const SWATCH: f64 = 20.0;

/// The contents of a panel.
pub(super) struct Panel<'a> {
    pub(super) name: String,
    /// The names of the curves, and their values for the epochs 1, 2, ..; the index of a curve determines its
    /// color.
    pub(super) series: Vec<(&'a str, &'a [f64])>,
    /// The last epoch, which is the same for all panels.
    pub(super) epochs: usize,
}

impl Panel<'_> {
    /// Draws the panel with its upper left corner at `corner`.
    pub(super) fn draw(&self, scene: &mut Scene, corner: Point) {
        let series: Vec<_> = self
            .series
            .iter()
            .map(|(_, values)| points(values))
            .collect();
        let values = series.iter().flatten().map(|point| point[1]);
        let [x, y] = [Axis::of_epochs(self.epochs), Axis::of(values)];
        let readings = y.ticks().map(|(_, reading)| Font::get().width(&reading));
        // Integers plus a half, so that lines of width 1 fill whole pixels.
        let left = (corner[0] + 24.5 + readings.fold(0.0, f64::max)).round() + 0.5;
        let [right, bottom] = [corner[0] + SIZE[0] - 15.5, corner[1] + SIZE[1] - 49.5];
        let (across, upwards) = ([left, right], [bottom, corner[1] + 34.5]);
        for (value, reading) in x.ticks() {
            let x = x.place(value, across).round() + 0.5;
            scene.line(vec![[x, bottom + 4.0], [x, upwards[1]]], 1.0, GRID);
            scene.text([x, bottom + 19.0], Anchor::Middle, BLACK, reading);
        }
        for (value, reading) in y.ticks() {
            let y = y.place(value, upwards).round() + 0.5;
            scene.line(vec![[left - 4.0, y], [right, y]], 1.0, GRID);
            scene.text([left - 8.0, y + 4.5], Anchor::End, BLACK, reading);
        }
        let axes = vec![[left, upwards[1]], [left, bottom], [right, bottom]];
        scene.line(axes, 1.0, FRAME);
        let middle = (left + right) / 2.0;
        scene.text(
            [middle, bottom + 39.0],
            Anchor::Middle,
            BLACK,
            "epoch".to_owned(),
        );
        scene.text(
            [left, upwards[1] - 12.0],
            Anchor::Start,
            BLACK,
            self.name.clone(),
        );

        let place = |point: &Point| [x.place(point[0], across), y.place(point[1], upwards)];
        let curves = series
            .iter()
            .map(|points| points.iter().map(place).collect());
        let curves: Vec<Vec<Point>> = curves.collect();
        for (curve, colour) in zip(&curves, COLOURS.into_iter().cycle()) {
            scene.line(curve.clone(), 2.0, colour);
            if curve.len() <= MARKED_EPOCHS {
                for point in curve {
                    scene.line(vec![*point], 6.0, colour);
                }
            }
        }
        let names: Vec<&str> = self.series.iter().map(|(name, _)| *name).collect();
        legend(scene, &names, &curves, across, upwards);
    }
}

/// The points of the values that can be drawn.
fn points(values: &[f64]) -> Vec<Point> {
    let points = zip(1.., values).map(|(epoch, value)| [f64::from(epoch), *value]);
    // The comparison is also false for NaN.
    points.filter(|point| point[1].abs() <= GREATEST).collect()
}

/// Draws the legend in a corner that the curves leave free.
fn legend(
    scene: &mut Scene,
    names: &[&str],
    curves: &[Vec<Point>],
    [left, right]: [f64; 2],
    [bottom, top]: [f64; 2],
) {
    let rows = zip(names, COLOURS.into_iter().cycle()).zip(curves);
    let rows: Vec<_> = rows.filter(|(_, curve)| !curve.is_empty()).collect();
    let widths = rows.iter().map(|((name, _), _)| Font::get().width(name));
    let Some(width) = widths.reduce(f64::max) else {
        return;
    };
    let width = (3.0 * LEGEND_PADDING + SWATCH + width).ceil();
    let height = LEGEND_ROW * rows.len() as f64 + LEGEND_PADDING;
    let (gap, last) = (8.0, [right - 8.0 - width, bottom - 8.0 - height]);
    let corners = [
        [last[0], top + gap],
        last,
        [left + gap, top + gap],
        [left + gap, last[1]],
    ];
    let crossings = |corner: &&Point| {
        let inside = |at: &Point| {
            (corner[0]..corner[0] + width).contains(&at[0])
                && (corner[1]..corner[1] + height).contains(&at[1])
        };
        along(curves).filter(inside).count()
    };
    let [x, y] = *corners.iter().min_by_key(crossings).unwrap_or(&corners[0]);
    let (at, size) = ([x, y], [width, height]);
    scene.elements.push(Element::Rectangle {
        at,
        size,
        colour: WHITE,
    });
    scene.frame(at, size, 1.0, FRAME);
    for (place, ((name, colour), _)) in rows.into_iter().enumerate() {
        let middle = y + LEGEND_PADDING / 2.0 + LEGEND_ROW * (place as f64 + 0.5);
        let start = x + LEGEND_PADDING;
        scene.line(vec![[start, middle], [start + SWATCH, middle]], 2.0, colour);
        let at = [start + SWATCH + LEGEND_PADDING, middle + 4.5];
        scene.text(at, Anchor::Start, BLACK, (*name).to_owned());
    }
}

/// Points on the curves, close enough together to detect what they cross.
fn along(curves: &[Vec<Point>]) -> impl Iterator<Item = Point> {
    let pieces = curves.iter().flat_map(|curve| {
        let ends = curve.iter().skip(1).chain(curve.last());
        zip(curve, ends)
    });
    pieces.flat_map(|(from, to)| {
        (0..16).map(move |part| {
            let part = f64::from(part) / 16.0;
            [0, 1].map(|axis| from[axis] + part * (to[axis] - from[axis]))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A corner of the legend, for a curve.
    fn corner(curve: &[Point]) -> Point {
        let mut scene = Scene {
            size: [200.0; 2],
            elements: Vec::new(),
        };
        let curves = [curve.to_vec(), Vec::new()];
        let names = ["training", "validation"];
        legend(&mut scene, &names, &curves, [0.0, 200.0], [200.0, 0.0]);
        match scene.elements[0] {
            Element::Rectangle { at, .. } => at,
            _ => unreachable!("a legend lies on a rectangle"),
        }
    }

    #[test]
    fn a_legend_stands_where_no_curve_is() {
        let falling = corner(&[[0.0, 0.0], [200.0, 200.0]]);
        assert!(falling[0] > 50.0 && falling[1] < 20.0, "{falling:?}");
        let rising = corner(&[[0.0, 200.0], [200.0, 0.0]]);
        assert!(rising[0] > 50.0 && rising[1] > 150.0, "{rising:?}");
        let around_the_right = corner(&[[150.0, 0.0], [150.0, 200.0]]);
        assert!(around_the_right[0] < 20.0, "{around_the_right:?}");
    }
}
