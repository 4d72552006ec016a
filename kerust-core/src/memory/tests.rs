use super::*;
use crate::element::Values;

#[test]
fn a_chain_needs_its_largest_neighbours_only() {
    const PLAN: Plan<4> = Plan::new(
        [
            Buffer::new(784, 0, 1),
            Buffer::new(7840, 1, 2),
            Buffer::new(64, 2, 3),
            Buffer::new(10, 3, 4),
        ],
        [],
    );
    assert_eq!(PLAN.len(), 784 + 7840);
}

fn meet(a: &Buffer, b: &Buffer) -> bool {
    a.first <= b.last && b.first <= a.last
}

/// The lowest offset where a buffer overlaps no placed buffer, found by trying all.
fn lowest_offset(buffers: &[Buffer], wanted: &Buffer, offsets: &[Option<usize>]) -> usize {
    let mut offset = 0;
    loop {
        let placed = buffers.iter().zip(offsets);
        let met = placed.filter(|(other, _)| meet(wanted, other));
        let mut ends = met.filter_map(|(other, place)| {
            let place = (*place)?;
            let apart = place >= offset + wanted.words || offset >= place + other.words;
            (!apart).then_some(place + other.words)
        });
        match ends.next() {
            Some(end) => offset = end,
            None => return offset,
        }
    }
}

/// The least memory that any placing order reaches, with each buffer at the lowest free offset. One of the
/// orders gives the optimum: the order of the optimum's own offsets.
fn fewest(buffers: &[Buffer; 6], offsets: &mut [Option<usize>; 6], len: usize) -> usize {
    let mut best = usize::MAX;
    for next in 0..6 {
        if offsets[next].is_some() {
            continue;
        }
        let offset = lowest_offset(buffers, &buffers[next], offsets);
        offsets[next] = Some(offset);
        let end = offset + buffers[next].words;
        best = best.min(fewest(buffers, offsets, len.max(end)));
        offsets[next] = None;
    }
    match best {
        usize::MAX => len,
        best => best,
    }
}

#[test]
fn each_buffer_lies_as_low_as_those_before_it_allow() {
    let mut state = 1u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) % below) as usize
    };
    for _ in 0..50 {
        let buffers = [(); 61].map(|()| {
            let first = random(40);
            Buffer::new(random(20), first, first + random(9))
        });
        let plan = Plan::new(buffers, []);
        let mut order: Vec<usize> = (0..61).collect();
        order.sort_by_key(|number| std::cmp::Reverse(buffers[*number].words));
        let mut offsets = [None; 61];
        for number in order {
            let offset = lowest_offset(&buffers, &buffers[number], &offsets);
            assert_eq!(plan.addresses[number], offset);
            offsets[number] = Some(offset);
        }
        assert_eq!(Plan::placed(buffers, [], plan.addresses).len(), plan.len());
    }
}

#[test]
fn small_random_graphs_are_packed_nearly_as_well_as_can_be() {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let (mut planned, mut needed) = (0, 0);
    for _ in 0..300 {
        // A value is written at its step and read at one of the next four steps.
        let mut step = 0;
        let buffers = [(); 6].map(|()| {
            step += 1;
            Buffer::new(1 + random(40), step, step + 1 + random(4))
        });
        let plan = Plan::new(buffers, []);
        for a in 0..6 {
            for b in 0..a {
                let apart = plan.addresses[a] + buffers[a].words <= plan.addresses[b]
                    || plan.addresses[b] + buffers[b].words <= plan.addresses[a];
                assert!(apart || !meet(&buffers[a], &buffers[b]), "{buffers:?}");
            }
        }
        let best = fewest(&buffers, &mut [None; 6], 0);
        assert!(plan.len() >= best);
        planned += plan.len();
        needed += best;
    }
    // Largest first is not optimal, but stays within 2 % of the optimum on the whole.
    assert!(planned * 100 <= needed * 102, "{planned} of {needed}");
}

#[test]
fn buffers_that_live_together_lie_apart() {
    const PLAN: Plan<3> = Plan::new(
        [
            Buffer::new(3, 0, 2),
            Buffer::new(5, 1, 3),
            Buffer::new(4, 2, 3),
        ],
        [],
    );
    let mut values = vec![0.0; PLAN.len() * 2];
    let mut memory = Memory::new(&mut values, 2);
    let [a, b, c] = memory.get(const { PLAN.places([0, 1, 2]) });
    assert_eq!([a.len(), b.len(), c.len()], [6, 10, 8]);
    a.fill(1.0);
    b.fill(2.0);
    c.fill(3.0);
    assert!(a.iter().all(|a| *a == 1.0) && b.iter().all(|b| *b == 2.0));
}
#[test]
#[should_panic(expected = "share memory")]
fn buffers_that_share_memory_are_not_taken_together() {
    let plan = Plan::new([Buffer::new(3, 0, 0), Buffer::new(5, 1, 1)], []);
    plan.places([0, 1]);
}

