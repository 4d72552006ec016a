//! ZIP archives in the form that NumPy writes: members are stored or deflated.
//!
//! See PKWARE's APPNOTE, sections 4.3 and 4.5.3. The list of members at the end of the file is authoritative.
//! This is kerust's own code, because a crate for it, with its dependencies, takes about 15 seconds of one
//! core to build.

use super::NpyFault;
use crate::data::unpack::most_unpacked;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// An archive, open for reading.
#[derive(Debug)]
pub(super) struct Zip {
    /// Locked, because all members share the position in the file.
    file: Mutex<File>,
    members: Vec<Member>,
    /// The start of the list of members, which is the end of the members.
    end: u64,
}

#[derive(Debug)]
struct Member {
    name: String,
    flags: u16,
    method: u16,
    checksum: u32,
    packed: u64,
    unpacked: u64,
    /// The offset of its local header.
    start: u64,
}

type Outcome<T> = Result<T, NpyFault>;

fn corrupt<T>(fault: impl Into<String>) -> Outcome<T> {
    Err(NpyFault::Archive(fault.into()))
}

impl Zip {
    /// Opens the archive and reads its list of members.
    pub(super) fn open(path: &Path) -> Outcome<Self> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return corrupt("it is not a regular file");
        }
        let list = List::find(&mut file, metadata.len())?;
        let bytes = read_at(&mut file, list.start, list.len)?;
        let members = list.members(&bytes)?;
        let end = list.start;
        Ok(Self {
            file: Mutex::new(file),
            members,
            end,
        })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// The length of the archive without the list of members.
    pub(super) fn len(&self) -> u64 {
        self.end
    }

    /// The decompressed bytes of the member with this name. Their length and checksum are verified.
    pub(super) fn read(&self, name: &str) -> Outcome<Vec<u8>> {
        let Some(member) = self.members.iter().find(|member| member.name == name) else {
            let found = self.names().map(str::to_owned).collect();
            return Err(NpyFault::Missing { found });
        };
        let Member {
            packed, unpacked, ..
        } = *member;
        if member.flags & 1 != 0 {
            return corrupt("it is encrypted");
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = &mut *file;
        let header = read_at(file, member.start, LOCAL_BYTES)?;
        if header[..4] != *b"PK\x03\x04" {
            return corrupt("its header is not at the position in the list of members");
        }
        let behind = number(&header, 26, 2) + number(&header, 28, 2);
        let start = member.start + LOCAL_BYTES + behind;
        if start.checked_add(packed).is_none_or(|end| end > self.end) {
            return corrupt(format!(
                "it is truncated: its {packed} bytes extend beyond the end of the file"
            ));
        }
        let most = most_unpacked(packed);
        if unpacked > most {
            return corrupt(format!(
                "it would unpack to {unpacked} bytes, expected at most {most} of its {packed}"
            ));
        }
        file.seek(SeekFrom::Start(start))?;
        let data = BufReader::new(file).take(packed);
        let mut bytes = Vec::new();
        match member.method {
            0 => data.take(unpacked + 1).read_to_end(&mut bytes)?,
            8 => DeflateDecoder::new(data)
                .take(unpacked + 1)
                .read_to_end(&mut bytes)?,
            method => return corrupt(format!("it is packed by method {method}, expected 0 or 8")),
        };
        let found = bytes.len() as u64;
        if found != unpacked {
            return corrupt(format!("it unpacks to {found} bytes, expected {unpacked}"));
        }
        let mut crc = Crc::new();
        crc.update(&bytes);
        if crc.sum() != member.checksum {
            return corrupt("its checksum is wrong");
        }
        Ok(bytes)
    }
}

/// The lengths in bytes of a member's local header, of its entry in the list, of the end record, and of the
/// ZIP64 end record and its locator, without names and comments.
const LOCAL_BYTES: u64 = 30;
const ENTRY_BYTES: usize = 46;
const END_BYTES: usize = 22;
const LONG_END_BYTES: u64 = 56;
const LOCATOR_BYTES: u64 = 20;
/// The maximum length of the comment after the end record.
const MAX_COMMENT_BYTES: u64 = u16::MAX as u64;
/// Marks a number that is stored elsewhere with 64 bits.
const LONG: u64 = u32::MAX as u64;

/// The position of the list of members.
struct List {
    start: u64,
    len: u64,
    count: u64,
}

