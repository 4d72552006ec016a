//! Limits on the size of decompressed files.

/// A decompressed size that is always allowed, because even a small machine has this much memory.
const ALWAYS: u64 = 64 << 20;

/// Images, tables and texts are compressed by a factor of 2 to 20. A much larger factor is a sign of a
/// malicious file.
const MAX_RATIO: u64 = 100;

/// The maximum size to which `packed` bytes are decompressed.
pub(super) fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(MAX_RATIO).max(ALWAYS)
}
