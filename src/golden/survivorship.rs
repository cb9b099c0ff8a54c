//! The order of preference between sources, read from `config/survivorship.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::feed::Feed;
use crate::domain::person::PersonField;
use crate::domain::record::Record;
use crate::domain::row::Detail;

/// The table that is part of the program.
const EMBEDDED: &str = include_str!("../../config/survivorship.toml");

/// Why a survivorship table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("survivorship table, line {line}: {problem}")]
pub struct SurvivorshipError {
    /// 1-based line.
    pub line: usize,
    /// What is wrong there and what to write instead.
    pub problem: String,
}

/// Which value of a tier wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Take {
    /// The value most sources agree on, then the newest.
    #[default]
    Agreed,
    /// The newest.
    Newest,
    /// The smallest: of dates, the earliest.
    Smallest,
}

/// What confirms a value beyond its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Confirm {
    /// The chosen NIK carries the same birth date or sex.
    Nik,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTier {
    feeds: Vec<Feed>,
    #[serde(default)]
    dukcapil: Vec<String>,
    #[serde(default)]
    jenis: Vec<String>,
    take: Option<Take>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    tiers: toml::Spanned<Vec<String>>,
    #[serde(default)]
    usable: bool,
    confirm: Option<Confirm>,
    take: Option<Take>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    tier: BTreeMap<String, RawTier>,
    field: BTreeMap<PersonField, RawField>,
}

/// A set of sources that stand on one level for a field.
#[derive(Debug, Clone)]
pub(super) struct Tier {
    pub(super) name: String,
    feeds: Vec<Feed>,
    dukcapil: Vec<String>,
    jenis: Vec<String>,
    pub(super) take: Take,
}

impl Tier {
    /// Whether a record stands on this level.
    pub(super) fn holds(&self, record: &Record) -> bool {
        let listed = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|entry| entry == value))
        };
        let (dukcapil, jenis) = match &record.detail {
            Detail::Anggota(row) => (row.status_padan_dukcapil.as_deref(), None),
            Detail::Kia(row) => (None, Some(row.jenis.as_str())),
            Detail::Siswa(_) | Detail::Jkn(_) | Detail::Rekening(_) | Detail::Penyaluran(_) => (None, None),
        };
        self.feeds.contains(&record.key.feed) && listed(&self.dukcapil, dukcapil) && listed(&self.jenis, jenis)
    }
}

/// How one field is chosen.
#[derive(Debug, Clone)]
pub(super) struct FieldRule {
    pub(super) field: PersonField,
    pub(super) tiers: Vec<Tier>,
    pub(super) usable_first: bool,
    pub(super) confirm: Option<Confirm>,
}

/// The order of preference for every field.
#[derive(Debug, Clone)]
pub struct Survivorship {
    pub(super) fields: Vec<FieldRule>,
}

impl Survivorship {
    /// Reads a table; every field of [`PersonField`] must be in it.
    pub fn parse(text: &str) -> Result<Self, SurvivorshipError> {
        let fail = |at: usize, problem: String| SurvivorshipError { line: line_of(text, at), problem };
        let raw: RawTable = toml::from_str(text)
            .map_err(|error| fail(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
        let mut fields = Vec::with_capacity(PersonField::ALL.len());
        for field in PersonField::ALL {
            let rule = raw.field.get(&field).ok_or_else(|| {
                fail(text.len(), format!("there is no [field.{}]; add it with its tiers", field.name()))
            })?;
            let mut tiers = Vec::new();
            for name in rule.tiers.get_ref() {
                let tier = raw.tier.get(name).ok_or_else(|| {
                    let known = raw.tier.keys().cloned().collect::<Vec<_>>().join(", ");
                    fail(rule.tiers.span().start, format!("there is no tier \"{name}\"; the tiers are {known}"))
                })?;
                tiers.push(Tier {
                    name: name.clone(),
                    feeds: tier.feeds.clone(),
                    dukcapil: tier.dukcapil.clone(),
                    jenis: tier.jenis.clone(),
                    take: rule.take.or(tier.take).unwrap_or_default(),
                });
            }
            if tiers.is_empty() {
                return Err(fail(rule.tiers.span().start, "a field needs at least one tier".to_owned()));
            }
            fields.push(FieldRule { field, tiers, usable_first: rule.usable, confirm: rule.confirm });
        }
        Ok(Self { fields })
    }

    /// The table that is part of the program.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the shipped survivorship table is valid: a test reads it")
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_names_every_field() {
        assert_eq!(Survivorship::embedded().fields.len(), PersonField::ALL.len());
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let tiered = EMBEDDED.replace("tiers = [\"earliest\"]", "tiers = [\"erliest\"]");
        let last = EMBEDDED.trim_end().lines().count();
        let cases = [
            ("unknown tier", tiered, last, "there is no tier \"erliest\""),
            ("unknown key", EMBEDDED.replacen("usable = true", "useable = true", 1), 0, "useable"),
            ("missing field", EMBEDDED.replace("[field.nisn]", "[field.nik2]"), 0, "nik2"),
            ("not TOML", "tier = ".to_owned(), 1, ""),
        ];
        for (name, text, line, words) in cases {
            let error = Survivorship::parse(&text).expect_err(name);
            assert!(error.problem.contains(words), "{name}: {error}");
            assert!(line == 0 || error.line == line, "{name}: {error}");
        }
    }
}