#[test]
#[should_panic(expected = "a plan of 8 words for each of 3 samples is given 23")]
fn a_block_too_short_for_its_batch_is_refused() {
    const PLAN: Plan<2> = Plan::new([Buffer::new(3, 0, 1), Buffer::new(5, 1, 1)], []);
    let mut values = [0.0; 23];
    Memory::new(&mut values, 3).get::<f32, 1>(const { PLAN.places([0]) });
}

#[test]
fn buffers_lie_in_an_output_until_it_is_written() {
    // A chain that ends in a wide output: only the values that the last step reads need the arena.
    const PLAN: Plan<3, 1> = Plan::new(
        [
            Buffer::new(128, 0, 1),
            Buffer::new(128, 1, 2),
            Buffer::new(100, 2, 3),
        ],
        [Buffer::output(640, 3)],
    );
    assert_eq!(PLAN.len(), 100);
    let (mut values, mut output) = (vec![0.0; 200], vec![0.0; 1280]);
    let mut memory = Memory::new(&mut values, 2);
    let mut memory = memory.with([super::output(&mut output)]);
    let [a, b] = memory.get(const { PLAN.places([0, 1]) });
    a.fill(1.0);
    b.fill(2.0);
    let [b, c] = memory.get(const { PLAN.places([1, 2]) });
    assert!(b.iter().all(|b| *b == 2.0));
    c.fill(3.0);
    let [c, y] = memory.get(const { PLAN.places([2, 3]) });
    y.fill(4.0);
    assert!(c.len() == 200 && c.iter().all(|c| *c == 3.0));
    assert_eq!(values, [3.0; 200]);
    assert_eq!(output, [4.0; 1280]);
}

#[test]
fn no_buffer_lies_across_two_outputs() {
    let outputs = [Buffer::output(5, 3), Buffer::output(5, 9)];
    let early = Plan::new([Buffer::new(6, 0, 1)], outputs);
    assert_eq!((early.addresses, early.len()), ([10], 6));
    let late = Plan::new([Buffer::new(5, 2, 3), Buffer::new(4, 2, 9)], outputs);
    assert_eq!((late.addresses, late.len()), ([5, 10], 4));
    assert_eq!((late.in_use(2), late.in_use(10)), (16, 0));
}

#[test]
#[should_panic(expected = "a plan of 4 values for each of 2 samples is given 7")]
fn an_output_too_short_for_its_batch_is_refused() {
    const PLAN: Plan<1, 1> = Plan::new([Buffer::new(3, 0, 1)], [Buffer::output(4, 2)]);
    let mut output = [0.0; 7];
    let mut memory = Memory::new(&mut [], 2);
    let mut memory = memory.with([super::output(&mut output)]);
    memory.get::<f32, 1>(const { PLAN.places([0]) });
}

#[test]
fn buffers_of_several_types_share_no_byte_and_are_aligned() {
    let mut state = 1u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) % below) as usize
    };
    for round in 0..40 {
        let buffers = [(); 12].map(|()| {
            let first = random(6);
            let buffer = Buffer::new(random(9), first, first + random(4));
            match random(3) {
                0 => buffer.of::<i8>(),
                1 => buffer.of::<i32>(),
                _ => buffer,
            }
        });
        let output = Buffer::output(11, 3);
        let plan = match round % 2 {
            0 => Plan::new(buffers, [output.of::<i8>()]),
            _ => Plan::new(buffers, [output.of::<i32>()]),
        };
        let placed = Plan::placed(buffers, [plan.outputs[0]], plan.addresses);
        assert_eq!(placed.len(), plan.len());
        for batch in [1, 3] {
            let mut words = vec![0; plan.len() * batch];
            let mut memory = Memory::of_words(&mut words, batch);
            for a in 0..12 {
                for b in (0..a).filter(|b| meet(&buffers[a], &buffers[*b])) {
                    // A memory that begins at an odd address, as a slice of bytes can.
                    let (mut bytes, mut whole) = ([0i8; 34], [0i32; 33]);
                    let taken = match round % 2 {
                        0 => fill(
                            &mut memory.with([super::output(&mut bytes[1..=11 * batch])]),
                            &plan,
                            [a, b],
                        ),
                        _ => fill(
                            &mut memory.with([super::output(&mut whole[..11 * batch])]),
                            &plan,
                            [a, b],
                        ),
                    };
                    assert_eq!(taken, [a, b].map(|it| buffers[it].len * batch));
                }
            }
        }
    }
}

