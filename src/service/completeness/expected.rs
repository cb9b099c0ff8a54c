//! Who is to send a feed, and where.

use serde::{Deserialize, Serialize};

use crate::auth::Directory;
use crate::domain::agency::AgencyId;
use crate::domain::feed::Feed;
use crate::domain::region::Regions;

/// Agencies that are to send a feed, as an operator writes it (`[[expected]]`). A feed is closed for a place when all of
/// them have closed it. Where a feed has no such entry, all agencies that may push it are to send it, wherever they answer for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", deny_unknown_fields)]
pub struct ExpectedConfig {
    /// Which feed.
    pub feed: Feed,
    /// Who; also one that no client pushes for yet.
    pub agencies: Vec<AgencyId>,
    /// Codes of provinces, regencies, sub-districts or villages; without any: everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
}

/// An entry before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    feed: Feed,
    agencies: Vec<AgencyId>,
    #[serde(default)]
    regions: Vec<String>,
}

/// An entry cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpectedError {
    /// It names nobody.
    #[error("expected: '{feed}' names no agency")]
    Nobody {
        /// The feed.
        feed: Feed,
    },
    /// There is no such region.
    #[error("expected: '{feed}' names the region '{region}', which is not known")]
    Region {
        /// The feed.
        feed: Feed,
        /// The code.
        region: String,
    },
}

impl TryFrom<Written> for ExpectedConfig {
    type Error = ExpectedError;

    fn try_from(written: Written) -> Result<Self, ExpectedError> {
        let Written { feed, agencies, regions } = written;
        if agencies.is_empty() {
            return Err(ExpectedError::Nobody { feed });
        }
        let known = |region: String| match present_region(&region) {
            Some(code) => Ok(code),
            None => Err(ExpectedError::Region { feed, region }),
        };
        Ok(Self { feed, agencies, regions: regions.into_iter().map(known).collect::<Result<_, _>>()? })
    }
}

/// The code that a region has today; `None` where there was never one of that code.
pub(in crate::service) fn present_region(code: &str) -> Option<String> {
    Regions::embedded().present(code)
}

/// Who is to send what, as a gateway asks it.
#[derive(Clone, Copy)]
pub(in crate::service) struct Senders<'a> {
    pub(in crate::service) expected: &'a [ExpectedConfig],
    pub(in crate::service) clients: &'a Directory,
}

impl Senders<'_> {
    /// The agencies that are to send a feed for a place, sorted.
    pub(in crate::service) fn at(self, feed: Feed, place: &str) -> Vec<AgencyId> {
        let mut entries = self.expected.iter().filter(|entry| entry.feed == feed).peekable();
        if entries.peek().is_none() {
            return self.clients.agencies_sending_at(feed, place);
        }
        let here = |entry: &&ExpectedConfig| {
            entry.regions.is_empty() || entry.regions.iter().any(|region| place.starts_with(region.as_str()))
        };
        let mut found: Vec<AgencyId> = entries.filter(here).flat_map(|entry| entry.agencies.clone()).collect();
        found.sort();
        found.dedup();
        found
    }

    /// The regions that entries and clients name: who is to send may differ from one to the next.
    pub(in crate::service) fn regions(&self, feed: Feed) -> impl Iterator<Item = &str> {
        let entries = self.expected.iter().filter(move |entry| entry.feed == feed);
        let listed = entries.flat_map(|entry| &entry.regions).map(String::as_str);
        listed.chain(self.clients.regions_of_senders(feed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Client, Right, token_hash};
    use crate::domain::agency::AgencyKind;

    fn agency(name: &str) -> AgencyId {
        AgencyId::new(name).expect("a good name")
    }

    fn clients() -> Directory {
        let client = |name: &str, rights: &[Right], kind| Client {
            name: name.to_owned(),
            token_sha256: token_hash(name),
            rights: rights.to_vec(),
            agency: Some(agency(name)),
            kind: Some(kind),
            regions: Vec::new(),
            purpose: None,
        };
        let clients = [
            client("bank-y", &[Right::Push], AgencyKind::Bank),
            client("bank-x", &[Right::Push], AgencyKind::Bank),
            client("bank-z", &[Right::Reports], AgencyKind::Bank),
            client("dinsos-a", &[Right::Push], AgencyKind::Dinsos),
        ];
        Directory::new(&clients).expect("good clients")
    }

    fn read(text: &str) -> Result<Vec<ExpectedConfig>, toml::de::Error> {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            expected: Vec<ExpectedConfig>,
        }
        toml::from_str::<File>(text).map(|file| file.expected)
    }

    #[test]
    fn who_is_to_send_is_configuration() {
        let listed = "[[expected]]\nfeed = \"bank-rekening\"\nagencies = [\"bank-y\", \"bank-q\"]\nregions = [\"3201\"]\n\
                      [[expected]]\nfeed = \"bank-rekening\"\nagencies = [\"bank-x\"]\nregions = [\"3201\", \"9101\"]\n";
        let clients = clients();
        for (name, text, feed, place, wanted) in [
            ("everybody who may push it", "", Feed::Rekening, "320105", &["bank-x", "bank-y"][..]),
            ("nobody may push it", "", Feed::PesertaDidik, "320105", &[]),
            ("as listed, also without a client", listed, Feed::Rekening, "320105", &["bank-q", "bank-x", "bank-y"]),
            ("a retired code is its successor", listed, Feed::Rekening, "930101", &["bank-x"]),
            ("nobody there", listed, Feed::Rekening, "1801", &[]),
            ("another feed is not listed", listed, Feed::Penyaluran, "1801", &["bank-x", "bank-y"]),
        ] {
            let expected = read(text).expect("entries");
            let senders = Senders { expected: &expected, clients: &clients };
            let wanted: Vec<AgencyId> = wanted.iter().map(|name| agency(name)).collect();
            assert_eq!(senders.at(feed, place), wanted, "{name}");
        }
    }

    #[test]
    fn entries_that_say_nothing_are_refused() {
        for (text, problem) in [
            ("feed = \"bank-rekening\"\nagencies = []", "names no agency"),
            ("feed = \"bank-rekening\"\nagencies = [\"b\"]\nregions = [\"99\"]", "the region '99'"),
            ("feed = \"bank\"\nagencies = [\"b\"]", "feed"),
            ("feed = \"bank-rekening\"\nagencies = [\"b\"]\nregion = \"32\"", "region"),
        ] {
            let error = read(&format!("[[expected]]\n{text}\n")).expect_err(text).to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
