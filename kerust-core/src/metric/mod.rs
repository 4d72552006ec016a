//! Stand-in until the metrics are merged.
#![allow(missing_docs)]

use crate::data::Data;
use crate::model::Heads;

pub trait Metrics<H: Heads, Y: Data>: Send + 'static {}

pub struct Accuracy;
pub struct BinaryAccuracy;

impl<H: Heads, Y: Data> Metrics<H, Y> for Accuracy {}
impl<H: Heads, Y: Data> Metrics<H, Y> for BinaryAccuracy {}
