//! Worlds of a few rows, made for one question each.

use padan::complement::{RuleSet, World, evaluate};
use padan::domain::batch::Completeness;
use padan::domain::date::Date;
use padan::domain::feed::Feed;
use padan::domain::finding::{Finding, Outcome};
use padan::domain::person::{GoldenFamily, GoldenPerson};
use padan::domain::record::{PersonId, Record, RecordId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Value, json};

use super::sample::{AS_OF, golden, record};

pub(super) const VILLAGE: &str = "3201052006";

/// A world under construction. Persons are named by a word; rows of one word are one person.
#[derive(Clone)]
pub(super) struct Small {
    pub(super) records: Vec<Record>,
    owners: FxHashMap<RecordId, (String, String)>,
    pub(super) completeness: Vec<Completeness>,
    open: Vec<&'static str>,
    pub(super) as_of: Date,
}

impl Small {
    /// An empty world with every feed closed for the province.
    pub(super) fn new() -> Self {
        let mut small =
            Self { records: vec![], owners: FxHashMap::default(), completeness: vec![], open: vec![], as_of: AS_OF };
        for feed in Feed::ALL {
            small = small.close(feed, "32", "2025-T4", true).close(feed, "32", "2025-11", true);
        }
        small
    }

    pub(super) fn on(mut self, as_of: &str) -> Self {
        self.as_of = as_of.parse().expect("a date");
        self
    }

    pub(super) fn close(mut self, feed: Feed, region: &str, period: &str, lengkap: bool) -> Self {
        let periode = period.parse().expect("a period");
        self.completeness.push(Completeness { feed, kode_wilayah: region.to_owned(), periode, lengkap });
        self
    }

    /// The person stands in an open case.
    pub(super) fn open_case(mut self, person: &'static str) -> Self {
        self.open.push(person);
        self
    }

    /// A row of a person; `fields` come on top of a name, a village and an as-of date.
    pub(super) fn row(mut self, person: &str, feed: Feed, fields: Value) -> Self {
        let number = self.records.len() as u64 + 1;
        let mut row = json!({ "id_sumber": format!("R{number}"), "tgl_data": "2025-11-01" });
        if feed.describes_person() {
            row["nama"] = json!(person.to_uppercase());
            row["kode_desa"] = json!(VILLAGE);
        }
        set_all(&mut row, fields);
        let record = record(feed, &row.to_string(), number);
        if feed.describes_person() {
            self.owners.insert(record.id, (person.to_owned(), String::new()));
        }
        self.records.push(record);
        self
    }

    /// A member of a family with programmes: `["PKH", "SEMBAKO"]` active in the present period.
    pub(super) fn member(self, person: &str, family: &str, programmes: &[&str], fields: Value) -> Self {
        let list: Vec<Value> = programmes.iter().map(|code| json!({ "kode": code, "status": "AKTIF" })).collect();
        let mut row = json!({ "id_keluarga": family, "program": list });
        set_all(&mut row, fields);
        self.row(person, Feed::AnggotaKeluarga, row)
    }

    pub(super) fn build(&self) -> (Vec<GoldenPerson>, Vec<GoldenFamily>) {
        golden(&self.records, &self.owners)
    }

    pub(super) fn open_cases(&self) -> FxHashSet<PersonId> {
        let owned = |word: &str| {
            let rows = self.owners.iter().filter(|(_, owner)| owner.0 == word);
            PersonId(*rows.map(|(id, _)| id).min().expect("a person with rows"))
        };
        self.open.iter().map(|word| owned(word)).collect()
    }

    pub(super) fn findings(&self, rules: &RuleSet) -> Vec<Finding> {
        let (persons, families) = self.build();
        let open_cases = self.open_cases();
        evaluate(
            rules,
            &World {
                records: &self.records,
                persons: &persons,
                families: &families,
                completeness: &self.completeness,
                open_cases: &open_cases,
                as_of: self.as_of,
                name_match: &super::alike,
                shared_niks: None,
            },
        )
    }

    /// Outcomes and notes of one shipped rule.
    pub(super) fn outcomes(&self, rule: &str) -> Vec<(Outcome, String)> {
        let findings = self.findings(&RuleSet::embedded());
        findings.into_iter().filter(|f| f.rule == rule).map(|f| (f.outcome, f.note)).collect()
    }
}

fn set_all(row: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else { panic!("an object of fields") };
    for (name, value) in fields {
        row[name] = value;
    }
}
