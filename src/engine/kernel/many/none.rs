//! A machine without wide registers: there are no groups, and every pair is compared alone.

use std::convert::Infallible;
use std::marker::PhantomData;

use super::Swaps;
use crate::engine::kernel::prepared::Side;

/// Texts that are compared in step.
pub(super) const LANES: usize = 1;
/// Letters that a text may have.
pub(super) const LETTERS: usize = 0;

/// A group that takes no text.
#[derive(Default)]
pub(super) struct Group;

impl Group {
    pub(super) fn take(&mut self, _place: usize, _text: &str) -> bool {
        false
    }

    pub(super) fn is_full(&self) -> bool {
        false
    }

    pub(super) fn empty(&mut self) -> &[usize] {
        &[]
    }
}

/// There is none.
pub(super) struct Wide<'a> {
    none: Infallible,
    of: PhantomData<Side<'a>>,
}

impl<'a> Wide<'a> {
    pub(super) fn new(_side: Side<'a>) -> Option<Self> {
        None
    }

    pub(super) fn similarities(&self, _group: &Group) -> [f64; LANES] {
        match self.none {}
    }

    pub(super) fn distances(&self, _group: &Group, _swaps: Swaps) -> [u32; LANES] {
        match self.none {}
    }
}
