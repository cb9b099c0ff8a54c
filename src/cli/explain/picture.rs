//! The waterfall of a pair as one SVG file: it needs no page around it, and follows light and dark by itself.

use super::{Report, chance, conclusion};
use crate::cli::page::{escape, line};
use crate::engine::waterfall::{Bar, Step, draw};

const WIDTH: f64 = 960.0;
/// Where the bars begin, and how wide the plot is.
const PLOT: f64 = 400.0;
const PLOT_WIDTH: f64 = 540.0;
const ROW: f64 = 26.0;
const TOP: f64 = 96.0;
/// Letters of a line under the picture.
const LINE_LETTERS: usize = 135;

const STYLE: &str = "\
svg { color-scheme: light dark; background: #ffffff; --ink: #1b2730; --soft: #55636d; --fine: #eceae4; --for: #2c6b45; \
--against: #a2311f; --sum: #1d6683; --mark: #7a7f84; } \
@media (prefers-color-scheme: dark) { svg { background: #1c2328; --ink: #e6e9ea; --soft: #a3afb7; --fine: #2a3238; \
--for: #79c095; --against: #e58a78; --sum: #6cb6d4; --mark: #8d979e; } } \
text { fill: var(--ink); font: 13px 'Source Sans 3', 'Noto Sans', 'Segoe UI', Roboto, Arial, sans-serif; } \
.soft { fill: var(--soft); font-size: 12px; } .head { font-size: 17px; font-weight: 650; } .n { text-anchor: end; } \
.grid { stroke: var(--fine); } .mark { stroke: var(--mark); stroke-dasharray: 5 4; } .zero { stroke: var(--mark); } \
.for { fill: var(--for); } .against { fill: var(--against); } .sum { fill: var(--sum); }";

/// Draws a report.
pub(super) fn svg(report: &Report) -> String {
    let steps = report.steps.iter().map(|step| Step {
        label: step.comparison.clone(),
        level: step.level.clone(),
        bits: step.weight + step.frequency,
    });
    let picture = draw(steps.collect(), report.weight, (report.review, report.link));
    let mut below: Vec<String> = conclusion(report).into_iter().flat_map(|sentence| folded(&sentence)).collect();
    if !picture.silent.is_empty() {
        below.extend(folded(&format!("0 bits: {}", picture.silent.join(", "))));
    }
    let floor = TOP + ROW * (picture.bars.len() + 1) as f64 + 8.0;
    let height = floor + 24.0 + 19.0 * below.len() as f64;
    let mut out = String::new();
    line(
        &mut out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">"
        ),
    );
    line(&mut out, format_args!("<title>{} and {}: {}</title>", escape(&report.a), escape(&report.b), report.decision));
    line(&mut out, format_args!("<style>{STYLE}</style>"));
    line(
        &mut out,
        format_args!(
            "<text class=\"head\" x=\"16\" y=\"28\">{} and {}: {}</text>",
            escape(&report.a),
            escape(&report.b),
            report.decision
        ),
    );
    line(
        &mut out,
        format_args!(
            "<text class=\"soft\" x=\"16\" y=\"48\">model {}; before comparing {}, after {}</text>",
            escape(&report.model),
            chance(report.prior),
            chance(report.probability)
        ),
    );
    threshold(&mut out, (picture.review, 70.0, floor), &format!("review {:.2}", report.review));
    threshold(&mut out, (picture.link, 86.0, floor), &format!("link {:.2}", report.link));
    let zero = place(picture.zero);
    line(
        &mut out,
        format_args!("<line class=\"zero\" x1=\"{zero:.1}\" x2=\"{zero:.1}\" y1=\"{TOP}\" y2=\"{floor}\"/>"),
    );
    for (nth, shown) in picture.bars.iter().enumerate() {
        let class = if shown.step.bits < 0.0 { "against" } else { "for" };
        bar(&mut out, shown, TOP + ROW * nth as f64, class);
    }
    let sum = Bar { step: Step { label: "sum".to_owned(), ..picture.sum.step }, ..picture.sum };
    bar(&mut out, &sum, TOP + ROW * picture.bars.len() as f64 + 4.0, "sum");
    for (nth, sentence) in below.iter().enumerate() {
        let y = floor + 26.0 + 19.0 * nth as f64;
        line(&mut out, format_args!("<text class=\"soft\" x=\"16\" y=\"{y}\">{}</text>", escape(sentence)));
    }
    out.push_str("</svg>\n");
    out
}

fn place(percent: f64) -> f64 {
    PLOT + percent / 100.0 * PLOT_WIDTH
}

/// A dashed line with its name; the name stands on the side that has room.
fn threshold(out: &mut String, (percent, y, floor): (f64, f64, f64), name: &str) {
    let x = place(percent);
    let (anchor, words) = if percent > 60.0 { ("end", x - 5.0) } else { ("start", x + 5.0) };
    line(out, format_args!("<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{floor}\"/>", y - 10.0));
    line(out, format_args!("<text class=\"soft\" x=\"{words:.1}\" y=\"{y}\" text-anchor=\"{anchor}\">{name}</text>"));
}

fn bar(out: &mut String, shown: &Bar, top: f64, class: &str) {
    let (text, step) = (top + 17.0, &shown.step);
    let (x, width) = (place(shown.x), shown.width / 100.0 * PLOT_WIDTH);
    line(out, format_args!("<text x=\"16\" y=\"{text}\">{}</text>", escape(&short(&step.label, 22))));
    line(out, format_args!("<text class=\"soft\" x=\"170\" y=\"{text}\">{}</text>", escape(&short(&step.level, 22))));
    line(out, format_args!("<text class=\"n\" x=\"380\" y=\"{text}\">{:+.2}</text>", step.bits));
    line(
        out,
        format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"16\" rx=\"2\"/>",
            top + 5.0
        ),
    );
}

/// The start of a name that is too long for its place.
fn short(name: &str, letters: usize) -> String {
    if name.chars().count() <= letters {
        return name.to_owned();
    }
    name.chars().take(letters - 1).chain(['…']).collect()
}

/// A sentence in lines that fit.
fn folded(sentence: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let last = lines.last_mut().expect("there always is a last line");
        if !last.is_empty() && last.chars().count() + word.chars().count() >= LINE_LETTERS {
            lines.push(format!("    {word}"));
            continue;
        }
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(word);
    }
    lines
}