impl List {
    /// Finds the list through the end record.
    fn find(file: &mut File, file_len: u64) -> Outcome<Self> {
        let tail_len = file_len.min(END_BYTES as u64 + MAX_COMMENT_BYTES);
        let tail_start = file_len - tail_len;
        let tail = read_at(file, tail_start, tail_len)?;
        // The end record is the one whose comment ends with the file, because a comment may contain the
        // signature too.
        let is_end = |at: &usize| {
            tail[*at..].starts_with(b"PK\x05\x06")
                && number(&tail, at + 20, 2) == (tail.len() - at - END_BYTES) as u64
        };
        let last = tail.len().checked_sub(END_BYTES);
        let Some(at) = last.and_then(|last| (0..=last).rev().find(is_end)) else {
            return corrupt("its end, with the list of members, is missing");
        };
        let end = tail_start + at as u64;
        let mut list = Self {
            count: number(&tail, at + 10, 2),
            len: number(&tail, at + 12, 4),
            start: number(&tail, at + 16, 4),
        };
        let mut behind = end;
        if list.count == u64::from(u16::MAX) || list.len == LONG || list.start == LONG {
            let locator = match end.checked_sub(LOCATOR_BYTES) {
                Some(at) => read_at(file, at, LOCATOR_BYTES)?,
                None => return corrupt("its end is truncated"),
            };
            let at = number(&locator, 8, 8);
            if !locator.starts_with(b"PK\x06\x07") || at > end - LOCATOR_BYTES {
                return corrupt("its end with long numbers is missing");
            }
            let record = read_at(file, at, LONG_END_BYTES)?;
            if !record.starts_with(b"PK\x06\x06") {
                return corrupt("its end with long numbers is missing");
            }
            list = Self {
                count: number(&record, 32, 8),
                len: number(&record, 40, 8),
                start: number(&record, 48, 8),
            };
            behind = at;
        }
        if list
            .start
            .checked_add(list.len)
            .is_none_or(|end| end > behind)
        {
            return corrupt("its list of members is not before its end");
        }
        Ok(list)
    }

    fn members(&self, mut bytes: &[u8]) -> Outcome<Vec<Member>> {
        let mut members: Vec<Member> = Vec::new();
        while !bytes.is_empty() {
            let Some((member, rest)) = Member::parse(bytes) else {
                return corrupt(format!("entry {} of its list of members", members.len()));
            };
            if members.iter().any(|other| other.name == member.name) {
                return corrupt(format!("it has two members `{}`", member.name));
            }
            members.push(member);
            bytes = rest;
            if members.len() > MAX_MEMBERS {
                return corrupt(format!("it has more than {MAX_MEMBERS} members"));
            }
        }
        match members.len() as u64 {
            found if found == self.count => Ok(members),
            found => corrupt(format!(
                "it has {found} members, its end promises {}",
                self.count
            )),
        }
    }
}

/// More arrays than any real file contains, and few enough to compare their names.
const MAX_MEMBERS: usize = 10_000;

impl Member {
    /// Parses the entry at the start of `bytes`, and returns the rest.
    fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let entry = bytes.get(..ENTRY_BYTES)?;
        if !entry.starts_with(b"PK\x01\x02") {
            return None;
        }
        let [name_len, extra_len, comment_len] =
            [28, 30, 32].map(|at| number(entry, at, 2) as usize);
        let behind = bytes.get(ENTRY_BYTES..)?;
        let name = behind.get(..name_len)?;
        let mut extra = behind.get(name_len..name_len + extra_len)?;
        let rest = behind.get(name_len + extra_len + comment_len..)?;
        // The sizes and the offset. Those that do not fit are in the extra fields, in this order.
        let mut numbers = [24, 20, 42].map(|at| number(entry, at, 4));
        while let [id0, id1, len0, len1, data @ ..] = extra {
            let len = usize::from(u16::from_le_bytes([*len0, *len1]));
            let (mut long, next) = data.split_at_checked(len)?;
            if [*id0, *id1] == [1, 0] {
                for wanted in numbers.iter_mut().filter(|number| **number == LONG) {
                    let (value, others) = long.split_at_checked(8)?;
                    *wanted = number(value, 0, 8);
                    long = others;
                }
            }
            extra = next;
        }
        let [unpacked, packed, start] = numbers;
        let member = Self {
            name: String::from_utf8_lossy(name).into_owned(),
            flags: number(entry, 8, 2) as u16,
            method: number(entry, 10, 2) as u16,
            checksum: number(entry, 16, 4) as u32,
            packed,
            unpacked,
            start,
        };
        Some((member, rest))
    }
}

/// The little-endian number of `len` bytes at `at`.
fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let bytes = bytes[at..at + len].iter().rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Reads exactly this number of bytes.
fn read_at(file: &mut File, start: u64, len: u64) -> Outcome<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != len {
        return corrupt("it is truncated");
    }
    Ok(bytes)
}
