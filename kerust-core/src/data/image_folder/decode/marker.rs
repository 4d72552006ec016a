//! Scans the markers of a JPEG file, to check its end and to read its size.
//!
//! See ITU-T T.81, annex B. Values between markers are skipped.

/// The information from the markers.
#[derive(PartialEq, Debug)]
pub(super) struct Markers {
    /// Rows and columns.
    pub(super) size: [usize; 2],
    /// The number of 8×8 blocks of all components.
    pub(super) blocks: u64,
    /// The maximum number of blocks that one byte can encode.
    pub(super) blocks_of_a_byte: u64,
    /// Whether there are extra bytes between the headers.
    pub(super) bytes_between: bool,
}

/// Start of scan.
const SCAN: u8 = 0xda;
/// End of image.
const END: u8 = 0xd9;

/// Scans from the start of the image to its end.
///
/// # Errors
/// Returns an error if the file ends before the image does, or there is no frame header.
pub(super) fn walk(bytes: &[u8]) -> Result<Markers, String> {
    let cut = || format!("no end of image was found in its {} bytes", bytes.len());
    let mut frame: Option<Markers> = None;
    let mut bytes_between = false;
    let mut at = 2;
    loop {
        let (marker, next) = next_marker(bytes, at).ok_or_else(cut)?;
        bytes_between |= bytes.get(at) != Some(&0xff);
        at = next;
        match marker {
            END => break,
            // Restarts, and other markers without a length.
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let len = bytes.get(at..at + 2).ok_or_else(cut)?;
        let len = usize::from(u16::from_be_bytes([len[0], len[1]]));
        let segment = bytes.get(at..at + len).ok_or_else(cut)?;
        let segment = segment
            .get(2..)
            .ok_or("the length of a segment is below 2")?;
        at += len;
        match marker {
            // The codes of tables (0xc4, 0xcc) and of an extension (0xc8) lie between those of frames.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                frame = Some(frame_of(marker, segment).ok_or("its frame header is too short")?);
            }
            SCAN => at = scan_end(bytes, at),
            _ => {}
        }
    }
    let frame = frame.ok_or("it has no frame header")?;
    Ok(Markers {
        bytes_between,
        ..frame
    })
}

/// The next marker from `at` on, and the position after it. There can be fill bytes before its last byte.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff);
    let found = bytes.get(at..)?.windows(2).position(marker)?;
    Some((bytes[at + found + 1], at + found + 2))
}

/// The position of the marker after the values of a scan. Restart markers are part of the scan.
fn scan_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match next_marker(bytes, at) {
            Some((0xd0..=0xd7, next)) => at = next,
            Some((_, next)) => return next - 2,
            None => return bytes.len(),
        }
    }
}

/// The size and the number of blocks from a frame header.
fn frame_of(marker: u8, segment: &[u8]) -> Option<Markers> {
    let [_, h0, h1, w0, w1, count, ref components @ ..] = *segment else {
        return None;
    };
    let size = [[h0, h1], [w0, w1]].map(|size| usize::from(u16::from_be_bytes(size)));
    let components = components.get(..3 * usize::from(count))?;
    let samplings = || {
        let sampling = components.chunks_exact(3).map(|component| component[1]);
        sampling.map(|sampling| [sampling & 15, sampling >> 4].map(u64::from))
    };
    let most = |axis: usize| samplings().map(|s| s[axis]).max().unwrap_or(1).max(1);
    let units = |axis: usize| (size[axis] as u64).div_ceil(8 * most(axis));
    let of_a_unit: u64 = samplings()
        .map(|[vertical, horizontal]| vertical * horizontal)
        .sum();
    // A block needs at least one bit for its first value, and one for the others, unless scans are
    // progressive.
    let progressive = matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
    Some(Markers {
        size,
        blocks: units(0) * units(1) * of_a_unit,
        blocks_of_a_byte: if progressive { 8 } else { 4 },
        bytes_between: false,
    })
}
