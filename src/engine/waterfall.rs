//! The explanation of a weight as a waterfall: every bar starts where the one before ended, the thresholds stand on the
//! same axis. Positions are percentages of the width; what is written beside the bars is the caller's business.
//!
//! The pages and `padan explain --svg` draw from this one picture.

/// What one comparison contributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it is called.
    pub label: String,
    /// What was reached in it.
    pub level: String,
    /// Bits.
    pub bits: f64,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What it shows.
    pub step: Step,
    /// Left end, in percent of the width.
    pub x: f64,
    /// Width, in percent.
    pub width: f64,
}

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// One bar a step, those that contribute nothing left out.
    pub bars: Vec<Bar>,
    /// From zero to the sum.
    pub sum: Bar,
    /// Position of zero, in percent.
    pub zero: f64,
    /// Position of the lower threshold.
    pub review: f64,
    /// Position of the upper threshold.
    pub link: f64,
    /// Labels of the steps that said nothing.
    pub silent: Vec<String>,
}

/// Draws steps from zero; `thresholds` are `review` and `link`.
pub fn draw(steps: Vec<Step>, total: f64, thresholds: (f64, f64)) -> Waterfall {
    let mut at = 0.0;
    let ends: Vec<(f64, f64)> = steps
        .iter()
        .map(|step| {
            let from = at;
            at += step.bits;
            (from, at)
        })
        .collect();
    let (review, link) = thresholds;
    let points = || ends.iter().flat_map(|(from, to)| [*from, *to]).chain([0.0, review, link, total]);
    let (low, high) = (points().fold(0.0, f64::min), points().fold(0.0, f64::max));
    let axis = Axis { low, span: (high - low).max(1.0) };
    let bar = |step: Step, (from, to): (f64, f64)| Bar {
        step,
        x: axis.at(f64::min(from, to)),
        width: axis.width((to - from).abs()),
    };
    let (silent, speaking): (Vec<_>, Vec<_>) = steps.into_iter().zip(ends).partition(|(step, _)| step.bits == 0.0);
    Waterfall {
        bars: speaking.into_iter().map(|(step, ends)| bar(step, ends)).collect(),
        sum: bar(Step { label: String::new(), level: String::new(), bits: total }, (0.0, total)),
        zero: axis.at(0.0),
        review: axis.at(review),
        link: axis.at(link),
        silent: silent.into_iter().map(|(step, _)| step.label).collect(),
    }
}

/// Bits to percent of the width, with a margin on both sides.
struct Axis {
    low: f64,
    span: f64,
}

impl Axis {
    const MARGIN: f64 = 2.0;
    /// A bar that can be seen.
    const LEAST: f64 = 0.3;

    fn at(&self, bits: f64) -> f64 {
        Self::MARGIN + (bits - self.low) / self.span * (100.0 - 2.0 * Self::MARGIN)
    }

    fn width(&self, bits: f64) -> f64 {
        (bits / self.span * (100.0 - 2.0 * Self::MARGIN)).max(Self::LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(label: &str, bits: f64) -> Step {
        Step { label: label.to_owned(), level: String::new(), bits }
    }

    #[test]
    fn every_bar_starts_where_the_one_before_ended() {
        let picture = draw(vec![step("a", 8.0), step("b", 0.0), step("c", -3.0), step("d", 5.0)], 10.0, (2.0, 6.0));
        let mut end = picture.zero;
        for bar in &picture.bars {
            let negative = bar.step.bits < 0.0;
            let start = if negative { bar.x + bar.width } else { bar.x };
            assert!((start - end).abs() < 1e-9, "{} starts at {start}, not at {end}", bar.step.label);
            end = if negative { bar.x } else { bar.x + bar.width };
        }
        assert!((picture.sum.x + picture.sum.width - end).abs() < 1e-9);
        assert!(picture.zero < picture.review && picture.review < picture.link);
        assert_eq!(picture.silent, ["b"]);
    }

    #[test]
    fn nothing_at_all_can_be_drawn() {
        let picture = draw(Vec::new(), 0.0, (0.0, 0.0));
        assert_eq!((picture.zero, picture.sum.x, picture.bars.len()), (2.0, 2.0, 0));
    }
}
