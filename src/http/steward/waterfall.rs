//! The waterfall of an explanation in the words of a page. Positions are percentages of the width, so that the picture
//! fits any screen without a script.

use super::layout::Lang;
use super::{format, labels};
use crate::domain::case::{Explained, ExplainedLine};
use crate::engine::waterfall::{self, Step};

/// Right of this, in percent, the words of the upper threshold stand before it.
const WORDS_BEFORE: f64 = 55.0;

/// One bar.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    /// The comparison, in words.
    pub(super) label: String,
    /// The level reached, in words.
    pub(super) level: String,
    /// The weight with its sign.
    pub(super) weight: String,
    /// It takes from the score.
    pub(super) negative: bool,
    /// Left end, in percent.
    pub(super) x: String,
    /// Width, in percent.
    pub(super) width: String,
}

/// The picture.
#[derive(Debug, Clone)]
pub(super) struct Waterfall {
    /// One bar a comparison, those that contribute nothing left out.
    pub(super) bars: Vec<Bar>,
    /// From zero to the sum.
    pub(super) sum: Bar,
    /// Position of zero.
    pub(super) zero: String,
    /// Position and words of the lower threshold.
    pub(super) review: (String, String),
    /// Position and words of the upper threshold.
    pub(super) link: (String, String),
    /// On which side of the upper threshold its words stand: `start` or `end`.
    pub(super) link_anchor: &'static str,
    /// Comparisons that said nothing: a value was missing.
    pub(super) silent: Vec<String>,
}

/// Draws an explanation.
pub(super) fn draw(why: &Explained, lang: Lang) -> Waterfall {
    let step = |line: &ExplainedLine| Step {
        label: labels::comparison(&line.comparison, lang),
        level: labels::level(&line.comparison, &line.level, lang),
        bits: line.weight,
    };
    let (review, link) = why.thresholds;
    let picture = waterfall::draw(why.lines.iter().map(step).collect(), why.total, why.thresholds);
    let bar = |bar: waterfall::Bar| Bar {
        weight: format::weight(bar.step.bits, lang),
        negative: bar.step.bits < 0.0,
        x: percent(bar.x),
        width: percent(bar.width),
        label: bar.step.label,
        level: bar.step.level,
    };
    Waterfall {
        bars: picture.bars.into_iter().map(bar).collect(),
        sum: Bar { label: lang.texts().sum.to_owned(), ..bar(picture.sum) },
        zero: percent(picture.zero),
        review: (percent(picture.review), format!("{} {}", lang.texts().ambang_review, format::weight(review, lang))),
        link: (percent(picture.link), format!("{} {}", lang.texts().ambang_link, format::weight(link, lang))),
        link_anchor: if picture.link > WORDS_BEFORE { "end" } else { "start" },
        silent: picture.silent,
    }
}

fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    fn number(percent: &str) -> f64 {
        percent.trim_end_matches('%').parse().expect("a percentage")
    }

    #[test]
    fn every_bar_starts_where_the_one_before_ended() {
        let picture = draw(&samples::case_view().case.why.expect("a pair has one"), Lang::Indonesian);
        let mut end = number(&picture.zero);
        for bar in &picture.bars {
            let (x, width) = (number(&bar.x), number(&bar.width));
            let start = if bar.negative { x + width } else { x };
            assert!((start - end).abs() < 0.05, "{} starts at {start}, not at {end}", bar.label);
            end = if bar.negative { x } else { x + width };
        }
        let sum = number(&picture.sum.x) + number(&picture.sum.width);
        assert!((sum - end).abs() < 0.05, "the sum ends at {sum}, not at {end}");
        assert!(number(&picture.review.0) < number(&picture.link.0));
    }

    #[test]
    fn lines_without_weight_are_named_and_not_drawn() {
        let picture = draw(&samples::case_view().case.why.expect("a pair has one"), Lang::Indonesian);
        assert_eq!(picture.silent, ["No. rekening"]);
        assert!(picture.bars.iter().all(|bar| bar.label != "No. rekening"));
    }

    #[test]
    fn an_empty_explanation_can_be_drawn() {
        let mut why = samples::case_view().case.why.expect("a pair has one");
        why.lines.clear();
        (why.total, why.thresholds) = (0.0, (0.0, 0.0));
        assert_eq!(draw(&why, Lang::English).sum.weight, "+0.0");
    }
}
