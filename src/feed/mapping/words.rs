//! How columns and words of tables are called: `config/columns.toml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::fold::{fold_heading, fold_word};
use super::guess::{Certainty, Target};
use super::kind::fields_of;
use crate::domain::feed::Feed;

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    headings: BTreeMap<String, Vec<String>>,
    special: Special,
    words: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    keys: BTreeMap<Feed, Vec<Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Special {
    birth: Vec<String>,
    rt_rw: Vec<String>,
    village: Vec<String>,
    district: Vec<String>,
    regency: Vec<String>,
    running: Vec<String>,
}

/// The table, ready to be asked.
pub(super) struct Words {
    /// By folded heading.
    special: FxHashMap<String, Target>,
    /// By folded heading: the fields that are called so.
    headings: FxHashMap<String, Vec<String>>,
    /// By field and folded word.
    meanings: FxHashMap<String, FxHashMap<String, String>>,
    keys: BTreeMap<Feed, Vec<Vec<String>>>,
}

impl Words {
    /// The table of the program. The first call reads it.
    pub(super) fn embedded() -> &'static Self {
        static WORDS: OnceLock<Words> = OnceLock::new();
        WORDS.get_or_init(|| {
            let written = toml::from_str(include_str!("../../../config/columns.toml"));
            Self::new(written.expect("the embedded table is of its form: a test reads it"))
        })
    }

    fn new(written: Written) -> Self {
        let Written { headings, special, words, keys } = written;
        let special = [
            (Target::BirthPlaceAndDate, special.birth),
            (Target::RtAndRw, special.rt_rw),
            (Target::Village, special.village),
            (Target::District, special.district),
            (Target::Regency, special.regency),
            (Target::LeftOut, special.running),
        ];
        let special = special
            .into_iter()
            .flat_map(|(target, names)| names.into_iter().map(move |name| (key_of(&name), target.clone())));
        let mut by_heading: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for (field, names) in headings {
            for name in names.iter().chain([&field]) {
                let list = by_heading.entry(key_of(name)).or_default();
                if !list.contains(&field) {
                    list.push(field.clone());
                }
            }
        }
        let folded = |values: BTreeMap<String, Vec<String>>| {
            let pairs = values
                .into_iter()
                .flat_map(|(value, words)| words.into_iter().map(move |w| (fold_word(&w), value.clone())));
            pairs.collect()
        };
        Self {
            special: special.collect(),
            headings: by_heading,
            meanings: words.into_iter().map(|(field, values)| (field, folded(values))).collect(),
            keys,
        }
    }

    /// What a heading means in a feed, by its words alone.
    pub(super) fn target(&self, feed: Feed, heading: &str) -> Option<(Target, Certainty)> {
        let folded = fold_heading(heading);
        let exact = self.exact(feed, &key_of(heading)).or_else(|| {
            fields_of(feed)
                .iter()
                .find(|field| fold_heading(&field.name) == folded)
                .map(|f| Target::Field(f.name.clone()))
        });
        if let Some(target) = exact {
            return Some((target, Certainty::Sure));
        }
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        // The longest beginning that is known, then the longest part.
        let beginnings = (1..words.len()).rev().map(|length| words[..length].concat());
        let parts = (2..words.len()).rev().flat_map(|length| words.windows(length).map(<[&str]>::concat));
        let found = beginnings.chain(parts).find_map(|part| self.exact(feed, &part));
        found.filter(|target| *target != Target::LeftOut).map(|target| (target, Certainty::Likely))
    }

    fn exact(&self, feed: Feed, key: &str) -> Option<Target> {
        let of_feed = |name: &&String| fields_of(feed).iter().any(|field| field.name == **name);
        let field = self.headings.get(key).and_then(|fields| fields.iter().find(of_feed));
        let special = || self.special.get(key).filter(|target| target.is_of(feed)).cloned();
        field.map(|name| Target::Field(name.clone())).or_else(special)
    }

    /// The value of a field that a word stands for.
    pub(super) fn meant(&self, field: &str, word: &str) -> Option<&str> {
        self.meanings.get(field)?.get(&fold_word(word)).map(String::as_str)
    }

    /// Fields that may form the key of a feed, best first.
    pub(super) fn keys(&self, feed: Feed) -> &[Vec<String>] {
        self.keys.get(&feed).map_or(&[], Vec::as_slice)
    }
}

/// A heading without blanks: `TglLahir` is `Tgl Lahir`. A sign alone stays what it is.
fn key_of(heading: &str) -> String {
    let folded: String = fold_heading(heading).chars().filter(|c| *c != ' ').collect();
    if folded.is_empty() { heading.trim().to_owned() } else { folded }
}

/// Whether a heading says that its column is a running number of the sheet.
pub(super) fn is_running_heading(heading: &str) -> bool {
    Words::embedded().special.get(&key_of(heading)) == Some(&Target::LeftOut)
}
