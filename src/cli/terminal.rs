//! How a command talks: data to stdout, talk and progress to stderr. On a terminal progress is a bar, in a pipe it is a
//! plain line now and then, with `--json` every line is a JSON object and the result is one JSON document.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// A pipe gets a line of progress this often.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// The form of all talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a person at a terminal.
    Terminal,
    /// For a file or a pipe.
    Plain,
    /// For a program.
    Json,
}

/// Where a command talks to.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    form: Form,
}

impl Terminal {
    /// JSON where it was asked for, else what stderr is.
    pub fn new(form: Option<Form>) -> Self {
        let seen = if io::stderr().is_terminal() { Form::Terminal } else { Form::Plain };
        Self { form: form.unwrap_or(seen) }
    }

    /// The form in use.
    pub fn form(self) -> Form {
        self.form
    }

    /// One sentence for whoever watches.
    pub fn say(self, sentence: &str) {
        let line = match self.form {
            Form::Json => json_line(&serde_json::json!({"message": sentence})),
            Form::Terminal | Form::Plain => sentence.to_owned(),
        };
        talk(&line);
    }

    /// Starts to show progress of something with a known total.
    pub fn progress(self, what: &str, unit: Unit, total: u64) -> Progress {
        let bar = (self.form == Form::Terminal).then(|| bar(what, unit, total));
        Progress { form: self.form, what: what.to_owned(), unit, total, bar, told: Instant::now() }
    }

    /// The result of the command: a JSON document, or text for people.
    pub fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) {
        let out = match self.form {
            Form::Json => json_line(value),
            Form::Terminal | Form::Plain => text(),
        };
        print(&out);
    }
}

/// Prints data on stdout. A reader that went away (`| head`) is no error.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", printable(text.trim_end(), &['\n', '\t'])).and_then(|()| out.flush());
}

/// Prints talk on stderr. If even that cannot be written there is nobody to tell.
pub fn talk(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(text, &['\n', '\t']));
}

/// One line of JSON.
pub fn json_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
}

/// Text as a terminal may get it: names of files and columns, ids and values come from outside and may hold signs that a
/// terminal obeys, or that turn the direction of writing. They are written as escapes, in the form of JSON, but for those kept.
pub fn printable(text: &str, kept: &[char]) -> String {
    let obeyed = |sign: char| {
        sign.is_control() || matches!(sign, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    let escaped = |sign: &char| obeyed(*sign) && !kept.contains(sign);
    if !text.chars().any(|sign| escaped(&sign)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        if escaped(&sign) {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{:04x}", u32::from(sign));
        } else {
            out.push(sign);
        }
    }
    out
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Rows, pairs, files...
    Count,
    /// Bytes, shown in KiB, MiB and so on.
    Bytes,
}

fn bar(what: &str, unit: Unit, total: u64) -> ProgressBar {
    let place = match unit {
        Unit::Count => "{human_pos}/{human_len}",
        Unit::Bytes => "{bytes}/{total_bytes}",
    };
    let template = format!("{{prefix}} [{{bar:24}}] {{percent:>3}} % {place} {{msg}}");
    let style = ProgressStyle::with_template(&template).expect("the template is constant").progress_chars("=> ");
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style);
    bar.with_prefix(what.to_owned())
}

/// Progress of one thing. Told to whoever watches at most as often as they can read.
pub struct Progress {
    form: Form,
    what: String,
    unit: Unit,
    total: u64,
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Progress {
    /// How far it is, with a note (`1,200 rows/s, 0 refused`).
    pub fn at(&mut self, position: u64, note: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
            bar.set_message(note.to_owned());
        } else if self.told.elapsed() >= PLAIN_EVERY {
            self.told = Instant::now();
            talk(&self.line(position, note));
        }
    }

    /// Something worth a line of its own while the bar stays.
    pub fn say(&self, sentence: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| talk(sentence)),
            None => Terminal { form: self.form }.say(sentence),
        }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, position: u64, note: &str) -> String {
        let percent = (position * 100).checked_div(self.total).unwrap_or(100);
        let unit = if self.unit == Unit::Bytes { " bytes" } else { "" };
        match self.form {
            Form::Json => json_line(&serde_json::json!({
                "progress": self.what, "position": position, "total": self.total, "note": note,
            })),
            Form::Terminal | Form::Plain => {
                format!("{}: {percent} % of {}{unit}, {note}", self.what, thousands(self.total))
            }
        }
    }
}

/// A number with its thousands apart: `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A plain table: columns of numbers to the right, the first and all others to the left.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let rows: &Vec<Vec<String>> =
        &rows.iter().map(|row| row.iter().map(|cell| printable(cell, &[])).collect()).collect();
    let cells_of = |column: usize| rows.iter().map(move |row| row.get(column).map_or(0, |cell| cell.chars().count()));
    let widths: Vec<usize> =
        header.iter().enumerate().map(|(i, name)| cells_of(i).max().unwrap_or(0).max(name.chars().count())).collect();
    let numeric = |column: usize| {
        let number =
            |cell: &String| cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '/' | '%'));
        column > 0 && rows.iter().filter_map(|row| row.get(column)).all(number)
    };
    let to_the_right: Vec<bool> = (0..header.len()).map(numeric).collect();
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (i, (cell, width)) in cells.zip(&widths).enumerate() {
            // Writing to a string does not fail.
            let gap = if i == 0 { "" } else { "  " };
            let _ =
                if to_the_right[i] { write!(text, "{gap}{cell:>width$}") } else { write!(text, "{gap}{cell:<width$}") };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&mut header.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567")]
        {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn tables_line_up() {
        let rows = vec![vec!["bank".to_owned(), "7".to_owned()], vec!["désa".to_owned(), "1,200".to_owned()]];
        assert_eq!(table(&["feed", "rows"], &rows), "feed   rows\nbank      7\ndésa  1,200\n");
    }

    #[test]
    fn signs_that_a_terminal_obeys_are_shown() {
        for (text, kept, wanted) in [
            ("list.csv", &[][..], "list.csv"),
            ("désa 李明", &[], "désa 李明"),
            ("a\u{1b}[2Jb", &['\n'], "a\\u001b[2Jb"),
            ("a\nb\tc\r", &['\n', '\t'], "a\nb\tc\\u000d"),
            ("a\nb", &[], "a\\u000ab"),
            ("\u{9b}31m", &[], "\\u009b31m"),
            ("x\u{202e}gpj", &[], "x\\u202egpj"),
        ] {
            assert_eq!(printable(text, kept), wanted, "{text:?}");
        }
        let rows = vec![vec!["a\nb".to_owned(), "1".to_owned()]];
        assert_eq!(table(&["id", "n"], &rows), "id        n\na\\u000ab  1\n");
    }

    #[test]
    fn progress_lines_are_plain_or_json() {
        let progress = |form| Terminal { form }.progress("push", Unit::Bytes, 2_000).line(500, "3 refused");
        assert_eq!(progress(Form::Plain), "push: 25 % of 2,000 bytes, 3 refused");
        assert_eq!(progress(Form::Json), r#"{"progress":"push","position":500,"total":2000,"note":"3 refused"}"#);
        assert_eq!(Terminal { form: Form::Plain }.progress("x", Unit::Count, 0).line(0, "-"), "x: 100 % of 0, -");
    }
}
