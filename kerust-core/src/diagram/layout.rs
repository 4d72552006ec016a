//! The layout of a graph's boxes.
//!
//! It follows Sugiyama, Tagawa and Toda (1981): a row for each longest path from an input; a lane through
//! every row that an edge crosses; an order within the rows by the positions of the neighbours, for few
//! crossings; positions by least squares towards the neighbours.

/// The width and height of a box, and the distance between boxes, in pixels.
pub(super) const BOX: (f64, f64) = (296.0, 66.0);
const GAP: (f64, f64) = (34.0, 36.0);
/// The width of an edge's lane.
const LANE: f64 = 18.0;
/// The number of passes over all rows. More passes change nothing visible.
const SWEEPS: usize = 25;

/// A laid-out graph.
pub(super) struct Layout {
    /// The center and the upper edge of each box.
    pub(super) boxes: Vec<(f64, f64)>,
    /// The edges.
    pub(super) edges: Vec<Edge>,
    /// The left and the right end.
    pub(super) span: (f64, f64),
    /// The total height.
    pub(super) height: f64,
}

/// An edge between boxes.
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The centers of the lanes in the rows between the boxes, with the upper edge of the row.
    pub(super) lanes: Vec<(f64, f64)>,
}

/// A box, or the lane of an edge, in a row.
struct Item {
    row: usize,
    width: f64,
    is_lane: bool,
    /// Whether it is the lane of an edge that bypasses other boxes on the way to the same end.
    is_skip: bool,
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Lays out the graph in which node `i` has the inputs `inputs[i]`, which are all before `i`.
pub(super) fn layout(inputs: &[&[usize]]) -> Layout {
    let rows_of_nodes = rows(inputs);
    let (items, lanes) = items(inputs, &rows_of_nodes);
    let mut rows = vec![Vec::new(); rows_of_nodes.iter().max().map_or(0, |last| last + 1)];
    for (place, item) in items.iter().enumerate() {
        rows[item.row].push(place);
    }
    order(&items, &mut rows);
    let mut x = places(&items, &rows);
    straighten(&items, &rows, &lanes, &mut x);
    let y = |row: usize| row as f64 * (BOX.1 + GAP.1);
    let left = x.iter().zip(&items).map(|(x, item)| x - item.width / 2.0);
    let right = x.iter().zip(&items).map(|(x, item)| x + item.width / 2.0);
    let span = (
        left.fold(f64::INFINITY, f64::min),
        right.fold(f64::NEG_INFINITY, f64::max),
    );
    Layout {
        boxes: (0..inputs.len())
            .map(|node| (x[node], y(items[node].row)))
            .collect(),
        edges: lanes
            .into_iter()
            .map(|(from, to, lanes)| Edge {
                from,
                to,
                lanes: lanes
                    .iter()
                    .map(|lane| (x[*lane], y(items[*lane].row)))
                    .collect(),
            })
            .collect(),
        span,
        height: y(rows.len()) - GAP.1,
    }
}

/// The row of each node: below all its inputs. An input is placed just above its first use.
fn rows(inputs: &[&[usize]]) -> Vec<usize> {
    let mut rows: Vec<usize> = Vec::new();
    for inputs in inputs {
        rows.push(
            inputs
                .iter()
                .map(|input| rows[*input] + 1)
                .max()
                .unwrap_or(0),
        );
    }
    for node in 0..inputs.len() {
        let users = (0..inputs.len()).filter(|user| inputs[*user].contains(&node));
        if let Some(first) = users
            .map(|user| rows[user])
            .min()
            .filter(|_| inputs[node].is_empty())
        {
            rows[node] = first - 1;
        }
    }
    rows
}

/// The lanes of an edge, as items.
type Lanes = (usize, usize, Vec<usize>);

/// The boxes, in the order of the nodes, then the lanes.
fn items(inputs: &[&[usize]], rows: &[usize]) -> (Vec<Item>, Vec<Lanes>) {
    let item = |row, width, is_lane, is_skip| Item {
        row,
        width,
        is_lane,
        is_skip,
        above: Vec::new(),
        below: Vec::new(),
    };
    let mut items: Vec<Item> = rows
        .iter()
        .map(|row| item(*row, BOX.0 + GAP.0, false, false))
        .collect();
    let mut edges = Vec::new();
    let ancestors = ancestors(inputs);
    for (to, inputs) in inputs.iter().enumerate() {
        for from in inputs.iter().copied() {
            let is_skip = inputs.iter().any(|other| ancestors[*other][from]);
            let mut lanes = Vec::new();
            let mut last = from;
            for row in rows[from] + 1..rows[to] {
                let lane = items.len();
                items.push(item(row, LANE, true, is_skip));
                connect(&mut items, last, lane);
                lanes.push(lane);
                last = lane;
            }
            connect(&mut items, last, to);
            edges.push((from, to, lanes));
        }
    }
    (items, edges)
}

/// For each node, the nodes on which its value depends.
fn ancestors(inputs: &[&[usize]]) -> Vec<Vec<bool>> {
    let mut all: Vec<Vec<bool>> = Vec::new();
    for inputs_of_one in inputs {
        let mut own = vec![false; inputs.len()];
        for input in *inputs_of_one {
            own[*input] = true;
            own.iter_mut()
                .zip(&all[*input])
                .for_each(|(own, is)| *own |= is);
        }
        all.push(own);
    }
    all
}

fn connect(items: &mut [Item], above: usize, below: usize) {
    items[above].below.push(below);
    items[below].above.push(above);
}

/// Orders each row by the positions of its neighbours, alternately downwards and upwards, and keeps the best
/// order.
fn order(items: &[Item], rows: &mut Vec<Vec<usize>>) {
    let mut best = rows.clone();
    let mut fewest = crossings(items, rows);
    for sweep in 0..SWEEPS {
        let is_down = sweep % 2 == 0;
        for step in 1..rows.len() {
            let (row, other) = match is_down {
                true => (step, step - 1),
                false => (rows.len() - 1 - step, rows.len() - step),
            };
            let mut place = vec![0.0; items.len()];
            for (position, item) in rows[other].iter().enumerate() {
                place[*item] = position as f64;
            }
            let mean = |item: &usize, position: usize| {
                let neighbours = match is_down {
                    true => &items[*item].above,
                    false => &items[*item].below,
                };
                match neighbours.len() {
                    0 => position as f64,
                    count => neighbours.iter().map(|item| place[*item]).sum::<f64>() / count as f64,
                }
            };
            let mut keyed: Vec<(f64, usize)> = rows[row]
                .iter()
                .enumerate()
                .map(|(position, item)| (mean(item, position), *item))
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            rows[row] = keyed.into_iter().map(|(_, item)| item).collect();
        }
        let count = crossings(items, rows);
        if count < fewest {
            fewest = count;
            best = rows.clone();
        }
    }
    *rows = best;
}

fn crossings(items: &[Item], rows: &[Vec<usize>]) -> usize {
    let mut place = vec![0; items.len()];
    for row in rows {
        for (position, item) in row.iter().enumerate() {
            place[*item] = position;
        }
    }
    let mut count = 0;
    for row in rows {
        let edges = row.iter().flat_map(|item| {
            let below = items[*item].below.iter();
            below.map(|below| (place[*item], place[*below]))
        });
        let edges: Vec<_> = edges.collect();
        for (number, a) in edges.iter().enumerate() {
            let crossed =
                |b: &&(usize, usize)| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1);
            count += edges[number + 1..].iter().filter(crossed).count();
        }
    }
    count
}

