//! Cells that a spreadsheet would compute, and the apostrophe that guards them.

use std::borrow::Cow;

use crate::domain::sign::steers;

/// Signs that are not shown but do something: those that steer, and those that hide.
pub(crate) fn acts(sign: char) -> bool {
    steers(sign) || matches!(sign, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}')
}

/// What a cell says, without the apostrophe of one of Padan's own tables, or of a spreadsheet that keeps a number as text. An
/// apostrophe before a letter is part of the value.
pub(crate) fn unguarded(cell: &str) -> &str {
    if is_guarded(cell) { &cell[1..] } else { cell }
}

/// Whether a spreadsheet that opens a text file computes this cell.
pub(crate) fn is_computed(text: &str) -> bool {
    let first = text.trim_start_matches(|c: char| c.is_whitespace() || acts(c)).chars().next();
    text.starts_with(['\t', '\r', '\n'])
        || first.is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
}

/// Whether an apostrophe stands before what a spreadsheet would compute, or read as a number.
pub(crate) fn is_guarded(text: &str) -> bool {
    let inner = text.trim_start_matches('\'');
    inner.len() < text.len() && (is_computed(inner) || inner.starts_with(|c: char| c.is_ascii_digit()))
}

/// A cell of a text file that a spreadsheet takes as text: with an apostrophe before what it would compute.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if is_computed(text) || is_guarded(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}
