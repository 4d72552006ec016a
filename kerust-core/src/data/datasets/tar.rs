//! Reads files from a `.tar.gz` archive.
//!
//! The format is POSIX's `ustar`: a header of 512 bytes, then the file, padded to a multiple of 512.

use crate::data::DataError;
use crate::data::unpack::most_unpacked;
use crate::error::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const BLOCK: usize = 512;

/// The contents of the files with these names, in this order. A name is the whole path in the archive.
pub(super) fn files(path: &Path, names: &[String]) -> Result<Vec<Vec<u8>>> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let len = file.metadata().map_err(Error::io("read", path))?.len();
    let unpacked = MultiGzDecoder::new(BufReader::new(file)).take(most_unpacked(len));
    read(unpacked, names).map_err(|fault| {
        let path = path.to_path_buf();
        DataError::Tar { path, fault }.into()
    })
}

fn read(mut archive: impl Read, names: &[String]) -> Result<Vec<Vec<u8>>, String> {
    let corrupt = |error: io::Error| format!("is not a complete .tar.gz archive: {error}");
    let mut files: Vec<Option<Vec<u8>>> = vec![None; names.len()];
    let mut found = Vec::new();
    let mut header = [0; BLOCK];
    loop {
        archive.read_exact(&mut header).map_err(corrupt)?;
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let entry = Entry::parse(&header).ok_or_else(|| {
            format!(
                "is not a complete .tar.gz archive: entry {} is not a header",
                found.len()
            )
        })?;
        let place = names.iter().position(|name| *name == entry.name);
        let mut content = (&mut archive).take(entry.len);
        let taken = match place.filter(|_| entry.is_file) {
            Some(place) => {
                let mut bytes = Vec::new();
                let taken = content.read_to_end(&mut bytes).map_err(corrupt)?;
                files[place] = Some(bytes);
                taken as u64
            }
            None => io::copy(&mut content, &mut io::sink()).map_err(corrupt)?,
        };
        if taken < entry.len {
            let (name, len) = (entry.name, entry.len);
            return Err(format!(
                "is truncated in `{name}`: found {taken} bytes, its header promises {len}"
            ));
        }
        let filler = entry.len.next_multiple_of(BLOCK as u64) - entry.len;
        io::copy(&mut (&mut archive).take(filler), &mut io::sink()).map_err(corrupt)?;
        if found.len() < 20 {
            found.push(entry.name);
        }
    }
    // Reads to the end, so that the checksum covers the whole archive.
    io::copy(&mut archive, &mut io::sink()).map_err(corrupt)?;
    let missing = |name: &String| {
        let found = found.join("`, `");
        format!("lacks the file `{name}`: found `{found}`")
    };
    let files = core::iter::zip(files, names);
    files
        .map(|(file, name)| file.ok_or_else(|| missing(name)))
        .collect()
}

struct Entry {
    name: String,
    len: u64,
    is_file: bool,
}

impl Entry {
    fn parse(header: &[u8; BLOCK]) -> Option<Self> {
        // In the checksum, its own field counts as spaces.
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        let own: u64 = header[148..156].iter().map(|byte| u64::from(*byte)).sum();
        if octal(&header[148..156])? != sum - own + 8 * u64::from(b' ') {
            return None;
        }
        let text = |bytes: &[u8]| {
            let end = bytes
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).into_owned()
        };
        let mut name = text(&header[..100]);
        if header[257..262] == *b"ustar" && header[345] != 0 {
            name = format!("{}/{name}", text(&header[345..500]));
        }
        let name = name.strip_prefix("./").map(str::to_owned).unwrap_or(name);
        Some(Self {
            name,
            // Larger files (above 8 GB) have another encoding.
            len: octal(&header[124..136])?,
            is_file: matches!(header[156], b'0' | 0),
        })
    }
}

/// Parses an octal number that is surrounded by spaces and zero bytes.
fn octal(field: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(field).ok()?;
    let text = text.trim_matches([' ', '\0']);
    u64::from_str_radix(text, 8).ok()
}
