//! `new` of callbacks that watch a number, answered with `monitor`.

use super::{EarlyStopping, ReduceLROnPlateau};
use crate::habit::no_new;

no_new! {
    WatchesNothing: EarlyStopping, ReduceLROnPlateau,
}
