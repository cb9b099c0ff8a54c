//! Values from outside on a page: isolated, so that a name written from right to left moves nothing around it, and with
//! signs that steer written out. Without this a sign in one name turns the words behind it, up to another person's.

use std::fmt::{self, Display, Write};

use askama::filters::Safe;

use crate::domain::sign::steers;

/// Pictures of the control signs 0 to 31 begin here; that of U+007F stands apart.
const PICTURES: u32 = 0x2400;
const PICTURE_OF_DELETE: char = '\u{2421}';

/// The filters that templates use by name.
#[expect(
    unreachable_pub,
    clippy::inline_always,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "askama's macro makes a type with a method of each"
)]
pub(super) mod filters {
    use super::{Display, Safe, isolated, written_out};

    /// A value from outside: isolated, and its steering signs written out.
    #[askama::filter_fn]
    pub(in crate::http::steward) fn shown<T: Display>(text: T, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
        Ok(Safe(isolated(&text.to_string())))
    }

    /// A part of such a value.
    #[askama::filter_fn]
    pub(in crate::http::steward) fn shown_part<T: Display>(
        text: T,
        _: &dyn askama::Values,
    ) -> askama::Result<Safe<String>> {
        Ok(Safe(written_out(&text.to_string())))
    }
}

fn isolated(text: &str) -> String {
    format!("<bdi>{}</bdi>", written_out(text))
}

/// HTML of a text: `␀` for NUL, `[U+202E]` for a sign that turns the direction.
fn written_out(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for sign in text.chars() {
        // Writing to a string does not fail.
        let _ = match sign {
            '<' => html.write_str("&#60;"),
            '>' => html.write_str("&#62;"),
            '&' => html.write_str("&#38;"),
            '"' => html.write_str("&#34;"),
            '\'' => html.write_str("&#39;"),
            sign if steers(sign) => write_mark(&mut html, sign),
            sign => html.write_char(sign),
        };
    }
    html
}

fn write_mark(html: &mut String, sign: char) -> fmt::Result {
    match sign {
        '\0'..='\u{1f}' => {
            html.write_char(char::from_u32(PICTURES + u32::from(sign)).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
        '\u{7f}' => html.write_char(PICTURE_OF_DELETE),
        other => write!(html, "[U+{:04X}]", u32::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_steer_are_written_out_and_markup_is_text() {
        for (text, html) in [
            ("SITI AMINAH", "SITI AMINAH"),
            ("\u{202e}HANIMA", "[U+202E]HANIMA"),
            ("A\0B\u{1b}[2J\n", "A␀B␛[2J␊"),
            ("x\u{7f}\u{85}\u{2028}", "x␡[U+0085][U+2028]"),
            ("<b>\"O'&", "&#60;b&#62;&#34;O&#39;&#38;"),
            ("Nguyễn 李明 عبد", "Nguyễn 李明 عبد"),
        ] {
            assert_eq!(written_out(text), html);
            assert_eq!(isolated(text), format!("<bdi>{html}</bdi>"));
        }
    }
}
