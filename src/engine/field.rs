//! The types of columns, and where a value of one lies in a packed row: what plans, rows and comparators all speak of.

use std::fmt;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text, compared by letters or words.
    Text,
    /// A name that was taken apart.
    Name,
    /// A string of 1 to 19 digits.
    Digits,
    /// A day, not necessarily in the calendar.
    Date,
    /// A value that is only equal or not.
    Code,
    /// A measured number.
    Number,
    /// Several values, order and repetition without meaning.
    Set,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Text, Self::Name, Self::Digits, Self::Date, Self::Code, Self::Number, Self::Set];

    /// The word used in model files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Name => "name",
            Self::Digits => "digits",
            Self::Date => "date",
            Self::Code => "code",
            Self::Number => "number",
            Self::Set => "set",
        }
    }

    /// Words of 32 bits that a packed value takes.
    pub(crate) const fn width(self) -> u32 {
        match self {
            Self::Digits | Self::Number => 2,
            Self::Text | Self::Name | Self::Date | Self::Code | Self::Set => 1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A column as comparators and keys see it: which dictionary, and where in the packed row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) index: usize,
    pub(crate) offset: usize,
    pub(crate) kind: Kind,
}

impl Field {
    pub(crate) const fn wide(self) -> bool {
        self.kind.width() == 2
    }
}
