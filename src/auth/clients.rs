//! The clients in force. A reload puts others in their place while the gateway goes on.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Caller, Directory};

/// Who may call now; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Clients(Arc<RwLock<Arc<Directory>>>);

/// What a reload changed, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Clients that were not there.
    pub added: Vec<String>,
    /// Clients that are gone.
    pub gone: Vec<String>,
    /// Clients with another token, other rights or another agency.
    pub changed: Vec<String>,
}

impl Clients {
    /// These clients, for now.
    pub fn new(directory: Directory) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(directory))))
    }

    /// The clients of this moment.
    pub fn now(&self) -> Arc<Directory> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in their place; answers what is other.
    pub fn replace(&self, directory: Directory) -> Changes {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changes = Changes::between(&now, &directory);
        *now = Arc::new(directory);
        changes
    }
}

impl Changes {
    fn between(before: &Directory, after: &Directory) -> Self {
        let without = |one: &Directory, other: &Directory| -> Vec<String> {
            let known = |caller: &&Caller| other.clients.iter().any(|known| known.name == caller.name);
            one.clients.iter().filter(|caller| !known(caller)).map(|caller| caller.name.clone()).collect()
        };
        let is_other = |caller: &&Caller| before.clients.iter().any(|b| b.name == caller.name && b != *caller);
        let changed = after.clients.iter().filter(is_other).map(|caller| caller.name.clone()).collect();
        Self { added: without(after, before), gone: without(before, after), changed }
    }

    /// Whether nothing is other.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("added", &self.added), ("gone", &self.gone), ("changed", &self.changed)];
        let told = parts.iter().filter(|(_, names)| !names.is_empty());
        let told: Vec<String> = told.map(|(what, names)| format!("{what}: {}", names.join(", "))).collect();
        f.write_str(if told.is_empty() { "none" } else { "" })?;
        f.write_str(&told.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Client, Right, token_hash};

    fn directory(clients: &[(&str, &str, &[Right])]) -> Directory {
        let client = |(name, token, rights): &(&str, &str, &[Right])| Client {
            name: (*name).to_owned(),
            token_sha256: token_hash(token),
            rights: rights.to_vec(),
            agency: None,
            kind: None,
            regions: Vec::new(),
            purpose: None,
        };
        Directory::new(&clients.iter().map(client).collect::<Vec<_>>()).expect("good clients")
    }

    #[test]
    fn a_reload_says_who_is_new_gone_and_other() {
        let clients = Clients::new(directory(&[("a", "1", &[]), ("b", "2", &[]), ("c", "3", &[])]));
        let shared = clients.clone();
        let (b, c) = ("2", "3");
        let before = [b, c].map(|token| clients.now().by_token(token).expect("known"));
        let changes = shared.replace(directory(&[("b", "2", &[Right::Review]), ("c", "4", &[]), ("d", "5", &[])]));
        assert_eq!(changes.to_string(), "added: d; gone: a; changed: b, c");
        assert!(clients.now().by_token("1").is_none() && clients.now().by_token("5").is_some());
        let still = before.map(|caller| clients.now().still(&caller));
        assert!(still[0].as_ref().is_some_and(|caller| caller.has(Right::Review)), "the rights of now");
        assert!(still[1].is_none(), "another token is another code");
        let same = clients.replace(directory(&[("b", "2", &[Right::Review]), ("c", "4", &[]), ("d", "5", &[])]));
        assert!(same.is_empty() && same.to_string() == "none");
    }
}
