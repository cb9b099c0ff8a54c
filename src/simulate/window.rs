//! Rows leave in another order than they were made: each feed has a window of rows from which one is drawn at a time.

use super::dice::{Dice, Purpose};
use super::{Sink, SinkError};
use crate::domain::feed::Feed;

/// Rows that wait in the window of one feed.
const ROWS: usize = 4096;

/// The window of one feed: memory is bounded by its size, not by the world's.
pub(crate) struct Window {
    feed: Feed,
    waiting: Vec<String>,
    dice: Dice,
}

impl Window {
    pub(crate) fn new(feed: Feed, seed: u64) -> Self {
        Self { feed, waiting: Vec::new(), dice: Dice::new(seed, Purpose::Order, u64::from(feed.code())) }
    }

    /// Puts a row in; when the window is full, another leaves.
    pub(crate) fn put(&mut self, line: String, sink: &mut impl Sink) -> Result<(), SinkError> {
        if self.waiting.len() < ROWS {
            self.waiting.push(line);
            return Ok(());
        }
        let at = self.dice.below(ROWS);
        let leaving = std::mem::replace(&mut self.waiting[at], line);
        sink.row(self.feed, &leaving)
    }

    /// Lets the rest leave.
    pub(crate) fn close(mut self, sink: &mut impl Sink) -> Result<(), SinkError> {
        while !self.waiting.is_empty() {
            let at = self.dice.below(self.waiting.len());
            sink.row(self.feed, &self.waiting.swap_remove(at))?;
        }
        Ok(())
    }
}
