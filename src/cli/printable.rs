//! Values from outside, made fit for a terminal, a log or a table: no sign of theirs moves a cursor, hides a word or becomes
//! a formula.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::sheet::guard::{acts, is_computed, is_guarded};

/// The text with every such sign written out: `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let escape = |sign: char| if acts(sign) { sign.escape_default().to_string() } else { sign.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// A JSON document with every such sign escaped. They stand within its texts only, so it says the same as before.
pub fn printable_json(document: &str) -> Cow<'_, str> {
    if !document.contains(acts) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len() + 16);
    for sign in document.chars() {
        if acts(sign) {
            // Writing to a string does not fail. All of them lie in the first plane.
            let _ = write!(out, "\\u{:04x}", u32::from(sign));
        } else {
            out.push(sign);
        }
    }
    Cow::Owned(out)
}

/// A cell that a spreadsheet takes as text: with an apostrophe before what it would compute.
pub fn cell(text: &str) -> Cow<'_, str> {
    let shown = printable(text);
    if is_computed(text) || is_guarded(text) { Cow::Owned(format!("'{shown}")) } else { shown }
}

/// The same for an id: with an apostrophe, too, where a spreadsheet would read a number or a date and show another one.
pub fn id_cell(text: &str) -> Cow<'_, str> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let kept = digits && text.len() <= 11 && (text.len() == 1 || !text.starts_with('0'));
    let numeric =
        |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'/' | b'-' | b':' | b' ' | b'e' | b'E' | b'%');
    let read = text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(numeric);
    if read && !kept { Cow::Owned(format!("'{}", printable(text))) } else { cell(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::guard::unguarded;

    #[test]
    fn signs_that_act_are_written_out() {
        for (text, shown) in [
            ("SITI AMINAH", "SITI AMINAH"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\nb\tc", "a\\nb\\tc"),
            ("x\u{9b}31m", "x\\u{9b}31m"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
            ("Nguyễn 李明", "Nguyễn 李明"),
        ] {
            assert_eq!(printable(text), shown);
            let document = serde_json::to_string(text).expect("JSON");
            let escaped = printable_json(&document);
            assert!(!escaped.contains(acts), "{escaped}");
            assert_eq!(serde_json::from_str::<String>(&escaped).expect("JSON"), text);
        }
    }

    #[test]
    fn a_spreadsheet_computes_no_cell() {
        for (text, shown) in [
            ("DS1", "DS1"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+62812", "'+62812"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1+1", "'\\t=1+1"),
            ("\rx", "'\\rx"),
            ("  =HYPERLINK(\"http://x\")", "'  =HYPERLINK(\"http://x\")"),
            ("\u{feff}=1", "'\\u{feff}=1"),
            ("＝1", "'＝1"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(cell(text), shown, "{text:?}");
            assert_eq!(id_cell(text), shown, "{text:?}");
        }
    }

    #[test]
    fn a_cell_is_read_again_as_it_was() {
        for text in [
            "",
            "DS1",
            "=1+1",
            "+62812",
            "-5",
            "@x",
            "  =1",
            "0012",
            "12",
            "1E5",
            "'=1",
            "''=1",
            "'0012",
            "'Aisyah",
            "O'1",
            "＝1",
            "2025-11-01",
        ] {
            assert_eq!(unguarded(&cell(text)), text);
            assert_eq!(unguarded(&id_cell(text)), text);
        }
        assert_eq!(unguarded("'3201050503800011"), "3201050503800011", "as a spreadsheet writes it");
    }

    #[test]
    fn ids_stay_as_they_are_written() {
        for (text, shown) in [
            ("12", "12"),
            ("0", "0"),
            ("0012", "'0012"),
            ("3201050503800011", "'3201050503800011"),
            ("1E5", "'1E5"),
            ("3/4", "'3/4"),
            ("2025-11-01", "'2025-11-01"),
            ("A0012", "A0012"),
            ("12345678-9abc", "12345678-9abc"),
        ] {
            assert_eq!(id_cell(text), shown, "{text}");
        }
    }
}
