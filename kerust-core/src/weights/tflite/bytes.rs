//! A FlatBuffers reader: tables of fields, whose offsets are checked before they are followed.
//!
//! The code that is generated from TensorFlow Lite's schema has 24,000 lines for more than 200 operators.
//! This reader covers the dozen tables that are needed, does not allocate, and cannot panic.

/// A position in the file that is not valid in a FlatBuffer.
#[derive(Debug)]
pub(super) struct Broken {
    /// The offset in bytes.
    pub(super) at: usize,
    /// What was expected there.
    pub(super) expected: &'static str,
}

pub(super) type Read<T> = Result<T, Broken>;

/// A table. Fields that are left out have their defaults.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The size of the table itself in bytes.
    size: usize,
    /// The offset of each field, or 0 if it is left out.
    fields: &'a [u8],
}

impl<'a> Table<'a> {
    /// The root table of the file.
    pub(super) fn root(bytes: &'a [u8]) -> Read<Self> {
        let at = offset(bytes, 0)?;
        Self::new(bytes, at)
    }

    fn new(bytes: &'a [u8], at: usize) -> Read<Self> {
        let broken = Broken {
            at,
            expected: "a table",
        };
        let table = || {
            let back = i64::from(i32::from_le_bytes(array(bytes, at)?));
            let fields_at = usize::try_from(i64::try_from(at).ok()?.checked_sub(back)?).ok()?;
            let len = u16::from_le_bytes(array(bytes, fields_at)?).into();
            let size = u16::from_le_bytes(array(bytes, fields_at.checked_add(2)?)?).into();
            let fields = bytes.get(fields_at..)?.get(4..len)?;
            bytes.get(at..)?.get(..size)?;
            Some(Self {
                bytes,
                at,
                size,
                fields,
            })
        };
        table().ok_or(broken)
    }

    /// The position of a field with `width` bytes.
    fn place(&self, field: usize, width: usize) -> Read<Option<usize>> {
        let offset = array(self.fields, 2 * field).map_or(0, u16::from_le_bytes);
        match usize::from(offset) {
            0 => Ok(None),
            offset if offset + width <= self.size => Ok(Some(self.at + offset)),
            _ => Err(Broken {
                at: self.at,
                expected: "a table with all its fields",
            }),
        }
    }

    fn scalar<const N: usize, T>(
        &self,
        field: usize,
        from: fn([u8; N]) -> T,
        default: T,
    ) -> Read<T> {
        let place = self.place(field, N)?;
        let value = place.and_then(|at| array(self.bytes, at));
        Ok(value.map_or(default, from))
    }

    pub(super) fn i8(&self, field: usize, default: i8) -> Read<i8> {
        self.scalar(field, i8::from_le_bytes, default)
    }

    pub(super) fn i32(&self, field: usize, default: i32) -> Read<i32> {
        self.scalar(field, i32::from_le_bytes, default)
    }

    pub(super) fn u32(&self, field: usize) -> Read<u32> {
        self.scalar(field, u32::from_le_bytes, 0)
    }

    pub(super) fn u64(&self, field: usize) -> Read<u64> {
        self.scalar(field, u64::from_le_bytes, 0)
    }

    pub(super) fn f32(&self, field: usize) -> Read<f32> {
        self.scalar(field, f32::from_le_bytes, 0.0)
    }

    pub(super) fn has(&self, field: usize) -> Read<bool> {
        Ok(self.place(field, 0)?.is_some())
    }

    pub(super) fn table(&self, field: usize) -> Read<Option<Self>> {
        let Some(place) = self.place(field, 4)? else {
            return Ok(None);
        };
        Self::new(self.bytes, offset(self.bytes, place)?).map(Some)
    }

    /// The bytes of a vector of scalars with `width` bytes each, or `None` if the field is left out.
    pub(super) fn vector(&self, field: usize, width: usize) -> Read<Option<&'a [u8]>> {
        Ok(self.place_of_vector(field, width)?.map(|(_, bytes)| bytes))
    }

    /// The position of a vector's values, and their bytes.
    fn place_of_vector(&self, field: usize, width: usize) -> Read<Option<(usize, &'a [u8])>> {
        let Some(place) = self.place(field, 4)? else {
            return Ok(None);
        };
        let at = offset(self.bytes, place)?;
        let vector = || {
            let len = usize::try_from(u32::from_le_bytes(array(self.bytes, at)?)).ok()?;
            let first = at.checked_add(4)?;
            let values = self.bytes.get(first..)?;
            Some((first, values.get(..len.checked_mul(width)?)?))
        };
        let broken = Broken {
            at,
            expected: "a vector that ends inside the file",
        };
        vector().ok_or(broken).map(Some)
    }

    /// A vector of 32-bit integers, which is empty if the field is left out.
    pub(super) fn i32s(&self, field: usize) -> Read<impl ExactSizeIterator<Item = i32> + 'a> {
        let bytes = self.vector(field, 4)?.unwrap_or_default();
        Ok(scalars(bytes, i32::from_le_bytes))
    }

    /// A vector of tables, which is empty if the field is left out.
    pub(super) fn tables(&self, field: usize) -> Read<Tables<'a>> {
        let (at, offsets) = self.place_of_vector(field, 4)?.unwrap_or_default();
        Ok(Tables {
            bytes: self.bytes,
            at,
            len: offsets.len() / 4,
        })
    }

    /// A string, which is empty if the field is left out.
    pub(super) fn text(&self, field: usize) -> Read<&'a str> {
        let bytes = self.vector(field, 1)?.unwrap_or_default();
        core::str::from_utf8(bytes).map_err(|_| Broken {
            at: self.at,
            expected: "a text in UTF-8",
        })
    }
}

/// A vector of tables.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    bytes: &'a [u8],
    at: usize,
    len: usize,
}

impl<'a> Tables<'a> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The table at `index`, or `None` after the end.
    pub(super) fn get(&self, index: usize) -> Read<Option<Table<'a>>> {
        if index >= self.len {
            return Ok(None);
        }
        let at = offset(self.bytes, self.at + 4 * index)?;
        Table::new(self.bytes, at).map(Some)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Read<Table<'a>>> {
        let all = *self;
        (0..self.len).filter_map(move |index| all.get(index).transpose())
    }
}

/// The values in the bytes of a vector.
pub(super) fn scalars<'a, const N: usize, T>(
    bytes: &'a [u8],
    from: fn([u8; N]) -> T,
) -> impl ExactSizeIterator<Item = T> + 'a
where
    T: 'a,
{
    bytes
        .as_chunks::<N>()
        .0
        .iter()
        .map(move |bytes| from(*bytes))
}

/// The position to which the offset at `at` points.
fn offset(bytes: &[u8], at: usize) -> Read<usize> {
    let place = || {
        let offset = usize::try_from(u32::from_le_bytes(array(bytes, at)?)).ok()?;
        at.checked_add(offset)
    };
    place().ok_or(Broken {
        at,
        expected: "an offset",
    })
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
