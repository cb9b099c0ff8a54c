//! Blocking rules: which derived values of two rows must agree for the pair to be worth comparing.

use rustc_hash::FxHashSet;
use toml::Spanned;
use xxhash_rust::xxh3::xxh3_64;

use super::column::Columns;
use super::file;
use super::place::Place;
use crate::engine::error::{PlanError, Problem};
use crate::engine::field::{Field, Kind};

/// What is taken from a column to build a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Derive {
    /// The value itself (a name: its folded letters; a set: each element).
    Plain,
    /// The first letters or digits.
    First(usize),
    /// The last letters or digits.
    Last(usize),
    /// The digits, and the digits with each one of some places left out in turn; places are counted from 1.
    Deletions { from: usize, to: usize },
    /// The year of a date.
    Year,
    /// A date with day and month in either order.
    Unordered,
    /// Year and month, and year and day: two dates of a year of which one part is wrong share one of these.
    Near,
    /// Each blocking key of a name.
    K2,
    /// The blocking key of the whole name.
    Whole,
    /// Each word.
    Tokens,
}

impl Derive {
    const WORDS: [&'static str; 11] = [
        "first(n)",
        "last(n)",
        "deletions",
        "deletions(a,b)",
        "year",
        "unordered",
        "near",
        "k2",
        "whole",
        "concat",
        "tokens",
    ];

    fn parse(text: &str) -> Option<Self> {
        let inner = |word: &str| text.strip_prefix(word)?.strip_prefix('(')?.strip_suffix(')');
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|n| (1..=64).contains(n));
        let counted = |word: &str| inner(word).and_then(number);
        let places = || {
            let (from, to) = inner("deletions")?.split_once(',')?;
            let (from, to) = (number(from)?, number(to)?);
            (from <= to).then_some(Self::Deletions { from, to })
        };
        match text {
            "deletions" => Some(Self::Deletions { from: 1, to: 64 }),
            "year" => Some(Self::Year),
            "unordered" => Some(Self::Unordered),
            "near" => Some(Self::Near),
            "k2" => Some(Self::K2),
            "whole" => Some(Self::Whole),
            "concat" => Some(Self::Plain),
            "tokens" => Some(Self::Tokens),
            _ => counted("first").map(Self::First).or_else(|| counted("last").map(Self::Last)).or_else(places),
        }
    }

    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Plain => &[Kind::Text, Kind::Name, Kind::Digits, Kind::Date, Kind::Code, Kind::Number, Kind::Set],
            Self::First(_) | Self::Last(_) => &[Kind::Text, Kind::Digits, Kind::Date, Kind::Code],
            Self::Deletions { .. } => &[Kind::Digits],
            Self::Year | Self::Unordered | Self::Near => &[Kind::Date],
            Self::K2 | Self::Whole => &[Kind::Name],
            Self::Tokens => &[Kind::Text, Kind::Name, Kind::Set],
        }
    }

    /// Whether one row can give several keys.
    fn many(self, kind: Kind) -> bool {
        matches!(self, Self::Deletions { .. } | Self::Near | Self::K2 | Self::Tokens) || kind == Kind::Set
    }
}

/// One derived value; several of them are alternatives: `no_kk|nik.last(10)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Derived {
    pub(crate) field: Field,
    pub(crate) derive: Derive,
}

/// A part of a key: any one of these values.
pub(crate) type Part = Vec<Derived>;

/// A blocking rule, ready to derive keys.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) seed: u64,
    pub(crate) max_block: usize,
    pub(crate) frozen: FxHashSet<u64>,
    /// One row can have several keys.
    pub(crate) many: bool,
}

impl Rule {
    /// A rule of training alone, without a name.
    pub(super) fn for_training(
        place: Place<'_>,
        columns: &Columns,
        keys: &Spanned<Vec<Spanned<String>>>,
        most: u32,
    ) -> Result<Self, PlanError> {
        let block = file::Block {
            name: Spanned::new(keys.span(), String::new()),
            keys: Spanned::new(keys.span(), keys.get_ref().clone()),
            most: Spanned::new(keys.span(), most),
            prefix: String::new(),
            stop_keys: Vec::new(),
        };
        Self::compile(place, columns, &block)
    }

    /// Whether another rule puts rows into the same blocks.
    pub(crate) fn gives_the_blocks_of(&self, other: &Self) -> bool {
        let of = |rule: &Self| (rule.seed, rule.max_block);
        of(self) == of(other) && self.parts == other.parts && self.frozen == other.frozen
    }

    /// The columns its keys are made from.
    pub(crate) fn reads(&self, column: usize) -> bool {
        self.parts.iter().flatten().any(|derived| derived.field.index == column)
    }

    pub(super) fn compile(place: Place<'_>, columns: &Columns, block: &file::Block) -> Result<Self, PlanError> {
        if block.keys.get_ref().is_empty() {
            return Err(place.refuse(block.keys.span(), Problem::Empty { what: "`keys` of a blocking rule" }));
        }
        if *block.most.get_ref() < 2 {
            let problem = Problem::Range { name: "max_block", range: "at least 2 rows" };
            return Err(place.refuse(block.most.span(), problem));
        }
        let parts: Vec<Part> =
            block.keys.get_ref().iter().map(|key| part(place, columns, key)).collect::<Result<_, _>>()?;
        let frozen = block.stop_keys.iter().map(|key| stop_key(place, key)).collect::<Result<_, _>>()?;
        let many = parts.iter().any(|part| part.len() > 1 || part.iter().any(|d| d.derive.many(d.field.kind)));
        Ok(Self {
            name: block.name.get_ref().clone(),
            parts,
            seed: xxh3_64(block.prefix.as_bytes()),
            max_block: *block.most.get_ref() as usize,
            frozen,
            many,
        })
    }
}

/// Reads `column`, `column.derivation`, or several of them joined by `|`.
pub(super) fn part(place: Place<'_>, columns: &Columns, text: &Spanned<String>) -> Result<Part, PlanError> {
    text.get_ref().split('|').map(|one| derived(place, columns, text, one.trim())).collect()
}

fn derived(place: Place<'_>, columns: &Columns, whole: &Spanned<String>, text: &str) -> Result<Derived, PlanError> {
    let (column, derivation) = text.split_once('.').map_or((text, None), |(c, d)| (c, Some(d)));
    let field = columns.find(place, &Spanned::new(whole.span(), column.to_owned()))?;
    let derive = match derivation {
        None => Derive::Plain,
        Some(word) => Derive::parse(word).ok_or_else(|| {
            let known = Derive::WORDS.map(str::to_owned).to_vec();
            place.refuse(whole.span(), Problem::Unknown { what: "key part", name: word.to_owned(), known })
        })?,
    };
    if derive.kinds().contains(&field.kind) {
        return Ok(Derived { field, derive });
    }
    let problem = Problem::WrongKind {
        by: derivation.unwrap_or_default().to_owned(),
        column: column.to_owned(),
        kind: field.kind,
        wanted: derive.kinds().to_vec(),
    };
    Err(place.refuse(whole.span(), problem))
}

/// A 64-bit key as 16 hexadecimal digits.
pub(super) fn stop_key(place: Place<'_>, text: &Spanned<String>) -> Result<u64, PlanError> {
    parse_hash(text.get_ref()).ok_or_else(|| {
        let problem = Problem::Form { text: text.get_ref().clone(), wanted: "a key of 16 hexadecimal digits" };
        place.refuse(text.span(), problem)
    })
}

pub(super) fn parse_hash(text: &str) -> Option<u64> {
    (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok()).flatten()
}
