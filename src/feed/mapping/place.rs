//! Names of places to codes of Kemendagri.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::error::MappingError;
use super::fold::{RegencyKind, fold_district, fold_place, fold_regency, fold_village};
use crate::domain::region::{Region, RegionStatus, Regions};

/// The names that stand in a row, empty where there is none.
#[derive(Default, Clone, Copy)]
pub(super) struct Names<'n> {
    pub(super) village: &'n str,
    pub(super) district: &'n str,
    pub(super) regency: &'n str,
}

/// What names of places mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing is said.
    Nothing,
    /// The code of a village or of a district; of any shape where a code stood in the cell.
    Code(String),
    /// Several places have these names.
    Several(Vec<&'static str>),
    /// No place has them.
    Unknown,
}

/// Regions by their folded names, within one region.
#[derive(Debug)]
pub(super) struct Places {
    regions: &'static Regions,
    regencies: FxHashMap<String, Vec<&'static Region>>,
    districts: FxHashMap<String, Vec<&'static Region>>,
    villages: FxHashMap<String, Vec<&'static Region>>,
    /// By the folded names, joined.
    choices: FxHashMap<String, String>,
}

impl Places {
    /// Reads the names of the regions within a code; all of them for the empty one (some tens of milliseconds).
    pub(super) fn new(
        regions: &'static Regions,
        within: &str,
        choices: &BTreeMap<String, String>,
    ) -> Result<Self, MappingError> {
        let known = |code: &str| regions.get(code).is_some();
        let within_fits = within.is_empty() || (matches!(within.len(), 2 | 4 | 6) && known(within));
        if !within_fits {
            return Err(MappingError::UnknownCode);
        }
        if choices.values().any(|code| !(code.is_empty() || matches!(code.len(), 6 | 10) && known(code))) {
            return Err(MappingError::UnknownCode);
        }
        let regencies = if within.len() > 4 { &within[..4] } else { within };
        let regency = |name: &str| fold_regency(name).0;
        let folded = |(names, code): (&String, &String)| (joined(names.split(" / ")), code.clone());
        Ok(Self {
            regions,
            regencies: by_name(regions.regencies_of(regencies), regency),
            districts: by_name(regions.districts_of(within), fold_district),
            villages: by_name(regions.villages_of(within), fold_village),
            choices: choices.iter().map(folded).collect(),
        })
    }

    /// What the names of a row mean. A person's choice goes before everything else.
    pub(super) fn find(&self, names: Names<'_>) -> Found {
        if names.village.is_empty() && names.district.is_empty() {
            return Found::Nothing;
        }
        if let Some(code) = self.choices.get(&joined([names.village, names.district, names.regency])) {
            return if code.is_empty() { Found::Nothing } else { Found::Code(code.clone()) };
        }
        let lowest = if names.village.is_empty() { names.district } else { names.village };
        if let Some(code) = as_code(lowest) {
            return Found::Code(code);
        }
        self.by_names(names)
    }

    fn by_names(&self, names: Names<'_>) -> Found {
        let regencies = (!names.regency.is_empty()).then(|| self.regencies_named(names.regency));
        let in_regency = |region: &&Region| {
            regencies.as_ref().is_none_or(|found| found.iter().any(|regency| region.code.starts_with(regency.code)))
        };
        let districts = (!names.district.is_empty()).then(|| self.districts_named(names.district));
        if names.village.is_empty() {
            let found: Vec<_> = districts.unwrap_or_default().into_iter().filter(in_regency).collect();
            return one_of(&found);
        }
        let in_district = |region: &&Region| {
            districts.as_ref().is_none_or(|found| found.iter().any(|district| region.code.starts_with(district.code)))
        };
        let villages = named(&self.villages, &fold_village(names.village));
        let found: Vec<_> = villages.into_iter().filter(in_regency).filter(in_district).collect();
        one_of(&found)
    }

