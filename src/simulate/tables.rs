//! The tables a world is built from: villages of the region, districts elsewhere, name pools.

use std::collections::BTreeMap;

use super::names::NamePools;
use super::world::{World, WorldError};

/// What the caller knows about places and names. The generator has no region table of its own.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Villages: ten-digit code and name. Those outside the region of the world are ignored.
    pub villages: Vec<(String, String)>,
    /// Districts (*kecamatan*): six-digit code and name.
    pub districts: Vec<(String, String)>,
    /// Six-digit codes of districts elsewhere, where people who moved in got their NIK. May be empty: then nobody did.
    pub elsewhere: Vec<String>,
    /// Tokens of names.
    pub names: NamePools,
}

impl Tables {
    /// Tables with the embedded name pools.
    pub fn new(villages: Vec<(String, String)>, districts: Vec<(String, String)>, elsewhere: Vec<String>) -> Self {
        Self { villages, districts, elsewhere, names: NamePools::embedded() }
    }

    /// The region of a world: its districts with their villages, in the order of their codes.
    pub(crate) fn region(&self, world: &World) -> Result<Region, WorldError> {
        let mut districts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (code, _) in self.villages.iter().filter(|(code, _)| code.starts_with(&world.regency)) {
            check_code(code, 10)?;
            districts.entry(&code[..6]).or_default().push(code.clone());
        }
        if districts.is_empty() {
            return Err(WorldError::NoVillage { regency: world.regency.clone() });
        }
        let mut elsewhere = Vec::new();
        for code in self.elsewhere.iter().filter(|code| !districts.contains_key(code.as_str())) {
            check_code(code, 6)?;
            elsewhere.push(code.clone());
        }
        elsewhere.sort();
        elsewhere.dedup();
        let named =
            |code: &str| self.districts.iter().find(|(known, _)| known == code).map(|(_, name)| name.to_uppercase());
        let districts = districts
            .into_iter()
            .map(|(code, mut villages)| {
                villages.sort();
                District { code: code.to_owned(), name: named(code).unwrap_or_else(|| "KOTA".to_owned()), villages }
            })
            .collect();
        Ok(Region { districts, elsewhere })
    }
}

fn check_code(code: &str, digits: usize) -> Result<(), WorldError> {
    let fits = code.len() == digits && code.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(()) } else { Err(WorldError::Code { code: code.to_owned() }) }
}

/// The districts of one world.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    pub(crate) districts: Vec<District>,
    pub(crate) elsewhere: Vec<String>,
}

/// One district and its villages.
#[derive(Debug, Clone)]
pub(crate) struct District {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) villages: Vec<String>,
}

impl Region {
    /// The district whose bank rows have not come: the last but one, as nothing may hang on the first.
    /// `None` where there are too few districts to leave one out.
    pub(crate) fn without_bank(&self) -> Option<usize> {
        let count = self.districts.len();
        (count >= 3).then(|| count - 2)
    }

    /// The district whose feed of mother and child services is not closed.
    pub(crate) fn without_kia(&self) -> Option<usize> {
        let count = self.districts.len();
        (count >= 3).then(|| count - 3)
    }
}
