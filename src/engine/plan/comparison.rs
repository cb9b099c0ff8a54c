//! Comparisons: two values to one of several ordered levels, and what each level weighs.

use toml::Spanned;

use super::column::Columns;
use super::condition::{self, At};
use super::file;
use super::place::Place;
use crate::engine::compare::{self, Compare, Outcome, Settings, Spec};
use crate::engine::error::{PlanError, Problem};
use crate::engine::field::{Field, Kind};

/// Most levels of one comparison, the implied one for missing values included.
const MAX_LEVELS: usize = 64;

/// A comparison, compiled.
pub(crate) struct Comparison {
    pub(crate) name: String,
    pub(crate) function: Box<dyn Compare>,
    pub(crate) relations: &'static [&'static str],
    pub(crate) levels: Vec<Level>,
    /// The first column, whose term frequencies adjust a level.
    pub(crate) field: Field,
    /// All columns it reads, as indexes.
    pub(crate) columns: Vec<usize>,
    /// It reads the words of texts.
    pub(super) reads_words: bool,
    /// It asks only whether two values are equal.
    only_equal: bool,
}

impl Comparison {
    /// The first level that holds, where `asked` answers what a level asks of earlier comparisons. The last level is the
    /// implied one for missing values, so there always is one.
    #[inline]
    pub(crate) fn level(&self, outcome: &Outcome, mut asked: impl FnMut(At) -> bool) -> usize {
        self.levels.iter().position(|level| level.holds(outcome, &mut asked)).unwrap_or(self.levels.len() - 1)
    }

    /// Bit `c`: a level of it asks for a level of comparison `c`.
    pub(crate) fn asks(&self) -> u32 {
        let asked = self.levels.iter().flat_map(|level| level.only_if.iter().chain(&level.unless));
        asked.fold(0, |set, at| set | 1 << at.comparison)
    }

    /// Whether it looks into a text or a name of this column.
    pub(super) fn reads_letters(&self, field: &Field) -> bool {
        let inside = match field.kind {
            Kind::Name => true,
            Kind::Text => !self.only_equal && !self.reads_words,
            Kind::Digits | Kind::Date | Kind::Code | Kind::Number | Kind::Set => false,
        };
        inside && self.columns.contains(&field.index)
    }

    /// Whether no level weighs anything, by the will of the author: it only answers what others ask.
    pub(super) fn only_answers(&self) -> bool {
        let nothing = |level: &Level| {
            let fixed = level.absent() || level.weighed == Weighed::Fixed;
            fixed && level.weight == 0.0 && matches!(level.adjust, Adjust::None)
        };
        self.levels.iter().all(nothing)
    }
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparison").field("name", &self.name).field("levels", &self.levels).finish_non_exhaustive()
    }
}

/// One level of agreement.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) label: String,
    test: Test,
    only_if: Vec<At>,
    unless: Vec<At>,
    pub(crate) weight: f64,
    pub(crate) weighed: Weighed,
    pub(crate) adjust: Adjust,
}

/// Where the weight of a level comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Weighed {
    /// Set by a person: training leaves it alone.
    Fixed,
    /// From the share of the level among matches and among other pairs.
    Shares { m: f64, u: f64 },
    /// Not yet.
    Untrained,
}

/// When a level holds, apart from what it asks of other comparisons.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Test {
    /// A value is missing.
    Missing(Absent),
    /// Both values are there, and whatever they are.
    Otherwise,
    /// Both values are there, stand in one of these relations, and their measure lies inside.
    Present { relations: u32, min: f64, max: f64 },
}

/// How many of the two values are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absent {
    Any,
    One,
    Both,
}

/// How a level's weight is moved by how common the agreeing value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Adjust {
    /// Not at all.
    None,
    /// Weight plus factor x log2(mean frequency / frequency), the sum's second part bounded.
    Frequency { factor: f64, min: f64, max: f64 },
    /// Factor x rarity in bits, bounded, instead of the weight.
    Rarity { factor: f64, min: f64, max: f64 },
}

impl Level {
    #[inline]
    fn holds(&self, outcome: &Outcome, asked: &mut impl FnMut(At) -> bool) -> bool {
        let met = match self.test {
            Test::Missing(Absent::Any) => outcome.missing > 0,
            Test::Missing(Absent::One) => outcome.missing == 1,
            Test::Missing(Absent::Both) => outcome.missing == 2,
            Test::Otherwise => outcome.missing == 0,
            Test::Present { relations, min, max } => {
                let inside = outcome.value >= min && outcome.value <= max;
                outcome.missing == 0 && relations >> outcome.relation & 1 == 1 && inside
            }
        };
        met && self.only_if.iter().all(|at| asked(*at)) && !self.unless.iter().any(|at| asked(*at))
    }

