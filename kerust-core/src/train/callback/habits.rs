//! The compile error for `new` on callbacks that need a metric to monitor.

use super::{EarlyStopping, ReduceLROnPlateau};
use crate::habit::no_new;

no_new! {
    WatchesNothing: EarlyStopping, ReduceLROnPlateau,
}
