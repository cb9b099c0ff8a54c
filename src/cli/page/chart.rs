//! Line charts as SVG. Lines differ by stroke as well as by colour; colours come from the page's style.

use super::{escape, line};

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
/// Points of a line at most: more cannot be told apart.
const MOST_POINTS: usize = 600;

/// One line.
pub(in crate::cli) struct Series<'a> {
    /// What it shows.
    pub(in crate::cli) name: &'a str,
    /// Its points, ascending in x.
    pub(in crate::cli) points: Vec<(f64, f64)>,
}

/// A chart.
pub(in crate::cli) struct Chart<'a> {
    /// What stands on the axis below.
    pub(in crate::cli) x: &'a str,
    /// What stands on the axis to the left.
    pub(in crate::cli) y: &'a str,
    /// Lines, four at most.
    pub(in crate::cli) series: Vec<Series<'a>>,
    /// Places on the axis below that have a name.
    pub(in crate::cli) marks: Vec<(f64, String)>,
    /// The range to the left; as wide as the points when absent.
    pub(in crate::cli) range: Option<(f64, f64)>,
}

impl Chart<'_> {
    /// The picture; nothing when there is no point.
    pub(in crate::cli) fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| series.points.iter().copied());
        let finite = || points().filter(|(x, y)| x.is_finite() && y.is_finite());
        if finite().next().is_none() {
            return String::new();
        }
        let marks = || self.marks.iter().map(|(x, _)| *x);
        let x = Scale::new(ends(finite().map(|(x, _)| x).chain(marks())), (LEFT, WIDTH - RIGHT));
        let y = Scale::new(self.range.unwrap_or_else(|| ends(finite().map(|(_, y)| y))), (HEIGHT - BOTTOM, TOP));
        let mut out = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", escape(self.y));
        self.axes(&x, &y, &mut out);
        self.marks(&x, &mut out);
        self.lines((&x, &y), &mut out);
        out.push_str("</svg>");
        out
    }

    fn axes(&self, x: &Scale, y: &Scale, out: &mut String) {
        let (floor, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for at in y.ticks(5) {
            let place = y.at(at);
            line(
                out,
                format_args!("<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{place:.1}\" y2=\"{place:.1}\"/>"),
            );
            let (text, below) = (number(at), place + 4.0);
            line(
                out,
                format_args!(
                    "<text class=\"soft\" x=\"{}\" y=\"{below:.1}\" text-anchor=\"end\">{text}</text>",
                    LEFT - 7.0
                ),
            );
        }
        for at in x.ticks(10) {
            let (place, text) = (x.at(at), number(at));
            line(
                out,
                format_args!(
                    "<line class=\"axis\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"{floor}\" y2=\"{}\"/>",
                    floor + 4.0
                ),
            );
            line(
                out,
                format_args!(
                    "<text class=\"soft\" x=\"{place:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
                    floor + 18.0
                ),
            );
        }
        line(out, format_args!("<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{floor}\" y2=\"{floor}\"/>"));
        let (middle, low) = (f64::midpoint(LEFT, right), HEIGHT - 8.0);
        line(
            out,
            format_args!(
                "<text class=\"soft\" x=\"{middle}\" y=\"{low}\" text-anchor=\"middle\">{}</text>",
                escape(self.x)
            ),
        );
    }

    fn marks(&self, x: &Scale, out: &mut String) {
        let floor = HEIGHT - BOTTOM;
        for (nth, (at, name)) in self.marks.iter().enumerate() {
            let place = x.at(*at);
            let late = place > WIDTH * 0.8;
            let (anchor, beside) = if late { ("end", place - 5.0) } else { ("start", place + 5.0) };
            // Two marks may be close: their words stand at different heights.
            let high = floor - 8.0 - 15.0 * (nth % 3) as f64;
            line(
                out,
                format_args!("<line class=\"mark\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"{TOP}\" y2=\"{floor}\"/>"),
            );
            line(
                out,
                format_args!(
                    "<text class=\"soft\" x=\"{beside:.1}\" y=\"{high}\" text-anchor=\"{anchor}\">{}</text>",
                    escape(name)
                ),
            );
        }
    }

    fn lines(&self, (x, y): (&Scale, &Scale), out: &mut String) {
        let mut legend = LEFT;
        for (nth, series) in self.series.iter().enumerate() {
            let class = nth % 4;
            let points: Vec<String> = thinned(&series.points)
                .filter(|(px, py)| px.is_finite() && py.is_finite())
                .map(|(px, py)| format!("{:.1},{:.1}", x.at(*px), y.at(*py)))
                .collect();
            line(out, format_args!("<polyline class=\"line line{class}\" points=\"{}\"/>", points.join(" ")));
            let (from, words) = (legend, legend + 34.0);
            line(
                out,
                format_args!(
                    "<line class=\"line key{class}\" x1=\"{from}\" x2=\"{}\" y1=\"16\" y2=\"16\"/>",
                    from + 28.0
                ),
            );
            line(out, format_args!("<text x=\"{words}\" y=\"20\">{}</text>", escape(series.name)));
            legend = words + 7.0 * series.name.chars().count() as f64 + 22.0;
        }
    }
}

