//! Walking a file's groups, of which no number and no link is believed.

use super::stored::fault;
use hdf5_pure::{AttrValue, Group};
use std::collections::HashMap;

/// How many groups stand in each other at most. Keras puts a model inside a model two groups deeper.
const DEPTH_MAX: usize = 64;
/// No group takes fewer bytes of a file.
const GROUP_BYTES: usize = 48;
/// The groups of the largest file.
const GROUPS_MAX: usize = 1 << 16;

/// How far a walk may still go.
pub(super) struct Walk {
    groups: usize,
    file_len: usize,
}

impl Walk {
    pub(super) fn new(file_len: usize) -> Self {
        Self {
            groups: (file_len / GROUP_BYTES).min(GROUPS_MAX),
            file_len,
        }
    }

    /// The groups in a group at `path`, which ends in `/` unless it is the root's.
    pub(super) fn groups(
        &mut self,
        group: &Group,
        path: &str,
    ) -> Result<Vec<(String, Group)>, String> {
        if path.matches('/').count() >= DEPTH_MAX {
            let start: String = path.chars().take(64).collect();
            return Err(fault(
                &format!("{start}.."),
                format_args!("groups more than {DEPTH_MAX} deep in each other"),
            ));
        }
        let groups = group.iter_groups().map_err(|error| fault(path, error))?;
        let groups: Vec<_> = groups.collect();
        self.take(groups.len(), path)?;
        Ok(groups)
    }

    /// Counts so many groups or tensors at a path.
    pub(super) fn take(&mut self, count: usize, path: &str) -> Result<(), String> {
        self.groups = self.groups.checked_sub(count).ok_or_else(|| {
            let len = self.file_len;
            fault(
                path,
                format_args!("more groups than a file of {len} bytes holds"),
            )
        })?;
        Ok(())
    }
}

/// The attributes of a group at `path`.
pub(super) fn attributes(group: &Group, path: &str) -> Result<HashMap<String, AttrValue>, String> {
    group.attrs().map_err(|error| fault(path, error))
}
