//! Who is calling. Bearer tokens bound to a client of the configuration; a client certificate is to be another way to
//! the same [`Caller`] (`http` asks only [`Directory::by_token`] today).

mod clients;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

pub use self::clients::{Changes, Clients};
use crate::domain::agency::{AgencyId, AgencyKind};
use crate::domain::feed::Feed;
use crate::domain::region::Regions;

/// Characters of a client's name at most.
const MAX_NAME_CHARS: usize = 64;

/// Characters of a purpose at most: it stands in every entry of the audit log.
pub const MAX_PURPOSE_CHARS: usize = 200;

/// What a client may do. Nothing that is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Push the feeds of its agency and read its own batches and receipts.
    Push,
    /// Look persons up.
    Persons,
    /// See and decide cases.
    Review,
    /// Read reports and the overview.
    Reports,
    /// Read the audit log, and who saw what about a person.
    Audit,
}

/// One client of the gateway, as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Name, shown in decisions and logs.
    pub name: String,
    /// SHA-256 of its bearer token, hexadecimal. `padan keys token` makes one.
    pub token_sha256: String,
    /// What it may do.
    pub rights: Vec<Right>,
    /// The agency it pushes for.
    pub agency: Option<AgencyId>,
    /// The kind of that agency.
    pub kind: Option<AgencyKind>,
    /// The regions that its agency answers for, as codes of provinces, regencies, sub-districts or villages; without any:
    /// everywhere. What it says of people who are known elsewhere changes nothing of them without a steward.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// What it reads and writes for, as it stands in the audit log: the task, or the number of the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// Somebody whose token was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The client's name.
    pub name: String,
    /// Its agency.
    pub agency: Option<AgencyId>,
    /// The agency's kind.
    pub kind: Option<AgencyKind>,
    /// The regions that it answers for, by the codes of today; none: everywhere.
    pub regions: Vec<String>,
    /// What it reads and writes for.
    pub purpose: Option<String>,
    rights: Vec<Right>,
    /// SHA-256 of the token that was right.
    token: Vec<u8>,
}

impl Caller {
    /// The caller that a client is; `number` counts clients from 1.
    fn of(client: &Client, number: usize) -> Result<Self, DirectoryError> {
        let name = client.name.clone();
        let chars = name.chars().count();
        if !(1..=MAX_NAME_CHARS).contains(&chars) || name.trim() != name || name.contains(char::is_control) {
            return Err(DirectoryError::Name { number });
        }
        if client.rights.contains(&Right::Push) && (client.agency.is_none() || client.kind.is_none()) {
            return Err(DirectoryError::NoAgency { client: name });
        }
        let hash = hex::decode(&client.token_sha256).ok().filter(|bytes| bytes.len() == 32);
        let token = hash.ok_or_else(|| DirectoryError::Hash { client: name.clone() })?;
        let known = |region: &String| {
            let unknown = || DirectoryError::Region { client: name.clone(), region: region.clone() };
            Regions::embedded().present(region).ok_or_else(unknown)
        };
        let regions = client.regions.iter().map(known).collect::<Result<_, _>>()?;
        let (agency, rights) = (client.agency.clone(), client.rights.clone());
        let purpose = client.purpose.clone();
        let is_purpose =
            |text: &String| (1..=MAX_PURPOSE_CHARS).contains(&text.chars().count()) && !text.contains(char::is_control);
        if !purpose.as_ref().is_none_or(is_purpose) {
            return Err(DirectoryError::Purpose { client: name });
        }
        Ok(Self { name, agency, kind: client.kind, regions, purpose, rights, token })
    }

    /// Whether the caller has a right.
    pub fn has(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// The agency, when the caller may push this feed.
    pub fn may_push(&self, feed: Feed) -> Option<&AgencyId> {
        let kind = self.kind.filter(|kind| kind.feeds().contains(&feed) && self.has(Right::Push));
        kind.and(self.agency.as_ref())
    }

    /// Whether it answers for the place with this code, or for every place in the region with it.
    pub fn answers_for(&self, code: &str) -> bool {
        let code = Regions::embedded().current(code);
        self.regions.is_empty() || self.regions.iter().any(|region| code.starts_with(region.as_str()))
    }
}

/// All clients of a gateway. In a configuration it is the list of clients, checked as it is read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Client>", into = "Vec<Client>")]
pub struct Directory {
    clients: Vec<Caller>,
}

/// A client of the configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The hash is not 64 hexadecimal digits.
    #[error("client '{client}': token_sha256 is not 64 hexadecimal digits")]
    Hash {
        /// Which client.
        client: String,
    },
    /// A client has no name, or one that nobody can tell from another.
    #[error(
        "client number {number}: a name has 1 to {MAX_NAME_CHARS} characters, no blank at either end and no control sign"
    )]
    Name {
        /// Which client, counted from 1.
        number: usize,
    },
    /// A purpose that nobody can read, or that is too long.
    #[error("client '{client}': a purpose has 1 to {MAX_PURPOSE_CHARS} characters and no control sign")]
    Purpose {
        /// Which client.
        client: String,
    },
    /// Two clients share a name, so that nobody could say whose a decision is.
    #[error("two clients are called '{name}'; give each one a name of its own")]
    SharedName {
        /// Which name.
        name: String,
    },
    /// Two clients share a token.
    #[error("clients '{first}' and '{second}' have the same token")]
    SharedToken {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A client answers for a region that there is not.
    #[error("client '{client}' answers for the region '{region}', which is not known")]
    Region {
        /// Which client.
        client: String,
        /// The code.
        region: String,
    },
    /// The right to push needs an agency and its kind.
    #[error("client '{client}' may push, but has no agency and kind")]
    NoAgency {
        /// Which client.
        client: String,
    },
}