/// A range of numbers on a range of the picture.
struct Scale {
    low: f64,
    span: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let span = high - low;
        Self { low, span: if span > 0.0 { span } else { 1.0 }, from, to }
    }

    fn at(&self, number: f64) -> f64 {
        self.from + ((number - self.low) / self.span).clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Round numbers inside the range, about as many as asked for.
    fn ticks(&self, about: usize) -> Vec<f64> {
        let rough = self.span / about as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|nice| nice * power).into_iter().find(|step| *step >= rough).unwrap_or(power);
        let first = (self.low / step).ceil();
        let last = ((self.low + self.span) / step + 1e-9).floor();
        (0..=(last - first).max(0.0) as usize).map(|nth| (first + nth as f64) * step).collect()
    }
}

fn ends(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(n), high.max(n)))
}

/// Every so many points, and the last.
fn thinned(points: &[(f64, f64)]) -> impl Iterator<Item = &(f64, f64)> {
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    points.iter().enumerate().filter(move |(at, _)| at % step == 0 || at + 1 == points.len()).map(|(_, point)| point)
}

/// A number on an axis, without needless digits.
fn number(number: f64) -> String {
    let number = if number.abs() < 1e-12 { 0.0 } else { number };
    if number != 0.0 && number.abs() < 1e-3 {
        return format!("{number:.0e}");
    }
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>, marks: Vec<(f64, String)>) -> String {
        let series = vec![Series { name: "a<b", points }];
        Chart { x: "bits", y: "share", series, marks, range: None }.svg()
    }

    #[test]
    fn ticks_are_round_numbers_inside() {
        for ((low, high), about, wanted) in [
            ((0.0, 1.0), 5, vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            ((-3.0, 17.0), 4, vec![0.0, 5.0, 10.0, 15.0]),
            ((2.0, 2.0), 2, vec![2.0, 2.5, 3.0]),
        ] {
            let ticks = Scale::new((low, high), (0.0, 1.0)).ticks(about);
            assert_eq!(ticks.len(), wanted.len(), "{ticks:?}");
            assert!(ticks.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-9), "{ticks:?}");
        }
    }

    #[test]
    fn axis_numbers_are_short() {
        for (value, text) in [(0.0, "0"), (-0.0, "0"), (0.25, "0.25"), (15.0, "15"), (1e-5, "1e-5")] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_chart_stays_inside_and_escapes() {
        let svg = chart(vec![(0.0, 0.0), (1.0, f64::NAN), (2.0, 9.0)], vec![(3.0, "link & more".to_owned())]);
        assert!(svg.contains("points=\"62.0,286.0 596.7,34.0\""), "{svg}");
        assert!(svg.contains("a&lt;b") && svg.contains("link &amp; more") && !svg.contains("NaN"));
        assert_eq!(chart(Vec::new(), Vec::new()), "");
        let many = chart((0..5000).map(|n| (f64::from(n), 1.0)).collect(), Vec::new());
        assert!(many.len() < 20_000, "{} bytes", many.len());
    }
}
