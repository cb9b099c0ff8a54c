//! Self-contained pages that commands write with `--html`: one file, styles and pictures inside, no script, nothing loaded
//! from anywhere. Follows the reader's choice of light or dark; prints.

pub(super) mod chart;

use std::fmt::Write as _;
use std::path::Path;

use super::CliError;
use super::output::{Access, write_file};

const STYLE: &str = include_str!("style.css");

/// A page being written, from top to bottom. All text is escaped.
pub(super) struct Page {
    title: String,
    body: String,
}

/// A cell of a table.
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// A figure: to the right.
    Figure(String),
    /// An id or a path: one width for all letters.
    Code(String),
    /// A bar from the left; a share of the width, and the words beside it.
    Bar {
        /// 0 to 1.
        share: f64,
        /// Which of the colours.
        series: usize,
        /// The figure.
        words: String,
    },
    /// A bar from the middle: negative to the left.
    Signed {
        /// -1 to 1.
        share: f64,
        /// The figure.
        words: String,
    },
}

impl Cell {
    /// Words.
    pub(super) fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// A figure.
    pub(super) fn figure(figure: impl Into<String>) -> Self {
        Self::Figure(figure.into())
    }

    /// An id.
    pub(super) fn code(id: impl Into<String>) -> Self {
        Self::Code(id.into())
    }

    fn html(&self) -> String {
        match self {
            Self::Text(words) => format!("<td>{}</td>", escape(words)),
            Self::Figure(figure) => format!("<td class=\"n\">{}</td>", escape(figure)),
            Self::Code(id) => format!("<td class=\"code\">{}</td>", escape(id)),
            Self::Bar { share, series, words } => format!(
                "<td class=\"bar\"><svg width=\"100%\" height=\"14\" aria-hidden=\"true\"><rect class=\"fill{series}\" \
                 width=\"{:.2}%\" height=\"14\" rx=\"2\"/></svg><span>{}</span></td>",
                share.clamp(0.0, 1.0) * 100.0,
                escape(words)
            ),
            Self::Signed { share, words } => {
                let width = share.abs().min(1.0) * 50.0;
                let (x, class) = if *share < 0.0 { (50.0 - width, "fill-against") } else { (50.0, "fill-for") };
                format!(
                    "<td class=\"bar\"><svg width=\"100%\" height=\"14\" aria-hidden=\"true\"><rect class=\"{class}\" \
                     x=\"{x:.2}%\" width=\"{width:.2}%\" height=\"14\" rx=\"2\"/><line class=\"axis\" x1=\"50%\" x2=\"50%\" \
                     y1=\"0\" y2=\"14\"/></svg><span>{}</span></td>",
                    escape(words)
                )
            }
        }
    }
}

impl Page {
    /// Starts a page with its title and what it is about.
    pub(super) fn new(title: &str, lead: &str) -> Self {
        let body = format!("<header><h1>{}</h1><p class=\"lead\">{}</p></header>\n", escape(title), escape(lead));
        Self { title: title.to_owned(), body }
    }

    /// A heading, and a sentence that says what to see below it.
    pub(super) fn section(&mut self, heading: &str, about: &str) {
        self.add(&format!("<h2>{}</h2>\n", escape(heading)));
        if !about.is_empty() {
            self.paragraph(about);
        }
    }

    /// A paragraph.
    pub(super) fn paragraph(&mut self, words: &str) {
        self.add(&format!("<p>{}</p>\n", escape(words)));
    }

    /// The figures that a reader wants first: name and value.
    pub(super) fn figures(&mut self, figures: &[(&str, String)]) {
        self.add("<dl class=\"figures\">");
        for (name, value) in figures {
            self.add(&format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value)));
        }
        self.add("</dl>\n");
    }

    /// A table. Columns whose first cell is a figure have their heading to the right.
    pub(super) fn table(&mut self, header: &[&str], rows: &[Vec<Cell>]) {
        let is_figure = |at: usize| rows.first().is_some_and(|row| matches!(row.get(at), Some(Cell::Figure(_))));
        self.add("<div class=\"scroll\"><table><thead><tr>");
        for (at, name) in header.iter().enumerate() {
            let class = if is_figure(at) { " class=\"n\"" } else { "" };
            self.add(&format!("<th scope=\"col\"{class}>{}</th>", escape(name)));
        }
        self.add("</tr></thead><tbody>\n");
        for row in rows {
            let cells: String = row.iter().map(Cell::html).collect();
            self.add(&format!("<tr>{cells}</tr>\n"));
        }
        self.add("</tbody></table></div>\n");
    }

    /// A picture that was drawn by [`chart`].
    pub(super) fn picture(&mut self, svg: &str, caption: &str) {
        self.add(&format!("<figure>{svg}<figcaption>{}</figcaption></figure>\n", escape(caption)));
    }

    /// Things to look at, one line each.
    pub(super) fn list(&mut self, items: &[String]) {
        self.add("<ul>");
        for item in items {
            self.add(&format!("<li>{}</li>", escape(item)));
        }
        self.add("</ul>\n");
    }

    /// The whole document.
    pub(super) fn finish(self) -> String {
        let (title, body) = (escape(&self.title), self.body);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
        )
    }

    /// Writes the document.
    pub(super) fn write(self, path: &Path) -> Result<(), CliError> {
        write_file(path, Access::Private, self.finish().as_bytes())
            .map_err(|error| CliError::failed("writing the page", error))
    }

    fn add(&mut self, html: &str) {
        self.body.push_str(html);
    }
}

/// Text as it may stand in HTML and SVG, between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters are not allowed in XML, not even escaped.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A share in percent; what is not quite all is never rounded to it. That of nothing is `-`.
pub(super) fn percent(share: f64) -> String {
    if share.is_nan() {
        return "-".to_owned();
    }
    let shown = if share < 1.0 { share.min(0.999_9) } else { share };
    format!("{:.2} %", shown * 100.0)
}

/// Adds a line to a text. Writing to a string does not fail.
pub(super) fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut page = Page::new("<b>", "a & b");
        page.section("<h>", "\"q\"");
        page.list(&["<li>".to_owned()]);
        page.figures(&[("<n>", "'v'".to_owned())]);
        let cells = vec![
            Cell::text("<td>"),
            Cell::code("</code>"),
            Cell::figure("<1"),
            Cell::Bar { share: 2.0, series: 1, words: "<w>".to_owned() },
            Cell::Signed { share: -0.5, words: "\u{1}<s>".to_owned() },
        ];
        page.table(&["<th>"], &[cells]);
        let text = page.finish();
        for own in ["<b>", "<h>", "<n>", "<td><", "</code>", "<1", "<w>", "<s>", "\u{1}", "'v'"] {
            assert!(!text.contains(own), "{own} stands unescaped");
        }
        assert!(text.contains("width=\"100.00%\"") && text.contains("x=\"25.00%\""), "bars stay inside");
    }

    #[test]
    fn nearly_all_is_not_all() {
        for (share, text) in
            [(1.0, "100.00 %"), (0.999_999, "99.99 %"), (0.5, "50.00 %"), (0.0, "0.00 %"), (f64::NAN, "-")]
        {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn a_page_loads_nothing_and_runs_nothing() {
        let text = Page::new("t", "l").finish();
        for outside in ["<script", "http:", "https:", "<link", "url(", "@import", "src="] {
            assert!(!text.contains(outside), "{outside}");
        }
        assert!(text.contains("default-src 'none'") && text.contains("prefers-color-scheme: dark"));
    }
}
