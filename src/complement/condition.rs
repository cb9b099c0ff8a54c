//! The vocabulary in which rules are written.
//!
//! Each variant of [`Condition`] is one word of `config/rules/*.toml`; `evaluate/holds.rs` says when it holds. Field
//! names are resolved here, while the table is read, so that a misspelt field is an error with a line and not a rule
//! that never fires.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::field::{Field, Value};
use crate::domain::feed::Feed;
use crate::domain::flag::FlagCode;

/// A number in a rule: written out, or the name of a dated parameter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Amount {
    /// Written out.
    Fixed(i64),
    /// A name from `parameters.toml`; its value depends on the as-of date.
    Parameter(String),
}

/// A condition on a subject.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Condition {
    /// All of them.
    All(Vec<Condition>),
    /// At least one of them.
    Any(Vec<Condition>),
    /// Not this one.
    Not(Box<Condition>),
    /// The person is (`true`) or is not (`false`) alive, as far as any feed says.
    Alive(bool),
    /// The person died before the period began.
    DiedBeforePeriod(bool),
    /// Age in whole years on the as-of date. A person without a birth date has no age and the condition fails.
    Age(Between),
    /// A membership of the subject is in one of these programmes in this period.
    Programme(ProgrammeTest),
    /// The subject has rows of a feed that pass all tests.
    Row(Box<RowTest>),
    /// A row of the person carries one of these doubts.
    Flag(Vec<FlagCode>),
    /// So many persons, this one among them, bear one NIK of the person's.
    SharedNik(Between),
    /// Another membership on the same KK number is in one of these programmes too.
    SharedCard(SharedCard),
    /// The account is held by persons of at least so many different families.
    HolderFamilies(Between),
    /// The name on the account resembles no name that other agencies have for the holder.
    AccountName(AccountName),
}

/// An inclusive range; either end may be open.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    pub(super) min: Option<Amount>,
    pub(super) max: Option<Amount>,
}

/// Enrolments to look for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgrammeTest {
    /// `PKH`, `SEMBAKO`...
    pub(super) code: Vec<String>,
    /// `AKTIF` where nothing is said.
    #[serde(default = "active")]
    pub(super) status: Vec<String>,
    /// Which period the enrolment is for.
    #[serde(default)]
    pub(super) when: When,
}

fn active() -> Vec<String> {
    vec!["AKTIF".to_owned()]
}

/// Which periods of an enrolment count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    /// The quarter of the as-of date, or a month in it; an enrolment without a period counts.
    #[default]
    Current,
    /// Any period that began before the as-of date.
    Ever,
}

/// Two memberships on one card.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SharedCard {
    /// The programme both are in.
    pub(super) programme: ProgrammeTest,
}

/// How alike an account's name and the holder's name must be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountName {
    /// Per cent of similarity under which the names are different.
    pub(super) below: Amount,
}

/// Tests on rows of one feed.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawRowTest")]
pub(super) struct RowTest {
    pub(super) feed: Feed,
    /// Every one must pass.
    pub(super) tests: Vec<(Field, FieldTest)>,
    /// The row's own programme list.
    pub(super) programme: Option<ProgrammeTest>,
    /// Of the rows that pass, so many different values of each of these fields.
    pub(super) distinct: Vec<(Field, usize)>,
    /// Only the newest row of the feed is looked at.
    pub(super) latest: bool,
    /// Whose rows.
    pub(super) of: Of,
}

/// Whose rows a test looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Of {
    /// The subject's own: a person's, those of all members of a family, those of an account and its holders.
    #[default]
    Subject,
    /// Those of the family a person is counted with.
    Family,
}

/// A test on one field. A row without the field fails it, unless it says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FieldTest {
    /// One of these codes (of a list field: at least one of them is in it).
    OneOf(Vec<String>),
    /// Contains one of these words.
    Word(Vec<String>),
    /// A number in a range.
    Within(Between),
    /// So many days before the as-of date.
    DaysAgo(DaysAgo),
    /// Missing, or before the date in the other field.
    Before(Field),
    /// A date inside the quarter of the as-of date.
    InPeriod(bool),
}

/// Days between a date and the as-of date.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DaysAgo {
    /// More than so many days ago.
    pub(super) over: Option<Amount>,
    /// At most so many days ago.
    pub(super) upto: Option<Amount>,
    /// Dates after the as-of date pass too (a due date may lie ahead, a visit may not).
    #[serde(default)]
    pub(super) ahead: bool,
}

impl Between {
    fn amounts(&self) -> impl Iterator<Item = &Amount> {
        self.min.iter().chain(&self.max)
    }
}

