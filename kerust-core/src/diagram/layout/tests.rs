use super::*;

fn overlap(layout: &Layout) -> bool {
    let boxes = &layout.boxes;
    let close =
        |a: usize, b: usize| boxes[a].1 == boxes[b].1 && (boxes[a].0 - boxes[b].0).abs() < BOX.0;
    (0..boxes.len()).any(|a| (0..a).any(|b| close(a, b)))
}

#[test]
fn a_chain_is_a_straight_line() {
    let layout = layout(&[&[], &[0], &[1], &[2]]);
    assert!(layout.boxes.iter().all(|(x, _)| *x == layout.boxes[0].0));
    let rows: Vec<_> = layout
        .boxes
        .iter()
        .map(|(_, y)| y / (BOX.1 + GAP.1))
        .collect();
    assert_eq!(rows, [0.0, 1.0, 2.0, 3.0]);
    assert!(layout.edges.iter().all(|edge| edge.lanes.is_empty()));
}

#[test]
fn two_branches_stand_side_by_side_below_their_source() {
    let layout = layout(&[&[], &[0], &[0], &[1, 2]]);
    let x: Vec<_> = layout.boxes.iter().map(|(x, _)| *x).collect();
    assert!(!overlap(&layout));
    assert!((x[1] + x[2] - 2.0 * x[0]).abs() < 1e-6 && (x[0] - x[3]).abs() < 1e-6);
}

#[test]
fn a_skip_goes_round_a_straight_main_path() {
    let layout = layout(&[&[], &[0], &[1], &[2, 0]]);
    let main = layout.boxes[0].0;
    assert!(layout.boxes.iter().all(|(x, _)| (x - main).abs() < 1e-6));
    let skip = &layout.edges[3].lanes;
    assert_eq!(skip.len(), 2);
    assert!(skip.iter().all(|(x, _)| (x - main).abs() > BOX.0 / 2.0));
    assert_eq!(skip[0].0, skip[1].0);
}

#[test]
fn skips_round_skips_are_straight_too() {
    let layout = layout(&[&[], &[0], &[1], &[2], &[3, 2], &[4, 1], &[5, 0]]);
    for edge in &layout.edges {
        assert!(edge.lanes.windows(2).all(|pair| pair[0].0 == pair[1].0));
    }
    let outer = layout.edges.iter().map(|edge| edge.lanes.len()).max();
    assert_eq!(outer, Some(5));
}

#[test]
fn branches_of_unequal_length_meet_between_them() {
    let layout = layout(&[&[], &[0], &[0], &[1], &[3, 2]]);
    let x = |node: usize| layout.boxes[node].0;
    assert!(!overlap(&layout));
    assert!((x(0) - x(4)).abs() < BOX.0 / 4.0, "{} {}", x(0), x(4));
}

#[test]
fn a_second_input_stands_just_above_its_use() {
    let layout = layout(&[&[], &[], &[0], &[2], &[3, 1]]);
    assert_eq!(layout.boxes[1].1, layout.boxes[3].1);
    assert!(!overlap(&layout));
}

#[test]
fn branches_that_need_not_cross_do_not() {
    // Three branches whose merges are declared in another order.
    let inputs: [&[usize]; 8] = [&[], &[0], &[0], &[0], &[3], &[1], &[2], &[4, 5, 6]];
    let layout = layout(&inputs);
    let x = |node: usize| layout.boxes[node].0;
    let mut pairs = [(x(1), x(5)), (x(2), x(6)), (x(3), x(4))];
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(pairs[0].1 < pairs[1].1 && pairs[1].1 < pairs[2].1);
}

#[test]
fn an_edge_beside_a_longer_branch_falls_straight_from_its_box() {
    let layout = layout(&[&[], &[0], &[0], &[1], &[3], &[4], &[5, 2]]);
    let edge = layout.edges.iter().find(|edge| edge.lanes.len() == 3);
    let edge = edge.expect("three rows beside the longer branch");
    let x = layout.boxes[edge.from].0;
    assert!(edge.lanes.iter().all(|lane| lane.0 == x));
    let branch = [1, 3, 4, 5].map(|node| layout.boxes[node].0);
    assert_eq!(branch, [branch[0]; 4]);
}