    /// Whether it stands for a missing value.
    pub(crate) fn absent(&self) -> bool {
        matches!(self.test, Test::Missing(_))
    }

    /// The most that a pair at this level can weigh.
    pub(crate) fn most(&self) -> f64 {
        match self.adjust {
            Adjust::None => self.weight,
            Adjust::Frequency { max, .. } => self.weight + max.max(0.0),
            Adjust::Rarity { max, .. } => max,
        }
    }

    fn missing(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            test: Test::Missing(Absent::Any),
            only_if: Vec::new(),
            unless: Vec::new(),
            weight: 0.0,
            weighed: Weighed::Fixed,
            adjust: Adjust::None,
        }
    }
}

/// Compiles one comparison; `earlier` are those before it, which its levels may ask about.
pub(super) fn compile(
    place: Place<'_>,
    columns: &Columns,
    earlier: &[Comparison],
    file: &file::Comparison,
    trained: bool,
) -> Result<Comparison, PlanError> {
    let known: Vec<&str> = compare::SPECS.iter().map(|spec| spec.name).collect();
    let spec = compare::SPECS[place.find("function", &file.function, &known)?];
    let fields = fields(place, columns, spec, file)?;
    let context = Context { place, spec, earlier, comparison: &file.name, trained };
    let levels = context.levels(file)?;
    let settings = context.settings(file, fields.clone())?;
    Ok(Comparison {
        name: file.name.get_ref().clone(),
        function: (spec.build)(&settings),
        relations: spec.relations,
        reads_words: compare::READS_WORDS.contains(&spec.name),
        only_equal: compare::ONLY_EQUAL.contains(&spec.name),
        levels,
        field: fields[0],
        columns: fields.iter().map(|field| field.index).collect(),
    })
}

fn fields(
    place: Place<'_>,
    columns: &Columns,
    spec: &'static Spec,
    file: &file::Comparison,
) -> Result<Vec<Field>, PlanError> {
    let (least, most) = spec.columns;
    let found = file.columns.get_ref().len();
    if !(least..=most).contains(&found) {
        let problem = Problem::ColumnCount { function: spec.name, least, most, found };
        return Err(place.refuse(file.columns.span(), problem));
    }
    let mut fields = Vec::new();
    for column in file.columns.get_ref() {
        let field = columns.find(place, column)?;
        if !spec.kinds.contains(&field.kind) {
            let problem = Problem::WrongKind {
                by: spec.name.to_owned(),
                column: column.get_ref().clone(),
                kind: field.kind,
                wanted: spec.kinds.to_vec(),
            };
            return Err(place.refuse(column.span(), problem));
        }
        fields.push(field);
    }
    Ok(fields)
}

struct Context<'a> {
    place: Place<'a>,
    spec: &'static Spec,
    earlier: &'a [Comparison],
    comparison: &'a Spanned<String>,
    trained: bool,
}