impl FieldTest {
    fn amounts(&self) -> Vec<&Amount> {
        match self {
            Self::Within(range) => range.amounts().collect(),
            Self::DaysAgo(days) => days.over.iter().chain(&days.upto).collect(),
            Self::OneOf(_) | Self::Word(_) | Self::Before(_) | Self::InPeriod(_) => Vec::new(),
        }
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRowTest {
    feed: Feed,
    #[serde(default, rename = "where")]
    tests: BTreeMap<String, RawFieldTest>,
    programme: Option<ProgrammeTest>,
    #[serde(default)]
    distinct: BTreeMap<String, usize>,
    #[serde(default)]
    latest: bool,
    #[serde(default)]
    of: Of,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a value, a list of values, or a table with one of min/max, days_ago, word, before, in_period"
)]
enum RawFieldTest {
    Truth(bool),
    Code(String),
    OneOf(Vec<String>),
    DaysAgo { days_ago: DaysAgo },
    Word { word: Vec<String> },
    Before { before: String },
    InPeriod { in_period: bool },
    Within(Between),
}

impl TryFrom<RawRowTest> for RowTest {
    type Error = String;

    fn try_from(raw: RawRowTest) -> Result<Self, String> {
        let feed = raw.feed;
        let named = |name: &str| {
            Field::find(feed, name)
                .ok_or_else(|| format!("{feed} has no field \"{name}\"; a rule may name {}", Field::names(feed)))
        };
        let mut tests = Vec::with_capacity(raw.tests.len());
        for (name, test) in &raw.tests {
            let test = match test {
                RawFieldTest::Truth(truth) => FieldTest::OneOf(vec![truth.to_string()]),
                RawFieldTest::Code(code) => FieldTest::OneOf(vec![code.clone()]),
                RawFieldTest::OneOf(codes) => FieldTest::OneOf(codes.clone()),
                RawFieldTest::DaysAgo { days_ago } => FieldTest::DaysAgo(days_ago.clone()),
                RawFieldTest::Word { word } => FieldTest::Word(word.clone()),
                RawFieldTest::Before { before } => FieldTest::Before(named(before)?),
                RawFieldTest::InPeriod { in_period } => FieldTest::InPeriod(*in_period),
                RawFieldTest::Within(range) => FieldTest::Within(range.clone()),
            };
            tests.push((named(name)?, test));
        }
        let distinct =
            raw.distinct.iter().map(|(name, min)| Ok((named(name)?, *min))).collect::<Result<_, String>>()?;
        if raw.programme.is_some() && feed != Feed::AnggotaKeluarga {
            return Err(format!("only {} rows carry programmes", Feed::AnggotaKeluarga));
        }
        Ok(Self { feed, tests, programme: raw.programme, distinct, latest: raw.latest, of: raw.of })
    }
}

impl Condition {
    /// Calls `visit` for this condition and every one inside it.
    pub(super) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.walk(visit)),
            Self::Not(part) => part.walk(visit),
            Self::Alive(_)
            | Self::DiedBeforePeriod(_)
            | Self::Age(_)
            | Self::Programme(_)
            | Self::Row(_)
            | Self::Flag(_)
            | Self::SharedNik(_)
            | Self::SharedCard(_)
            | Self::HolderFamilies(_)
            | Self::AccountName(_) => {}
        }
    }

    /// The parameters it names, itself and inside.
    pub(super) fn parameters(&self) -> Vec<&str> {
        let mut amounts: Vec<&Amount> = Vec::new();
        self.walk(&mut |condition| match condition {
            Self::Age(range) | Self::HolderFamilies(range) | Self::SharedNik(range) => amounts.extend(range.amounts()),
            Self::AccountName(test) => amounts.push(&test.below),
            Self::Row(row) => amounts.extend(row.tests.iter().flat_map(|(_, test)| test.amounts())),
            Self::All(_)
            | Self::Any(_)
            | Self::Not(_)
            | Self::Alive(_)
            | Self::DiedBeforePeriod(_)
            | Self::Programme(_)
            | Self::Flag(_)
            | Self::SharedCard(_) => {}
        });
        let names = amounts.into_iter().filter_map(|amount| match amount {
            Amount::Parameter(name) => Some(name.as_str()),
            Amount::Fixed(_) => None,
        });
        names.collect()
    }

    /// Whether rows of persons decide it: then a person who gains rows in a merge may change the answer.
    pub(super) fn reads_rows(&self) -> bool {
        let mut reads = false;
        self.walk(&mut |condition| reads |= matches!(condition, Self::Row(_)));
        reads
    }

    /// Whether knowing that two persons are one could undo it.
    pub(super) fn undone_by_merge(&self) -> bool {
        let mut undone = false;
        self.walk(&mut |condition| undone |= matches!(condition, Self::HolderFamilies(_) | Self::AccountName(_)));
        undone
    }
}

/// The code of a value, as rules write it: numbers without decimals, truth as `true` and `false`.
pub(super) fn code_of(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => text.clone().into_owned(),
        Value::Number(number) => number.to_string(),
        Value::Truth(truth) => truth.to_string(),
        Value::Day(day) => day.to_string(),
        Value::List(list) => list.join("+"),
    }
}