impl Directory {
    /// Checks the clients and makes them ready to be asked for.
    pub fn new(clients: &[Client]) -> Result<Self, DirectoryError> {
        let mut ready: Vec<Caller> = Vec::with_capacity(clients.len());
        for (at, client) in clients.iter().enumerate() {
            let caller = Caller::of(client, at + 1)?;
            if ready.iter().any(|other| other.name == caller.name) {
                return Err(DirectoryError::SharedName { name: caller.name });
            }
            if let Some(other) = ready.iter().find(|other| other.token == caller.token) {
                return Err(DirectoryError::SharedToken { first: other.name.clone(), second: caller.name });
            }
            ready.push(caller);
        }
        Ok(Self { clients: ready })
    }

    /// The agencies that may push a feed, each once, sorted.
    pub fn agencies_sending(&self, feed: Feed) -> Vec<AgencyId> {
        let mut found: Vec<AgencyId> =
            self.clients.iter().filter_map(|caller| caller.may_push(feed)).cloned().collect();
        found.sort();
        found.dedup();
        found
    }

    /// Those of them that are to send it for a place: each that answers for it.
    pub fn agencies_sending_at(&self, feed: Feed, place: &str) -> Vec<AgencyId> {
        let here = self.clients.iter().filter(|caller| caller.answers_for(place));
        let mut found: Vec<AgencyId> = here.filter_map(|caller| caller.may_push(feed)).cloned().collect();
        found.sort();
        found.dedup();
        found
    }

    /// The regions that clients answer for which may push a feed.
    pub fn regions_of_senders(&self, feed: Feed) -> impl Iterator<Item = &str> {
        let senders = self.clients.iter().filter(move |caller| caller.may_push(feed).is_some());
        senders.flat_map(|caller| &caller.regions).map(String::as_str)
    }

    /// The client of a token. How long it takes says nothing about the token or the hashes that are known.
    pub fn by_token(&self, token: &str) -> Option<Caller> {
        let hash = Sha256::digest(token.as_bytes());
        // All are compared, so that it does not say either which one it was.
        let mut found = None;
        for caller in &self.clients {
            if caller.token.as_slice().ct_eq(hash.as_slice()).into() {
                found = Some(caller.clone());
            }
        }
        found
    }

    /// What somebody who was recognised before may do now; `None` where the client or its token is gone.
    pub fn still(&self, caller: &Caller) -> Option<Caller> {
        self.clients.iter().find(|known| known.name == caller.name && known.token == caller.token).cloned()
    }
}

impl TryFrom<Vec<Client>> for Directory {
    type Error = DirectoryError;

    fn try_from(clients: Vec<Client>) -> Result<Self, DirectoryError> {
        Self::new(&clients)
    }
}

impl From<Directory> for Vec<Client> {
    fn from(directory: Directory) -> Self {
        let client = |caller: Caller| Client {
            name: caller.name,
            token_sha256: hex::encode(caller.token),
            rights: caller.rights,
            agency: caller.agency,
            kind: caller.kind,
            regions: caller.regions,
            purpose: caller.purpose,
        };
        directory.clients.into_iter().map(client).collect()
    }
}

/// SHA-256 of a token, as it stands in the configuration.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str, token: &str, rights: &[Right], kind: Option<AgencyKind>) -> Client {
        Client {
            name: name.to_owned(),
            token_sha256: token_hash(token),
            rights: rights.to_vec(),
            agency: kind.map(|_| AgencyId::new("dinsos-3201").expect("a good name")),
            kind,
            regions: Vec::new(),
            purpose: None,
        }
    }

    #[test]
    fn a_token_leads_to_its_client_and_no_other() {
        let clients = [
            client("dinsos", "a", &[Right::Push], Some(AgencyKind::Dinsos)),
            client("petugas", "b", &[Right::Review], None),
        ];
        let directory = Directory::new(&clients).expect("good clients");
        let caller = directory.by_token("a").expect("known");
        assert!(caller.may_push(Feed::AnggotaKeluarga).is_some());
        assert!(caller.may_push(Feed::Rekening).is_none());
        assert!(!caller.has(Right::Review));
        assert!(directory.by_token("b").expect("known").may_push(Feed::AnggotaKeluarga).is_none());
        assert!(directory.by_token("c").is_none());
        assert_eq!(Vec::from(directory), clients, "it is written as it was read");
    }

    #[test]
    fn bad_clients_are_refused_at_start() {
        let mut bad = client("x", "a", &[], None);
        bad.token_sha256 = "zz".to_owned();
        assert!(matches!(Directory::new(&[bad]), Err(DirectoryError::Hash { .. })));
        let pusher = client("x", "a", &[Right::Push], None);
        assert!(matches!(Directory::new(&[pusher]), Err(DirectoryError::NoAgency { .. })));
        let twins = [client("x", "a", &[], None), client("y", "a", &[], None)];
        assert!(matches!(Directory::new(&twins), Err(DirectoryError::SharedToken { .. })));
    }

    #[test]
    fn two_callers_of_one_name_or_of_none_are_refused() {
        let namesakes = [client("petugas", "a", &[], None), client("petugas", "b", &[], None)];
        let error = Directory::new(&namesakes).expect_err("one name").to_string();
        assert_eq!(error, "two clients are called 'petugas'; give each one a name of its own");
        for name in ["", " ", "a ", " a", "a\0b", "a\nb", &"x".repeat(65)] {
            let clients = [client("petugas", "a", &[], None), client(name, "b", &[], None)];
            assert_eq!(Directory::new(&clients).err(), Some(DirectoryError::Name { number: 2 }), "{name:?}");
        }
    }
}
