//! The explanation of a weight as a waterfall: every line starts where the one before ended, the thresholds stand on the
//! same axis. Positions are percentages of the width, so that the picture fits any screen without a script.

use super::layout::Lang;
use super::{format, labels};
use crate::service::views::Explained;

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
    let mut at = 0.0;
    let steps: Vec<(f64, f64)> = why
        .lines
        .iter()
        .map(|line| {
            let from = at;
            at += line.weight;
            (from, at)
        })
        .collect();
    let (review, link) = why.thresholds;
    let points = || steps.iter().flat_map(|(from, to)| [*from, *to]).chain([0.0, review, link, why.total]);
    let (low, high) = (points().fold(0.0, f64::min), points().fold(0.0, f64::max));
    let axis = Axis { low, span: (high - low).max(1.0) };
    let bar = |label: String, level: String, (from, to): (f64, f64)| Bar {
        label,
        level,
        weight: format::weight(to - from, lang),
        negative: to < from,
        x: axis.at(from.min(to)),
        width: axis.width((to - from).abs()),
    };
    let (silent, speaking): (Vec<_>, Vec<_>) = why.lines.iter().zip(&steps).partition(|(line, _)| line.weight == 0.0);
    Waterfall {
        bars: speaking
            .into_iter()
            .map(|(line, step)| {
                bar(
                    labels::comparison(&line.comparison, lang),
                    labels::level(&line.comparison, &line.level, lang),
                    *step,
                )
            })
            .collect(),
        sum: bar(lang.texts().sum.to_owned(), String::new(), (0.0, why.total)),
        zero: axis.at(0.0),
        review: (axis.at(review), format!("{} {}", lang.texts().ambang_review, format::weight(review, lang))),
        link: (axis.at(link), format!("{} {}", lang.texts().ambang_link, format::weight(link, lang))),
        link_anchor: if (link - low) / axis.span > 0.55 { "end" } else { "start" },
        silent: silent.into_iter().map(|(line, _)| labels::comparison(&line.comparison, lang)).collect(),
    }
}

/// Bits to percent of the width, with a margin on both sides.
struct Axis {
    low: f64,
    span: f64,
}

impl Axis {
    const MARGIN: f64 = 2.0;

    fn at(&self, bits: f64) -> String {
        let share = (bits - self.low) / self.span;
        format!("{:.2}%", Self::MARGIN + share * (100.0 - 2.0 * Self::MARGIN))
    }

    fn width(&self, bits: f64) -> String {
        format!("{:.2}%", (bits / self.span * (100.0 - 2.0 * Self::MARGIN)).max(0.3))
    }
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
        let picture = draw(&samples::case_view().explained, Lang::Indonesian);
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
        let picture = draw(&samples::case_view().explained, Lang::Indonesian);
        assert_eq!(picture.silent, ["No. rekening"]);
        assert!(picture.bars.iter().all(|bar| bar.label != "No. rekening"));
    }

    #[test]
    fn an_empty_explanation_can_be_drawn() {
        let mut why = samples::case_view().explained;
        why.lines.clear();
        (why.total, why.thresholds) = (0.0, (0.0, 0.0));
        assert_eq!(draw(&why, Lang::English).sum.weight, "+0.0");
    }
}
