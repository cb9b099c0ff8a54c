//! Settings of a gateway: built-in defaults, then the file, then flags. All of it is checked before anything starts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::auth::Directory;
use crate::store::StoreUrl;

#[cfg(test)]
mod example;

/// The whole configuration; every part is documented with its own type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where bytes rest: `sled:PATH`, `redb:PATH`, `postgres://…` or `memory:`.
    pub store: StoreUrl,
    /// Listener, TLS and limits of the web side.
    pub http: crate::http::Config,
    /// Limits of the store.
    pub store_limits: crate::store::Config,
    /// Limits and dates of the use cases.
    pub service: crate::service::Config,
    /// What is old enough to go; it goes its way to the use cases with their own settings.
    pub retention: crate::service::retention::Config,
    /// Models and rules other than those built in.
    pub models: crate::service::models::Config,
    /// Log form and level.
    pub log: crate::telemetry::Config,
    /// Who may call.
    pub client: Directory,
    /// Who is to send which feed, and where; it goes its way to the use cases with their own settings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<crate::service::completeness::ExpectedConfig>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            store: StoreUrl::Redb(PathBuf::from("padan-data")),
            http: crate::http::Config::default(),
            store_limits: crate::store::Config::default(),
            service: crate::service::Config::default(),
            retention: crate::service::retention::Config::default(),
            models: crate::service::models::Config::default(),
            log: crate::telemetry::Config::default(),
            client: Directory::default(),
            expected: Vec::new(),
        }
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what the program understands.
    #[error("{}:\n{problem}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// Line, column and reason, as the TOML reader gives them.
        problem: String,
    },
}

impl Settings {
    /// Reads and checks a file. Relative paths in it are relative to the file.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
        let mut settings: Self = toml::from_str(&text)
            .map_err(|error| SettingsError::Content { path: path.to_owned(), problem: error.to_string() })?;
        settings.resolve(path.parent().unwrap_or(Path::new(".")));
        Ok(settings)
    }

    /// The configuration as it is in force, with secrets hidden, for the log at start.
    pub fn effective(&self) -> String {
        let mut shown = toml::Table::try_from(self).unwrap_or_default();
        shown.insert("store".to_owned(), self.store.to_string().into());
        let clients = shown.get_mut("client").and_then(toml::Value::as_array_mut);
        for client in clients.into_iter().flatten().filter_map(toml::Value::as_table_mut) {
            client.insert("token_sha256".to_owned(), "***".into());
        }
        toml::to_string(&shown).unwrap_or_default()
    }

    /// The settings of the use cases, the retention rule and who is to send among them.
    pub fn service(&self) -> crate::service::Config {
        let older_than = self.retention.older_than.or(self.service.retention.older_than);
        crate::service::Config {
            retention: crate::service::retention::Config { older_than, ..self.retention },
            expected: [self.service.expected.as_slice(), &self.expected].concat(),
            ..self.service.clone()
        }
    }

    /// Names of the parts that other settings set otherwise and that a reload does not take.
    pub fn waiting_for_restart(&self, other: &Self) -> Vec<String> {
        let parts = |settings: &Self| {
            let mut parts = toml::Table::try_from(settings).unwrap_or_default();
            parts.remove("client");
            if let Some(http) = parts.get_mut("http").and_then(toml::Value::as_table_mut) {
                http.remove("tls");
            }
            parts
        };
        let (own, other) = (parts(self), parts(other));
        let names: BTreeSet<&String> = own.keys().chain(other.keys()).collect();
        names.into_iter().filter(|name| own.get(*name) != other.get(*name)).cloned().collect()
    }

    fn resolve(&mut self, base: &Path) {
        let models = &mut self.models;
        let tls = [&mut self.http.tls.cert, &mut self.http.tls.key];
        let files = models.model.iter_mut().chain(&mut models.survivorship).chain(&mut models.rules).chain(tls);
        let files =
            files.chain(self.store.paths_mut()).chain(&mut self.service.index_file).chain(&mut self.service.audit_key);
        for path in files {
            if path.is_relative() {
                *path = base.join(&*path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_errors_with_their_line() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("padan.toml");
        std::fs::write(&path, "[service]\nmax_wating_rows = 3\n").expect("written");
        let error = Settings::read(&path).expect_err("a typing error").to_string();
        assert!(error.contains("line 2") && error.contains("max_wating_rows"), "{error}");
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("padan.toml");
        std::fs::write(&path, "store = \"sled:data\"\n").expect("written");
        let settings = Settings::read(&path).expect("good");
        assert_eq!(settings.store, StoreUrl::Sled(dir.path().join("data")));
        std::fs::write(&path, "store = \"postgres://p@db/hub?sslrootcert=ca.pem\"\n").expect("written");
        let store = Settings::read(&path).expect("good").store.to_string();
        let wanted = dir.path().join("ca.pem");
        assert!(store.contains(&format!("sslrootcert={}", wanted.display())), "{store}");
    }

    #[test]
    fn what_a_reload_does_not_take_is_named() {
        let read = |text: &str| toml::from_str::<Settings>(text).expect("good");
        let own = read("");
        let hash = "0123456789abcdef".repeat(4);
        let client = format!("[[client]]\nname = \"a\"\ntoken_sha256 = \"{hash}\"\nrights = []\n");
        for (other, names) in [
            ("", &[][..]),
            (&client, &[]),
            ("[http.tls]\ncert = \"other.pem\"\n", &[]),
            ("store = \"memory:\"\n[http]\nworkers = 3\n", &["http", "store"]),
        ] {
            assert_eq!(own.waiting_for_restart(&read(other)), names, "{other}");
        }
    }

    #[test]
    fn secrets_are_hidden_in_the_effective_settings() {
        let hash = "0123456789abcdef".repeat(4);
        let text = format!("[[client]]\nname = \"dinsos\"\ntoken_sha256 = \"{hash}\"\nrights = [\"reports\"]\n");
        let settings: Settings = toml::from_str(&text).expect("good");
        let shown = settings.effective();
        assert!(shown.contains("dinsos") && shown.contains("***") && !shown.contains(&hash), "{shown}");
        assert!(toml::to_string(&settings).expect("TOML").contains(&hash), "only what is shown is masked");
        let text = "store = \"postgres://padan:rahasia@localhost/hub\"\n";
        let settings: Settings = toml::from_str(text).expect("good");
        let shown = format!("{} {settings:?}", settings.effective());
        assert!(shown.contains("padan:***@localhost") && !shown.contains("rahasia"), "{shown}");
        assert!(toml::to_string(&settings).expect("TOML").contains("padan:rahasia@"), "only what is shown is masked");
    }

    #[test]
    fn clients_are_checked_as_they_are_read() {
        let text = "[[client]]\nname = \"dinsos\"\ntoken_sha256 = \"zz\"\nrights = []\n";
        let error = toml::from_str::<Settings>(text).expect_err("no hash").to_string();
        assert!(error.contains("client 'dinsos': token_sha256 is not 64 hexadecimal digits"), "{error}");
    }
}