/// The center of each item: in the middle of the items above or below it. Lanes that bypass other boxes give
/// way, so that a main path is straight.
fn places(items: &[Item], rows: &[Vec<usize>]) -> Vec<f64> {
    let mut x = vec![0.0; items.len()];
    for row in rows {
        settle(items, row, &vec![0.0; row.len()], &mut x);
    }
    for sweep in 0..SWEEPS {
        for step in 0..rows.len() {
            let is_down = sweep % 2 == 0;
            let row = match is_down {
                true => &rows[step],
                false => &rows[rows.len() - 1 - step],
            };
            let wish = |item: &usize| {
                let neighbours = match is_down {
                    _ if items[*item].is_lane => [&items[*item].above[..], &items[*item].below[..]],
                    true => [&items[*item].above[..], &[]],
                    false => [&items[*item].below[..], &[]],
                }
                .concat();
                let mut pull = neighbours.clone();
                pull.retain(|other| !items[*other].is_skip);
                if pull.is_empty() || items[*item].is_lane {
                    pull = neighbours;
                }
                match pull.len() {
                    0 => x[*item],
                    count => pull.iter().map(|other| x[*other]).sum::<f64>() / count as f64,
                }
            };
            let wishes: Vec<f64> = row.iter().map(wish).collect();
            settle(items, row, &wishes, &mut x);
        }
    }
    x
}

