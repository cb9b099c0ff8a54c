//! Where the gateway listens and the limits of everything that comes in from there.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::address::Network;
use super::door::Connections;

/// The server takes no more threads than that.
const MAX_WORKERS: usize = 512;

/// The outside of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port; loopback by default.
    pub listen: SocketAddr,
    /// Certificate and key. There is no way to serve without TLS.
    pub tls: Tls,
    /// The origin browsers know the gateway by (`https://padan.example.go.id`). Without it, forms are taken from the names in
    /// the certificate, on the port that the browser asked for.
    pub public_url: Option<String>,
    /// Proxies in front of the gateway, as addresses or networks. Only they are believed when they say whom they speak for
    /// (`X-Forwarded-For`).
    pub trusted_proxies: Vec<Network>,
    /// Worker threads; one a core when absent.
    pub workers: Option<usize>,
    /// Address and port of a second listener with a worker of its own, for machines that watch and for the operator.
    pub admin_listen: Option<SocketAddr>,
    /// Who may browse `/docs/`.
    pub docs: Docs,
    /// Limits.
    pub limits: Limits,
    /// Limits of connections.
    pub connections: Connections,
}

/// Who may browse the contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Docs {
    /// Everybody.
    Public,
    /// Who is signed in, or sends a token that is known.
    #[default]
    Known,
    /// Nobody.
    Off,
}

/// PEM files of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Certificate chain, the server's own first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Every limit of the outside, by name. `_s` are seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one pushed batch.
    pub max_body_bytes: u64,
    /// Bytes of one row sent alone.
    pub max_record_bytes: u64,
    /// Bytes of any other JSON body.
    pub max_document_bytes: u64,
    /// Bytes of a form.
    pub max_form_bytes: u64,
    /// Bytes of the form that signs somebody in: nobody knows yet who sends it.
    pub max_sign_in_bytes: u64,
    /// Time for the form that signs somebody in.
    pub sign_in_timeout_s: u64,
    /// Bytes of a file that is sent from a browser.
    pub max_upload_bytes: u64,
    /// Bytes of all files together that are looked at in browsers and not sent yet.
    pub max_upload_bytes_held: u64,
    /// Files of one client among them; with one more its oldest goes.
    pub max_uploads_per_client: usize,
    /// Bytes that are parsed in one go, away from the network thread.
    pub parse_chunk_bytes: usize,
    /// Time for the head of a request.
    pub head_timeout_s: u64,
    /// Time for the whole body of a request.
    pub body_timeout_s: u64,
    /// Time between two pieces of a body.
    pub body_idle_s: u64,
    /// Time between two requests of one connection.
    pub keep_alive_s: u64,
    /// Time for work in flight when the gateway stops.
    pub stop_timeout_s: u64,
    /// Open connections a worker.
    pub max_connections: usize,
    /// Items of a page, when the caller does not say.
    pub page_items: usize,
    /// Items of a page at most.
    pub max_page_items: usize,
    /// Receipt lines in the answer to a push; the rest is in the receipt.
    pub max_answer_lines: usize,
    /// Entries of a completeness declaration.
    pub max_declared: usize,
    /// Findings on one page of the report screens.
    pub page_findings: usize,
    /// Signed-in stewards at a time.
    pub max_sessions: usize,
    /// Minutes until a steward has to sign in again.
    pub session_minutes: u64,
    /// Sessions of one client at a time; with one more, its own oldest ends.
    pub max_sessions_per_client: usize,
    /// Minutes without a page after which a session ends.
    pub session_idle_minutes: u64,
    /// Wrong access codes from one address in a minute, from which on it is told to wait. A right code is let in all the same.
    pub sign_in_failures: u32,
    /// Access codes that are looked up in a second, from all addresses; others wait for their turn.
    pub sign_in_attempts_per_s: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
            tls: Tls::default(),
            public_url: None,
            trusted_proxies: Vec::new(),
            workers: None,
            admin_listen: None,
            docs: Docs::default(),
            limits: Limits::default(),
            connections: Connections::default(),
        }
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self { cert: PathBuf::from("keys/server.pem"), key: PathBuf::from("keys/server-key.pem") }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 16 << 20,
            max_record_bytes: 64 << 10,
            max_document_bytes: 1 << 20,
            max_form_bytes: 16 << 10,
            max_sign_in_bytes: 4 << 10,
            sign_in_timeout_s: 10,
            max_upload_bytes: 32 << 20,
            max_upload_bytes_held: 256 << 20,
            max_uploads_per_client: 4,
            parse_chunk_bytes: 256 << 10,
            head_timeout_s: 10,
            body_timeout_s: 600,
            body_idle_s: 30,
            keep_alive_s: 60,
            stop_timeout_s: 30,
            max_connections: 10_000,
            page_items: 50,
            max_page_items: 1_000,
            max_answer_lines: 100,
            max_declared: 10_000,
            page_findings: 100,
            max_sessions: 1_000,
            session_minutes: 60,
            max_sessions_per_client: 20,
            session_idle_minutes: 30,
            sign_in_failures: 5,
            sign_in_attempts_per_s: 100,
        }
    }
}

