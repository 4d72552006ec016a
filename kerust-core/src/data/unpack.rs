//! How much a compressed file may unpack to.

/// Unpacked bytes that are always allowed: as much as a small machine has to spare.
const ALWAYS: u64 = 64 << 20;

/// Images, tables and words become 2 to 20 times smaller; what is more than this many times smaller
/// was made to fill memory.
const MAX_RATIO: u64 = 100;

/// The most bytes that `packed` bytes are unpacked to.
pub(super) fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(MAX_RATIO).max(ALWAYS)
}
