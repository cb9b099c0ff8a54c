//! Dictionaries: each distinct text, name or set of a column is stored and prepared once, and rows hold its number.
//!
//! Number 0 is the missing value. Entries are never removed: a live index grows by the distinct values it has seen
//! until it is built anew. A dictionary finds an entry by its hash in a table of numbers; what it compares with stands where
//! the entry itself does, so that no hash or text is held twice.

mod names;
mod sets;
mod texts;

use super::error::CheckpointError;
use super::field::Kind;
use super::flat::{Sink, Source};

pub(crate) use self::names::Names;
pub(crate) use self::sets::Sets;
pub(crate) use self::texts::{Texts, text_hash};

/// Many short runs of items, one behind the other, each known by its number from 0.
struct Runs<T> {
    items: Vec<T>,
    ends: Vec<u32>,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T> Runs<T> {
    #[inline]
    fn get(&self, number: usize) -> &[T] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.items[start as usize..self.ends[number] as usize]
    }

    fn push(&mut self, items: impl IntoIterator<Item = T>) {
        self.items.extend(items);
        self.ends.push(end_of(self.items.len()));
    }
}

fn end_of(length: usize) -> u32 {
    u32::try_from(length).expect("a dictionary holds less than 4 G letters or words")
}

/// The dictionary of one column.
pub(crate) enum Dictionary {
    /// The packed row holds the value itself.
    None,
    Texts(Texts),
    Names(Names),
    Sets(Sets),
}

impl Dictionary {
    /// An empty one for a column of a type; the words of texts are kept only where somebody reads them.
    pub(crate) fn of(kind: Kind, words: bool) -> Self {
        match kind {
            Kind::Text | Kind::Code => Self::Texts(Texts::new(words)),
            Kind::Name => Self::Names(Names::default()),
            Kind::Set => Self::Sets(Sets::default()),
            Kind::Digits | Kind::Date | Kind::Number => Self::None,
        }
    }

    /// The packed value that means what another dictionary's means.
    pub(crate) fn copy_of(&mut self, other: &Self, cell: u64) -> u64 {
        let id = cell as u32;
        match (self, other) {
            _ if cell == 0 => 0,
            (Self::Texts(own), Self::Texts(other)) => u64::from(own.copy_of(other, id)),
            (Self::Names(own), Self::Names(other)) => u64::from(own.copy_of(other, id)),
            (Self::Sets(own), Self::Sets(other)) => u64::from(own.copy_of(other, id)),
            (Self::None | Self::Texts(_) | Self::Names(_) | Self::Sets(_), _) => cell,
        }
    }

    /// Numbers below this have an entry, but for 0.
    pub(crate) fn limit(&self) -> u64 {
        match self {
            Self::None => u64::MAX,
            Self::Texts(texts) => texts.limit() as u64,
            Self::Names(names) => names.limit() as u64,
            Self::Sets(sets) => sets.limit() as u64,
        }
    }

    pub(crate) fn write(&self, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
        match self {
            Self::None => Ok(()),
            Self::Texts(texts) => texts.write(sink),
            Self::Names(names) => names.write(sink),
            Self::Sets(sets) => sets.write(sink),
        }
    }

    /// Reads the entries into an empty dictionary. What finds them is made by [`Self::find_again`].
    pub(crate) fn read(&mut self, source: &mut Source<'_>) -> Result<(), CheckpointError> {
        match self {
            Self::None => Ok(()),
            Self::Texts(texts) => texts.read(source),
            Self::Names(names) => names.read(source),
            Self::Sets(sets) => sets.read(source),
        }
    }

    /// Makes the table in which entries are found by their hash.
    pub(crate) fn find_again(&mut self) {
        match self {
            Self::None => {}
            Self::Texts(texts) => texts.find_again(),
            Self::Names(names) => names.find_again(),
            Self::Sets(sets) => sets.find_again(),
        }
    }
}