    fn regencies_named(&self, name: &str) -> Vec<&'static Region> {
        if let Some(region) = as_code(name).and_then(|code| self.regions.get(&code)) {
            return self.regencies.values().flatten().filter(|regency| regency.code == region.code).copied().collect();
        }
        let (folded, kind) = fold_regency(name);
        let mut found = named(&self.regencies, &folded);
        if let Some(kind) = kind {
            found.retain(|regency| is_city(regency) == (kind == RegencyKind::Kota));
        }
        found
    }

    fn districts_named(&self, name: &str) -> Vec<&'static Region> {
        match as_code(name) {
            Some(code) => self.districts.values().flatten().filter(|district| district.code == code).copied().collect(),
            None => named(&self.districts, &fold_district(name)),
        }
    }

    /// Places that may be meant by a name nobody knows: those with nearly the same name, and those of the same name elsewhere
    /// within the region. At most ten.
    pub(super) fn suggestions(&self, names: Names<'_>) -> Vec<&'static str> {
        let village = !names.village.is_empty();
        let (table, folded) = if village {
            (&self.villages, fold_village(names.village))
        } else {
            (&self.districts, fold_district(names.district))
        };
        let districts =
            if village && !names.district.is_empty() { self.districts_named(names.district) } else { Vec::new() };
        let lies_there = |region: &Region| districts.iter().any(|district| region.code.starts_with(district.code));
        let near = |(name, regions): (&String, &Vec<&'static Region>)| {
            // Nearly all names differ too much in length already.
            if name.len().abs_diff(folded.len()) > MOST_LETTERS_APART {
                return None;
            }
            let distance = strsim::osa_distance(name, &folded);
            (distance <= MOST_LETTERS_APART && distance * 3 <= folded.len()).then(|| (distance, regions.clone()))
        };
        let mut found: Vec<(bool, usize, &'static str)> = table
            .iter()
            .filter_map(near)
            .flat_map(|(distance, regions)| regions.into_iter().map(move |region| (distance, region)))
            .filter(|(_, region)| region.status() == RegionStatus::Active)
            .map(|(distance, region)| (!lies_there(region), distance, region.code))
            .collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().take(MOST_SUGGESTIONS).map(|(_, _, code)| code).collect()
    }

    /// The name of a place with those of the places it lies in: `Sukamaju, Cibungbulang, Kabupaten Bogor`.
    pub(super) fn label(&self, code: &str) -> String {
        let mut names: Vec<&str> = self.regions.parents(code).skip(1).map(|region| region.name).collect();
        names.extend(self.regions.name(code));
        names.reverse();
        names.join(", ")
    }
}

const MOST_SUGGESTIONS: usize = 10;

/// A name that differs in more letters is another one.
const MOST_LETTERS_APART: usize = 3;

/// By the name of today and by earlier ones.
fn by_name(regions: &'static [Region], fold: impl Fn(&str) -> String) -> FxHashMap<String, Vec<&'static Region>> {
    let mut found: FxHashMap<String, Vec<&'static Region>> = FxHashMap::default();
    for region in regions {
        for name in std::iter::once(region.name).chain(region.previous_names()) {
            let list = found.entry(fold(name)).or_default();
            if list.last().is_none_or(|last| last.code != region.code) {
                list.push(region);
            }
        }
    }
    found
}

/// Regions of a name: those in use, or else those that once were.
fn named(table: &FxHashMap<String, Vec<&'static Region>>, folded: &str) -> Vec<&'static Region> {
    let all = table.get(folded).map_or(&[][..], Vec::as_slice);
    let active: Vec<&'static Region> = all.iter().filter(|r| r.status() == RegionStatus::Active).copied().collect();
    if active.is_empty() { all.to_vec() } else { active }
}

fn is_city(regency: &Region) -> bool {
    fold_regency(regency.name).1 == Some(RegencyKind::Kota)
}

fn one_of(found: &[&'static Region]) -> Found {
    match found {
        [] => Found::Unknown,
        [region] => Found::Code(region.code.to_owned()),
        _ => Found::Several(found.iter().map(|region| region.code).collect()),
    }
}

/// A cell of a column of names that holds a code.
fn as_code(text: &str) -> Option<String> {
    let joined: String = text.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    (joined.len() >= 2 && joined.bytes().all(|b| b.is_ascii_digit())).then_some(joined)
}

/// The key of a choice: names folded, those that are empty left out.
fn joined<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let folded = names.into_iter().map(fold_place).filter(|name| !name.is_empty());
    folded.collect::<Vec<_>>().join("|")
}
