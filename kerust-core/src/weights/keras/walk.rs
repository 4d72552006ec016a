//! Walks through the groups of a file. The file may be malicious, so all counts and links are limited.

use super::stored::fault;
use hdf5_pure::{AttrValue, Group};
use std::collections::HashMap;

/// The maximum nesting depth of groups. A nested model of Keras is two groups deeper.
const DEPTH_MAX: usize = 64;
/// The minimum size of a group in a file, in bytes.
const GROUP_BYTES: usize = 48;
/// The maximum number of groups, even in the largest file.
const GROUPS_MAX: usize = 1 << 16;

/// The remaining limits of a walk.
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

    /// The groups in a group at `path`, which ends with `/` unless it is the root.
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

    /// Counts groups or tensors at a path.
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
