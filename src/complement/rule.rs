//! A rule and a set of rules, as read from `config/rules/*.toml`.

use serde::{Deserialize, Serialize};

use super::condition::Condition;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::finding::{RuleKind, RuleSeverity, Scope};

/// How well a rule's content is founded (DOMAIN, evidence marks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleStatus {
    /// Found in an official source.
    Verified,
    /// Found in the press.
    VerifiedNews,
    /// Follows from verified facts.
    Derived,
    /// General knowledge: confirm it before money depends on it.
    GeneralKnowledge,
}

/// Which period of a feed must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeriodKind {
    /// The quarter (*tahap*) of the as-of date.
    Quarter,
    /// Its month.
    Month,
}

/// A feed that must be closed before its silence counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedFeed {
    /// The feed.
    pub feed: Feed,
    /// For which period.
    pub period: PeriodKind,
}

/// What it means that the proving feed has no row at all of the subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// A gap, with the note to say why it might not be one.
    #[default]
    Gap,
    /// Nothing: the answer is `belum_dapat_dinilai`.
    Unassessable,
}

/// What a finding's note is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoteSpec {
    /// The feed whose rows are shown beside a gap.
    pub(super) feed: Option<Feed>,
    /// Fields of its newest row to show: codes, and dates that are too old.
    #[serde(default)]
    pub(super) fields: Vec<String>,
    /// What is said when there is no row; `no_row` where nothing is written.
    pub(super) none: Option<String>,
    /// What is always said first.
    pub(super) text: Option<String>,
}

/// One rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `G01`. A rule about two kinds of subject stands twice, once a scope, under the same id.
    pub id: String,
    /// Gap, overlap or quality.
    pub kind: RuleKind,
    /// What a finding is about.
    pub scope: Scope,
    /// Name in Indonesian.
    pub name_id: String,
    /// Name in English.
    pub name_en: String,
    /// How serious a finding is.
    pub severity: RuleSeverity,
    /// Where it comes from.
    pub legal_basis: String,
    /// How well founded it is.
    pub status: RuleStatus,
    /// First day in force.
    pub valid_from: Date,
    /// Last day in force; open where absent.
    pub valid_to: Option<Date>,
    /// What an officer should do, in Indonesian.
    pub message_id: String,
    /// The same in English.
    pub message_en: String,
    /// Feeds that must be closed before a gap may be called one.
    #[serde(default)]
    pub closed: Vec<ClosedFeed>,
    /// Whether the absence of any row is proof.
    #[serde(default)]
    pub absence: Absence,
    #[serde(default)]
    pub(super) note: NoteSpec,
    pub(super) eligible: Condition,
    pub(super) proof: Condition,
}

impl Rule {
    /// Whether the rule is in force on a day.
    pub fn in_force(&self, on: Date) -> bool {
        self.valid_from <= on && self.valid_to.is_none_or(|last| on <= last)
    }
}

/// A value that holds from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dated {
    pub(super) from: Date,
    pub(super) value: i64,
}

/// A number that changes with time: an age, a number of days, an amount of rupiah.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The name rules use.
    pub name: String,
    /// What it is and where it comes from.
    pub basis: String,
    pub(super) values: Vec<Dated>,
}

impl Parameter {
    /// The value in force on a day.
    pub fn on(&self, day: Date) -> Option<i64> {
        self.values.iter().filter(|dated| dated.from <= day).max_by_key(|dated| dated.from).map(|dated| dated.value)
    }
}

/// All rules and parameters, checked.
#[derive(Debug, Clone)]
pub struct RuleSet {
    pub(super) rules: Vec<Rule>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) digest: u64,
}

impl RuleSet {
    /// Tells sets of rules apart: a hash of their texts.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The rules, by id and scope.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules of an id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The value of a parameter on a day.
    pub fn parameter(&self, name: &str, on: Date) -> Option<i64> {
        self.parameters.iter().find(|parameter| parameter.name == name)?.on(on)
    }
}