impl Context<'_> {
    fn levels(&self, file: &file::Comparison) -> Result<Vec<Level>, PlanError> {
        let place = self.place;
        place.unique("level", file.levels.get_ref().iter().map(|l| &l.label))?;
        place.at_most("levels", file.levels.get_ref().len(), MAX_LEVELS - 1)?;
        let mut levels: Vec<Level> = Vec::new();
        let mut closed = false;
        for level in file.levels.get_ref() {
            let compiled = self.level(level)?;
            if closed && !matches!(compiled.test, Test::Missing(_)) {
                let problem = Problem::Unreachable { label: level.label.get_ref().clone() };
                return Err(place.refuse(level.label.span(), problem));
            }
            let unconditional = compiled.only_if.is_empty() && compiled.unless.is_empty();
            closed |= compiled.test == Test::Otherwise && unconditional;
            levels.push(compiled);
        }
        if !closed {
            let problem = Problem::NoElse { comparison: self.comparison.get_ref().clone() };
            return Err(place.refuse(file.levels.span(), problem));
        }
        let plain = |level: &Level| level.only_if.is_empty() && level.unless.is_empty();
        if !levels.iter().any(|level| level.test == Test::Missing(Absent::Any) && plain(level)) {
            let taken = levels.iter().any(|level| level.label == "missing");
            levels.push(Level::missing(if taken { "missing_other" } else { "missing" }));
        }
        Ok(levels)
    }

    fn level(&self, level: &file::Level) -> Result<Level, PlanError> {
        let test = self.test(level)?;
        let (weight, weighed) = self.weight(level)?;
        Ok(Level {
            label: level.label.get_ref().clone(),
            test,
            only_if: self.references(&level.only_if)?,
            unless: self.references(&level.unless)?,
            weight,
            weighed,
            adjust: self.adjust(level)?,
        })
    }

    fn test(&self, level: &file::Level) -> Result<Test, PlanError> {
        let set = |flag: &Option<Spanned<bool>>| flag.as_ref().is_some_and(|f| *f.get_ref());
        let (equal, otherwise) = (set(&level.equal), set(&level.otherwise));
        let present = equal || level.relation.is_some() || level.min.is_some() || level.max.is_some();
        let absent = level.missing.as_ref().map(|missing| self.absent(missing)).transpose()?.flatten();
        match (absent, otherwise, present) {
            (Some(absent), false, false) => Ok(Test::Missing(absent)),
            (None, true, false) => Ok(Test::Otherwise),
            (None, false, true) => self.present(level, equal),
            (None, false, false) => {
                let problem = Problem::NoCondition { label: level.label.get_ref().clone() };
                Err(self.place.refuse(level.label.span(), problem))
            }
            (_, true, _) => Err(self.not_here(level.otherwise.as_ref(), "else", "a level with other conditions")),
            (Some(_), false, true) => {
                Err(self.not_here(level.missing.as_ref(), "missing", "a level with other conditions"))
            }
        }
    }

    fn absent(&self, missing: &Spanned<file::Missing>) -> Result<Option<Absent>, PlanError> {
        match missing.get_ref() {
            file::Missing::Any(true) => Ok(Some(Absent::Any)),
            file::Missing::Any(false) => Ok(None),
            file::Missing::Word(word) => {
                let word = Spanned::new(missing.span(), word.clone());
                let found = self.place.find("missing", &word, &["one", "both"])?;
                Ok(Some(if found == 0 { Absent::One } else { Absent::Both }))
            }
        }
    }

    fn present(&self, level: &file::Level, equal: bool) -> Result<Test, PlanError> {
        let spec = self.spec;
        let mut relations = if equal { 1 } else { u32::MAX };
        if let Some(names) = &level.relation {
            relations = 0;
            for name in names.get_ref() {
                relations |= 1 << self.place.find("relation", name, spec.relations)?;
            }
        }
        for (name, option) in [("min", &level.min), ("max", &level.max)] {
            if option.is_some() && !spec.measured {
                return Err(self.not_here(option.as_ref(), name, spec.name));
            }
        }
        let number = |n: &Option<Spanned<f64>>, open: f64| n.as_ref().map_or(open, |n| self.threshold(*n.get_ref()));
        let (min, max) = (number(&level.min, f64::NEG_INFINITY), number(&level.max, f64::INFINITY));
        if min > max || min.is_nan() || max.is_nan() {
            let span = level.label.span();
            return Err(self.place.refuse(span, Problem::Range { name: "min", range: "a number not above `max`" }));
        }
        Ok(Test::Present { relations, min, max })
    }

    /// A threshold in the precision of the measure, so that `min = 0.9` admits a measure of exactly 0.9.
    fn threshold(&self, number: f64) -> f64 {
        if self.spec.single { f64::from(number as f32) } else { number }
    }

    fn weight(&self, level: &file::Level) -> Result<(f64, Weighed), PlanError> {
        match (&level.weight, &level.m, &level.u) {
            (Some(weight), None, None) => {
                let bits = self.place.within(weight, "weight", f64::is_finite, "a finite number")?;
                Ok((bits, Weighed::Fixed))
            }
            (None, Some(m), Some(u)) => {
                let probability = |p: f64| p > 0.0 && p < 1.0;
                let range = "above 0 and below 1";
                let m = self.place.within(m, "m", probability, range)?;
                let u = self.place.within(u, "u", probability, range)?;
                Ok(((m / u).log2(), Weighed::Shares { m, u }))
            }
            (None, None, None) if !self.trained => Ok((0.0, Weighed::Untrained)),
            _ => {
                let problem = Problem::NoWeight { label: level.label.get_ref().clone() };
                Err(self.place.refuse(level.label.span(), problem))
            }
        }
    }

    fn adjust(&self, level: &file::Level) -> Result<Adjust, PlanError> {
        let checked = |scale: &Spanned<file::Scale>, name: &'static str| {
            let file::Scale { factor, min, max } = *scale.get_ref();
            let fits = factor.is_finite() && min.is_finite() && max.is_finite() && min <= max;
            let problem = Problem::Range { name, range: "a finite factor, and `min` not above `max`" };
            if fits { Ok((factor, min, max)) } else { Err(self.place.refuse(scale.span(), problem)) }
        };
        match (&level.tf, &level.rarity) {
            (None, None) => Ok(Adjust::None),
            (Some(tf), None) => {
                let (factor, min, max) = checked(tf, "tf")?;
                Ok(Adjust::Frequency { factor, min, max })
            }
            (None, Some(_)) if !self.spec.single => Err(self.not_here(level.rarity.as_ref(), "rarity", self.spec.name)),
            (None, Some(rarity)) => {
                let (factor, min, max) = checked(rarity, "rarity")?;
                Ok(Adjust::Rarity { factor, min, max })
            }
            (Some(_), Some(_)) => Err(self.not_here(level.tf.as_ref(), "tf", "a level with `rarity`")),
        }
    }

    fn references(&self, references: &[file::Reference]) -> Result<Vec<At>, PlanError> {
        for reference in references {
            if !self.earlier.iter().any(|c| c.name == *reference.comparison.get_ref()) {
                let other = reference.comparison.get_ref().clone();
                let problem = Problem::Later { comparison: self.comparison.get_ref().clone(), other };
                return Err(self.place.refuse(reference.comparison.span(), problem));
            }
        }
        condition::list(self.place, self.earlier, references)
    }

    fn settings(&self, file: &file::Comparison, fields: Vec<Field>) -> Result<Settings, PlanError> {
        self.options(file)?;
        let levels = file.levels.get_ref();
        let mins = levels.iter().filter_map(|l| l.min.as_ref()).map(|n| self.threshold(*n.get_ref()));
        let maxes = levels.iter().filter_map(|l| l.max.as_ref()).map(|n| self.threshold(*n.get_ref()));
        let days = file.placeholder_days.iter().flat_map(Spanned::get_ref);
        let days = days.map(|day| self.day(day)).collect::<Result<_, _>>()?;
        Ok(Settings {
            fields,
            lowest: mins.clone().chain(maxes.clone()).fold(f64::INFINITY, f64::min),
            highest: mins.chain(maxes).fold(0.0, f64::max),
            placeholder_days: days,
            years: file.years.as_ref().map_or(1, |years| *years.get_ref()),
            grace_days: file.grace_days.as_ref().map_or(0, |days| *days.get_ref()),
            value: file.value.as_ref().map(|value| value.get_ref().clone()),
        })
    }

    fn options(&self, file: &file::Comparison) -> Result<(), PlanError> {
        let spans = [
            ("placeholder_days", file.placeholder_days.as_ref().map(Spanned::span)),
            ("years", file.years.as_ref().map(Spanned::span)),
            ("grace_days", file.grace_days.as_ref().map(Spanned::span)),
            ("value", file.value.as_ref().map(Spanned::span)),
        ];
        for (option, span) in spans {
            let Some(span) = span else { continue };
            if !self.spec.options.contains(&option) {
                return Err(self.place.refuse(span, self.unknown_option(option, self.spec.name)));
            }
        }
        if self.spec.options.contains(&"value") && file.value.is_none() {
            let problem = Problem::NeedsOption { function: self.spec.name, option: "value" };
            return Err(self.place.refuse(file.function.span(), problem));
        }
        Ok(())
    }

    /// `dd-mm` as month and day.
    fn day(&self, text: &Spanned<String>) -> Result<u32, PlanError> {
        let parsed = text.get_ref().split_once('-').and_then(|(day, month)| {
            let (day, month) = (day.parse::<u32>().ok()?, month.parse::<u32>().ok()?);
            ((1..=31).contains(&day) && (1..=12).contains(&month)).then_some(month * 100 + day)
        });
        parsed.ok_or_else(|| {
            let problem = Problem::Form { text: text.get_ref().clone(), wanted: "a day and a month as dd-mm" };
            self.place.refuse(text.span(), problem)
        })
    }

    fn not_here<T>(&self, option: Option<&Spanned<T>>, name: &'static str, of: &str) -> PlanError {
        let span = option.map_or(0..0, Spanned::span);
        self.place.refuse(span, self.unknown_option(name, of))
    }

    fn unknown_option(&self, option: &'static str, of: &str) -> Problem {
        let mut known: Vec<String> = self.spec.options.iter().map(|o| (*o).to_owned()).collect();
        known.extend(["equal", "relation", "missing", "else"].map(str::to_owned));
        if self.spec.measured {
            known.extend(["min", "max"].map(str::to_owned));
        }
        Problem::NotHere { option, of: of.to_owned(), known }
    }
}

/// Types whose values have a frequency.
pub(super) fn counted(kind: Kind) -> bool {
    !matches!(kind, Kind::Set | Kind::Number)
}
