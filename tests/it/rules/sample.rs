//! Sample worlds with known truth: reads a folder of feeds, makes persons of the *true* clusters, and compares findings
//! with what the truth expects. The matcher is somebody else's test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use padan::complement::{RuleSet, World, evaluate};
use padan::domain::agency::AgencyId;
use padan::domain::batch::Completeness;
use padan::domain::date::Date;
use padan::domain::family_card::read_kk;
use padan::domain::feed::Feed;
use padan::domain::finding::{Finding, Outcome, RuleKind, Subject};
use padan::domain::flag::{Flag, FlagCode, Severity};
use padan::domain::nik::read_nik;
use padan::domain::person::{FamilyId, GoldenFamily, GoldenPerson};
use padan::domain::record::{PersonId, Record, RecordId, RecordKey, Sequence};
use padan::domain::region::Regions;
use padan::domain::row::Detail;
use padan::golden::{Membership, Source, Survivorship, golden_families, golden_person};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a finding is compared by: rule, true person or family, status of the truth file.
pub(super) type Answer = (String, String, String);

pub(super) struct Sample {
    pub(super) records: Vec<Record>,
    pub(super) persons: Vec<GoldenPerson>,
    pub(super) families: Vec<GoldenFamily>,
    pub(super) completeness: Vec<Completeness>,
    pub(super) expected: BTreeSet<Answer>,
    /// True person and family of each person record.
    truth: FxHashMap<RecordId, (String, String)>,
}

pub(super) const AS_OF: Date = Date::constant(2025, 11, 20);

impl Sample {
    pub(super) fn read(folder: &Path) -> Self {
        let text = |name: &str| fs::read_to_string(folder.join(name)).expect("a file of the sample");
        let truth_file = text("kebenaran.csv");
        let truth_rows = truth_file.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        let by_row: FxHashMap<(&str, &str), (&str, &str)> =
            truth_rows.map(|row| ((row[0], row[1]), (row[2], row[3]))).collect();
        let (mut records, mut truth) = (Vec::new(), FxHashMap::default());
        for feed in Feed::ALL {
            for line in text(&format!("{feed}.ndjson")).lines() {
                let record = record(feed, line, records.len() as u64 + 1);
                if let Some((person, family)) = by_row.get(&(feed.name(), record.key.id_sumber.as_str())) {
                    truth.insert(record.id, ((*person).to_owned(), (*family).to_owned()));
                }
                records.push(record);
            }
        }
        let (persons, families) = golden(&records, &truth);
        let completeness = serde_json::from_str(&text("kelengkapan.json")).expect("completeness");
        let expected = text("kebenaran_komplementaritas.csv").lines().skip(1).map(expectation).collect();
        Self { records, persons, families, completeness, expected, truth }
    }

    pub(super) fn findings(&self, rules: &RuleSet, open_cases: &FxHashSet<PersonId>, as_of: Date) -> Vec<Finding> {
        evaluate(rules, &self.world(open_cases, as_of))
    }

    pub(super) fn world<'a>(&'a self, open_cases: &'a FxHashSet<PersonId>, as_of: Date) -> World<'a> {
        World {
            records: &self.records,
            persons: &self.persons,
            families: &self.families,
            completeness: &self.completeness,
            open_cases,
            as_of,
            name_match: &super::alike,
            shared_niks: None,
        }
    }

    /// Findings in the words of the truth file; `menerima` has no line there.
    pub(super) fn answers(&self, rules: &RuleSet, findings: &[Finding]) -> BTreeSet<Answer> {
        let mut answers = BTreeSet::new();
        for finding in findings {
            let kind = rules.rule(&finding.rule).expect("a rule of the set").kind;
            let status = match (finding.outcome, kind) {
                (Outcome::Menerima, _) => continue,
                (Outcome::BelumMenerima, _) => "GAP",
                (Outcome::BelumDapatDinilai, _) => "BELUM_DAPAT_DINILAI",
                (Outcome::TumpangTindih, RuleKind::Quality) => "KUALITAS",
                (Outcome::TumpangTindih, RuleKind::Gap | RuleKind::Overlap) => "OVERLAP",
            };
            let names = match &finding.subject {
                Subject::Family(family) => vec![self.true_family(*family)],
                Subject::Person(_) | Subject::Account(_) => {
                    finding.persons.iter().map(|person| self.truth[&person.0].0.clone()).collect()
                }
            };
            answers.extend(names.into_iter().map(|name| (finding.rule.clone(), name, status.to_owned())));
        }
        answers
    }