/// Writes two buffers, checks the written values, and counts the values.
fn fill(memory: &mut Memory<'_, 1>, plan: &Plan<12, 1>, numbers: [usize; 2]) -> [usize; 2] {
    let each = |values: &mut Values<'_>, number: i8| match values {
        Values::F32(values) => values.fill(number.into()),
        Values::I8(values) => values.fill(number),
        Values::I32(values) => values.fill(number.into()),
        _ => unreachable!("the plans have no other type"),
    };
    let holds = |values: &Values<'_>, number: i8| match values {
        Values::F32(values) => (
            values.iter().all(|it| *it == f32::from(number)),
            values.len(),
        ),
        Values::I8(values) => (values.iter().all(|it| *it == number), values.len()),
        Values::I32(values) => (
            values.iter().all(|it| *it == i32::from(number)),
            values.len(),
        ),
        _ => unreachable!("the plans have no other type"),
    };
    let [mut a, mut b] = memory.get_mixed(plan.places(numbers));
    each(&mut a, 17);
    each(&mut b, -93);
    let (a, b) = (holds(&a, 17), holds(&b, -93));
    assert!(a.0 && b.0);
    [a.1, b.1]
}

#[test]
fn an_output_of_bytes_holds_bytes_up_to_its_end() {
    let buffer = |len| Buffer::new(len, 0, 1);
    let output = [Buffer::output(13, 2).of::<i8>()];
    let ends = Plan::new([buffer(10).of::<i8>(), buffer(1).of::<i8>()], output);
    assert_eq!((ends.addresses, ends.len()), ([0, 3], 0));
    let beyond = Plan::new([buffer(10).of::<i8>(), buffer(2).of::<i8>()], output);
    assert_eq!((beyond.addresses, beyond.len()), ([0, 4], 1));
    // Buffers that need an alignment of four bytes are not placed there.
    let aligned = Plan::new([buffer(2), buffer(0).of::<i32>()], output);
    assert_eq!((aligned.addresses, aligned.len()), ([4, 4], 2));
    assert_eq!(aligned.bytes(), 8);
}

#[test]
#[should_panic(expected = "a buffer of I8 is taken as F32")]
fn a_buffer_is_not_taken_as_another_type() {
    const PLAN: Plan<1> = Plan::new([Buffer::new(3, 0, 1).of::<i8>()], []);
    Memory::new(&mut [0.0], 1).get::<f32, 1>(const { PLAN.places([0]) });
}

#[test]
#[should_panic(expected = "a buffer of F32 is taken as I8")]
fn an_output_of_another_type_is_refused() {
    const PLAN: Plan<1, 1> = Plan::new([Buffer::new(3, 0, 1)], [Buffer::output(4, 2)]);
    let (mut output, mut words) = ([0i8; 16], [0; 4]);
    let mut memory = Memory::of_words(&mut words, 1);
    let mut memory = memory.with([super::output(&mut output)]);
    memory.get::<f32, 1>(const { PLAN.places([0]) });
}

/// Plans whose sizes or addresses wrap in a release build are refused by a message of their own.
#[test]
fn sizes_that_wrap_are_refused() {
    const HUGE: usize = usize::MAX / 4 + 1;
    let buffer = |len| Buffer::new(len, 0, 1);
    for [a, b] in [
        [HUGE, 8],
        [HUGE - 1, HUGE - 1],
        [usize::MAX, 2],
        [2 * HUGE, 2 * HUGE],
    ] {
        refused(|| _ = Plan::new([buffer(a), buffer(b)], []));
        refused(|| _ = Plan::new([buffer(b)], [Buffer::output(a, 2)]));
        refused(|| _ = Plan::placed([buffer(a), buffer(b)], [], [0, a]));
        refused(|| _ = Plan::placed([buffer(b)], [Buffer::output(a, 2)], [a]));
    }
    for address in [HUGE - 1, HUGE, usize::MAX - 2, usize::MAX] {
        refused(|| _ = Plan::placed([buffer(4)], [], [address]));
    }
    refused(|| _ = buffer(HUGE).of::<f32>());
    refused(|| _ = buffer(usize::MAX).of::<i16>());
}

#[track_caller]
fn refused(work: impl FnOnce() + std::panic::UnwindSafe) {
    let panic = std::panic::catch_unwind(work).expect_err("sizes that wrap");
    let message = match panic.downcast_ref::<String>() {
        Some(message) => message,
        None => *panic.downcast_ref::<&str>().expect("a message"),
    };
    assert!(message.contains("overflow"), "{message}");
    assert!(!message.contains("attempt to"), "{message}");
}
