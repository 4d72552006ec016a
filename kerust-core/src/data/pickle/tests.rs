use super::*;

fn fault(bytes: &[u8]) -> String {
    match Pickle::read(bytes, bytes.len() as u64) {
        Ok(pickle) => format!("read as {}", pickle.kind(pickle.top())),
        Err(fault) => fault,
    }
}

fn integers(bytes: &[u8]) -> Vec<i32> {
    let pickle = Pickle::read(bytes, bytes.len() as u64).unwrap();
    let values = pickle.list(pickle.top()).unwrap().iter();
    values
        .map(|value| pickle.integer(*value).unwrap())
        .collect()
}

#[test]
fn integers_of_every_width_are_read() {
    // `pickle.dumps([0, 255, 65535, -1, 2147483647, -129, -(2**31)], 2)`, the last three as LONG1.
    let bytes = b"\x80\x02](K\x00K\xffM\xff\xffJ\xff\xff\xff\xff\
        \x8a\x04\xff\xff\xff\x7f\x8a\x02\x7f\xff\x8a\x04\x00\x00\x00\x80e.";
    let expected = [0, 255, 65_535, -1, i32::MAX, -129, i32::MIN];
    assert_eq!(integers(bytes), expected);
    assert_eq!(integers(b"\x80\x02]\x8a\x00a."), [0]);
    assert!(fault(b"\x80\x02\x8a\x05\x00\x00\x00\x00\x01.").contains("an integer beyond 32 bits"));
    assert!(fault(b"\x80\x02\x8a\x04\x00\x00\x00\xff\x00.").contains("it is in no pickle"));
}

#[test]
fn a_function_is_named_and_not_called() {
    let os_system = b"\x80\x02cos\nsystem\nU\x04echo\x85R.";
    let expected = "byte 2, instruction 0x63: it names the function `os.system`, expected none but \
                    NumPy's for arrays";
    assert_eq!(fault(os_system), expected);
    let by_stack = b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.";
    assert!(fault(by_stack).contains("`builtins.eval`"));
    let called = b"\x80\x02cnumpy\nndarray\n)R.";
    assert!(fault(called).contains("in a way that builds no array"));
}

#[test]
fn programs_that_end_or_underflow_are_refused() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "expected a pickle of protocol 2 to 5"),
        (b"(lp0\n.", "expected a pickle of protocol 2 to 5"),
        (
            b"\x80\x06N.",
            "byte 0, instruction 0x80: protocol 6, expected 2 to 5",
        ),
        (b"\x80\x02N", "it ends after 3 bytes"),
        (b"\x80\x02.", "the stack is empty"),
        (
            b"\x80\x02Ne.",
            "byte 3, instruction 0x65: the stack has no mark",
        ),
        (
            b"\x80\x02N(a.",
            "byte 4, instruction 0x61: the stack is empty",
        ),
        (
            b"\x80\x02h\x01.",
            "byte 2, instruction 0x68: nothing is remembered as 1",
        ),
        (
            b"\x80\x02T\xff\xff\xff\xff.",
            "byte 2, instruction 0x54: it ends after 8 bytes",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(fault(bytes), expected);
    }
    assert!(fault(b"\x80\x02}(K\x01u.").contains("a key has no value"));
}

#[test]
fn depth_and_cycles_cost_no_stack() {
    let deep = [
        b"\x80\x02",
        &b"]".repeat(500_000)[..],
        &b"a".repeat(499_999),
        b".",
    ]
    .concat();
    assert_eq!(fault(&deep), "read as a list");
    // A list that contains itself.
    assert_eq!(fault(b"\x80\x02]q\x00h\x00a."), "read as a list");
}

#[test]
fn the_number_of_values_is_bounded() {
    for instruction in [&b"]"[..], b"(", b"N"] {
        let many = [b"\x80\x02N", &instruction.repeat(3 << 20)[..]].concat();
        let message = Pickle::read(&many, 1000).err().unwrap();
        assert!(
            message.contains("more values than data of its length"),
            "{message}"
        );
    }
    let remembered = [b"\x80\x02N", &b"\x94".repeat(3 << 20)[..]].concat();
    assert!(Pickle::read(&remembered, 1000).is_err());
}

#[test]
fn any_bytes_are_read_or_refused() {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let codes = b"(012NJKMG\x88\x89\x8aUCTBX\x8c]})ltdaesuqrhjcRb.\x85\x86\x87\x93\x94\x95";
    for _ in 0..50_000 {
        let mut bytes = b"\x80\x02".to_vec();
        for _ in 0..next() % 40 {
            bytes.push(match next() % 4 {
                0 => next() as u8 % 4,
                _ => codes[next() % codes.len()],
            });
        }
        if let Ok(pickle) = Pickle::read(&bytes, 40) {
            let _ = pickle.entry("data");
            let _ = pickle.byte_array(pickle.top());
            let _ = pickle.object_array(pickle.top());
        }
    }
}