    /// The true family of most rows of a golden family.
    fn true_family(&self, id: FamilyId) -> String {
        let family = self.families.iter().find(|family| family.id == id).expect("a family");
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for record in &family.records {
            *votes.entry(&self.truth[record].1).or_default() += 1;
        }
        votes.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name))).expect("a row").0.to_owned()
    }
}

fn expectation(line: &str) -> Answer {
    let cells: Vec<&str> = line.splitn(8, ',').collect();
    let name = if cells[1].is_empty() { cells[2] } else { cells[1] };
    (cells[0].to_owned(), name.to_owned(), cells[6].to_owned())
}

pub(super) fn record(feed: Feed, line: &str, number: u64) -> Record {
    fn read<T: DeserializeOwned>(line: &str) -> T {
        serde_json::from_str(line).expect("a row of the sample")
    }
    let detail = match feed {
        Feed::AnggotaKeluarga => Detail::Anggota(read(line)),
        Feed::PesertaDidik => Detail::Siswa(read(line)),
        Feed::KepesertaanJkn => Detail::Jkn(read(line)),
        Feed::LayananKia => Detail::Kia(read(line)),
        Feed::Rekening => Detail::Rekening(read(line)),
        Feed::Penyaluran => Detail::Penyaluran(read(line)),
    };
    let raw: Value = read(line);
    let core: padan::domain::row::PersonCore = read(line);
    let deceased = core.nama.as_deref().is_some_and(|name| name.starts_with("ALM. ") || name.starts_with("ALMH. "));
    let flags =
        if deceased { vec![Flag { pointer: "/nama".to_owned(), code: FlagCode::DeceasedHint }] } else { vec![] };
    Record {
        id: RecordId(number),
        key: RecordKey {
            agency: AgencyId::new(feed.agency_kind().code().to_lowercase()).expect("an agency id"),
            feed,
            id_sumber: raw["id_sumber"].as_str().expect("a row key").to_owned(),
        },
        sequence: Sequence(number),
        tgl_data: raw["tgl_data"].as_str().and_then(|date| date.parse().ok()).expect("an as-of date"),
        withdrawn: false,
        core,
        detail,
        flags,
        regions: Vec::new(),
    }
}

/// The NIK as a key; the region tables are not this test's business.
fn usable_nik(record: &Record) -> Option<String> {
    let reading = read_nik(record.core.nik.as_deref()?, AS_OF, Regions::embedded());
    let regional = [FlagCode::ProvinceUnknown, FlagCode::RegencyUnknown, FlagCode::DistrictUnknown];
    let wrong = reading.flags.iter().any(|flag| flag.severity() == Severity::Error && !regional.contains(flag));
    if wrong { None } else { reading.text }
}

pub(super) fn golden(
    records: &[Record],
    truth: &FxHashMap<RecordId, (String, String)>,
) -> (Vec<GoldenPerson>, Vec<GoldenFamily>) {
    let niks: Vec<Option<String>> = records.iter().map(usable_nik).collect();
    let kks: Vec<Option<String>> = records
        .iter()
        .map(|record| read_kk(record.core.no_kk.as_deref()?, AS_OF).usable().map(str::to_owned))
        .collect();
    let mut of_person: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        if let Some((person, _)) = truth.get(&record.id) {
            of_person.entry(person).or_default().push(at);
        }
    }
    let number = |ats: &[usize]| PersonId(ats.iter().map(|at| records[*at].id).min().expect("a row"));
    let memberships: Vec<Membership<'_>> = of_person
        .values()
        .flat_map(|ats| {
            let person = number(ats);
            let kks = &kks;
            ats.iter().map(move |at| Membership { record: &records[*at], person, no_kk: kks[*at].as_deref() })
        })
        .collect();
    let families = golden_families(&memberships);
    let rules = Survivorship::embedded();
    let persons = of_person
        .values()
        .map(|ats| {
            let sources: Vec<Source<'_>> = ats
                .iter()
                .map(|at| Source {
                    record: &records[*at],
                    clean_name: None,
                    name_words: &[],
                    nik: niks[*at].as_deref(),
                    no_kk: kks[*at].as_deref(),
                    aside: false,
                })
                .collect();
            golden_person(number(ats), &sources, vec![], &rules)
        })
        .collect();
    (persons, families)
}
