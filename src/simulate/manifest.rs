//! Counts over a whole world, in the shape of the samples' `manifest.json`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::context::Context;
use super::feeds::Row;
use super::neighbourhood::Neighbourhood;
use super::truth::FindingRow;
use super::world::{Profile, Rates};
use crate::domain::date::{Date, Period};
use crate::domain::feed::Feed;

/// Counts over a whole world.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// What made it.
    pub pembuat: String,
    /// Seed.
    pub seed: u64,
    /// Damage.
    pub profile: Profile,
    /// Region.
    pub region: String,
    /// Day on which the feeds are read.
    pub as_of: Date,
    /// Age from which old people count as a component.
    pub lansia_min: u8,
    /// The periods that reports are about.
    pub periode: [Period; 2],
    /// True persons.
    pub persons: u64,
    /// True families.
    pub families: u64,
    /// Villages of the table.
    pub villages: usize,
    /// Districts.
    pub kecamatan: Vec<String>,
    /// Districts whose bank rows have not come.
    pub kecamatan_bank_belum_disampaikan: Vec<String>,
    /// Districts whose services feed is not closed.
    pub kecamatan_kia_belum_ditutup: Vec<String>,
    /// Rows by feed.
    pub rows: BTreeMap<Feed, u64>,
    /// Rows about persons.
    pub rows_person: u64,
    /// All rows.
    pub rows_total: u64,
    /// Pairs of rows about one person.
    pub true_pairs: u64,
    /// How many persons have so many rows.
    pub rows_per_person: BTreeMap<usize, u64>,
    /// Findings by rule and status.
    pub aturan: BTreeMap<String, u64>,
    /// Further counts.
    pub statistik: BTreeMap<&'static str, u64>,
    /// Rates of the profile.
    pub laju: Rates,
    /// All persons are synthetic.
    pub semua_orang_sintetis: bool,
}

impl Manifest {
    pub(crate) fn new(context: &Context) -> Self {
        let world = context.world;
        let code = |at: Option<usize>| at.map(|at| context.region.districts[at].code.clone()).into_iter().collect();
        Self {
            pembuat: "padan simulate v1".to_owned(),
            seed: world.seed,
            profile: world.profile,
            region: world.regency.clone(),
            as_of: world.as_of,
            lansia_min: world.elderly_min,
            periode: [context.periods.quarters[0], context.periods.months[0]],
            persons: 0,
            families: 0,
            villages: context.region.districts.iter().map(|district| district.villages.len()).sum(),
            kecamatan: context.region.districts.iter().map(|district| district.code.clone()).collect(),
            kecamatan_bank_belum_disampaikan: code(context.region.without_bank()),
            kecamatan_kia_belum_ditutup: code(context.region.without_kia()),
            rows: Feed::ALL.into_iter().map(|feed| (feed, 0)).collect(),
            rows_person: 0,
            rows_total: 0,
            true_pairs: 0,
            rows_per_person: BTreeMap::new(),
            aturan: BTreeMap::new(),
            statistik: BTreeMap::new(),
            laju: context.rates,
            semua_orang_sintetis: true,
        }
    }

    fn count(&mut self, what: &'static str, number: u64) {
        *self.statistik.entry(what).or_default() += number;
    }

    /// Adds a neighbourhood.
    pub(crate) fn add(&mut self, hood: &Neighbourhood, rows: &[Row], findings: &[FindingRow]) {
        self.families += hood.families.len() as u64;
        self.count("keluarga", hood.families.len() as u64);
        self.count("orang_homonim_ditanam", hood.homonym_pairs * 2);
        self.count("pasangan_homonim_ditanam", hood.homonym_pairs);
        for (at, family) in hood.families.iter().enumerate() {
            self.persons += family.members.len() as u64;
            self.count("keluarga_pindah", u64::from(family.before.is_some()));
            self.count("keluarga_pkh", u64::from(family.aid.pkh));
            self.count("keluarga_sembako", u64::from(family.aid.sembako));
            let others = family.accounts.iter().filter(|_| !family.aid.pkh && !family.aid.sembako).count();
            self.count("rekening_bukan_kpm", others as u64);
            for (member, person) in family.members.iter().enumerate() {
                let rows = rows.iter().filter(|row| row.family == at && row.member == Some(member)).count();
                *self.rows_per_person.entry(rows).or_default() += 1;
                self.true_pairs += (rows * rows.saturating_sub(1) / 2) as u64;
                self.count("pasangan_kembar", u64::from(person.twin.is_some_and(|twin| twin > member)));
                self.count("orang_nik_ganda", u64::from(person.second_nik.is_some()));
                self.count("orang_meninggal", u64::from(person.died.is_some()));
            }
        }
        for row in rows {
            *self.rows.entry(row.feed).or_default() += 1;
            self.rows_total += 1;
            self.rows_person += u64::from(row.feed.describes_person());
            if row.repeated {
                self.count(repeated_name(row.feed), 1);
            }
        }
        for finding in findings {
            let key = format!("{}:{}", finding.rule_id, finding.status_harapan.code());
            *self.aturan.entry(key).or_default() += 1;
        }
    }
}

fn repeated_name(feed: Feed) -> &'static str {
    match feed {
        Feed::AnggotaKeluarga => "duplikat_dinsos",
        Feed::PesertaDidik => "duplikat_disdik",
        Feed::KepesertaanJkn => "duplikat_jkn",
        Feed::LayananKia => "duplikat_kia",
        Feed::Rekening => "duplikat_bank",
        Feed::Penyaluran => "duplikat_penyaluran",
    }
}