/// A setting that would not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Zero where at least one is needed.
    #[error("http.{name} must be at least 1")]
    Zero {
        /// Which limit.
        name: &'static str,
    },
    /// Browsers would never send this origin.
    #[error("http.public_url must be https://HOST[:PORT] without a path")]
    PublicUrl,
    /// The default page is larger than the largest one.
    #[error("http.limits.page_items is over max_page_items")]
    Page,
}

impl Config {
    /// Worker threads of the listener.
    pub(super) fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
        self.workers.unwrap_or_else(cores).clamp(1, MAX_WORKERS)
    }

    /// Checks what serde cannot.
    pub fn check(&self) -> Result<(), ConfigError> {
        let limits = &self.limits;
        let positive: [(&'static str, u64); 19] = [
            ("limits.max_body_bytes", limits.max_body_bytes),
            ("limits.max_record_bytes", limits.max_record_bytes),
            ("limits.max_document_bytes", limits.max_document_bytes),
            ("limits.max_form_bytes", limits.max_form_bytes),
            ("limits.max_sign_in_bytes", limits.max_sign_in_bytes),
            ("limits.sign_in_timeout_s", limits.sign_in_timeout_s),
            ("limits.parse_chunk_bytes", limits.parse_chunk_bytes as u64),
            ("limits.head_timeout_s", limits.head_timeout_s),
            ("limits.body_timeout_s", limits.body_timeout_s),
            ("limits.body_idle_s", limits.body_idle_s),
            ("limits.stop_timeout_s", limits.stop_timeout_s),
            ("limits.max_connections", limits.max_connections as u64),
            ("limits.page_items", limits.page_items as u64),
            ("limits.max_answer_lines", limits.max_answer_lines as u64),
            ("limits.max_declared", limits.max_declared as u64),
            ("limits.page_findings", limits.page_findings as u64),
            ("limits.max_sessions", limits.max_sessions as u64),
            ("limits.session_minutes", limits.session_minutes),
            ("limits.sign_in_failures", u64::from(limits.sign_in_failures)),
        ];
        let of_sessions: [(&'static str, u64); 3] = [
            ("max_sessions_per_client", limits.max_sessions_per_client as u64),
            ("session_idle_minutes", limits.session_idle_minutes),
            ("sign_in_attempts_per_s", u64::from(limits.sign_in_attempts_per_s)),
        ];
        let positive = positive.into_iter().chain(of_sessions).chain(self.connections.positive());
        if let Some((name, _)) = { positive }.find(|(_, value)| *value == 0) {
            return Err(ConfigError::Zero { name });
        }
        if limits.page_items > limits.max_page_items {
            return Err(ConfigError::Page);
        }
        let origin =
            |url: &str| url.strip_prefix("https://").is_some_and(|host| !host.is_empty() && !host.contains('/'));
        if self.public_url.as_deref().is_some_and(|url| !origin(url)) {
            return Err(ConfigError::PublicUrl);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_good_configuration() {
        assert_eq!(Config::default().check(), Ok(()));
        assert_eq!(toml::from_str::<Config>("").expect("all defaults"), Config::default());
    }

    #[test]
    fn settings_that_would_not_work_are_refused() {
        for (text, error) in [
            ("public_url = \"http://padan.id\"", ConfigError::PublicUrl),
            ("public_url = \"https://padan.id/x\"", ConfigError::PublicUrl),
            ("[limits]\nmax_body_bytes = 0", ConfigError::Zero { name: "limits.max_body_bytes" }),
            ("[connections]\nmax_streams = 0", ConfigError::Zero { name: "connections.max_streams" }),
            ("[limits]\npage_items = 2000", ConfigError::Page),
        ] {
            let config: Config = toml::from_str(text).expect("known keys");
            assert_eq!(config.check(), Err(error), "{text}");
        }
        assert!(toml::from_str::<Config>("listn = \"0.0.0.0:1\"").is_err());
        assert!(toml::from_str::<Config>("[limits]\nmax_body = 1").is_err());
    }
}