/// Places a row as close as possible to the desired positions, given the widths: least squares, by pooling
/// neighbours that would overlap (isotonic regression). Items that bypass other boxes have no weight.
fn settle(items: &[Item], row: &[usize], wishes: &[f64], x: &mut [f64]) {
    // Pools of neighbouring items: the desired position of the first, the weight, the number of items.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    let mut offsets = Vec::new();
    let mut offset = 0.0;
    for (position, item) in row.iter().enumerate() {
        if position > 0 {
            offset += (items[row[position - 1]].width + items[*item].width) / 2.0;
        }
        offsets.push(offset);
        let weight = if items[*item].is_skip { 1e-9 } else { 1.0 };
        pools.push((wishes[position] - offset, weight, 1));
        while let [.., a, b] = pools[..] {
            if a.0 <= b.0 {
                break;
            }
            let weight = a.1 + b.1;
            let wish = (a.0 * a.1 + b.0 * b.1) / weight;
            pools.truncate(pools.len() - 2);
            pools.push((wish, weight, a.2 + b.2));
        }
    }
    let starts = pools
        .iter()
        .flat_map(|pool| std::iter::repeat_n(pool.0, pool.2));
    for ((item, start), offset) in row.iter().zip(starts).zip(offsets) {
        x[*item] = start + offset;
    }
}

/// Makes each edge a straight line if nothing is in the way. An edge that bypasses boxes is moved as far out
/// as its outermost lane; any other edge runs below the box where it begins. A box below a single box is
/// aligned with it.
fn straighten(items: &[Item], rows: &[Vec<usize>], edges: &[Lanes], x: &mut [f64]) {
    let outermost = |(from, to, lanes): &'_ Lanes| {
        let far = |lane: &&usize| (x[**lane] - x[*to]).abs();
        let outermost = lanes.iter().max_by(|a, b| far(a).total_cmp(&far(b)))?;
        let target = match items[*outermost].is_skip {
            true => x[*outermost],
            false => x[*from],
        };
        Some((far(&outermost), target, lanes.clone()))
    };
    let mut lines: Vec<_> = edges.iter().filter_map(outermost).collect();
    // The outer ones first, because they make space for the inner ones.
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, target, lanes) in lines {
        if lanes
            .iter()
            .all(|lane| is_free(items, rows, *lane, target, x))
        {
            lanes.iter().for_each(|lane| x[*lane] = target);
        }
    }
    for item in rows.iter().flatten() {
        let &[above] = items[*item].above.as_slice() else {
            continue;
        };
        let alone = items[above].below.len() == 1 && !items[*item].is_lane;
        let near = (x[above] - x[*item]).abs() < GAP.0;
        if alone && near && is_free(items, rows, *item, x[above], x) {
            x[*item] = x[above];
        }
    }
}

/// Whether an item can be moved to `target` without changing the order of its neighbours.
fn is_free(items: &[Item], rows: &[Vec<usize>], item: usize, target: f64, x: &[f64]) -> bool {
    rows[items[item].row].iter().all(|other| {
        let room = (items[item].width + items[*other].width) / 2.0;
        let (now, then) = (x[*other] - x[item], x[*other] - target);
        *other == item || (now.signum() == then.signum() && then.abs() > room - 0.01)
    })
}

#[cfg(test)]
mod tests;
