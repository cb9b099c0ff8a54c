//! What a demo needs before it starts: a folder, keys, tokens and a configuration.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use crate::auth::token_hash;
use crate::auth::{Client, Directory, Right};
use crate::cli::CliError;
use crate::cli::keys::{DevKeys, new_audit_key, new_token};
use crate::cli::output::{Access, write_file};
use crate::config::Settings;
use crate::domain::agency::{AgencyId, AgencyKind};
use crate::domain::batch::Completeness;
use crate::domain::date::Date;
use crate::store::{StoreUrl, private};

/// One agency of the demo.
pub(super) struct Agency {
    pub(super) name: &'static str,
    pub(super) kind: AgencyKind,
}

/// The four agencies.
pub(super) const AGENCIES: &[Agency] = &[
    Agency { name: "dinsos-3201", kind: AgencyKind::Dinsos },
    Agency { name: "disdik-3201", kind: AgencyKind::Disdik },
    Agency { name: "dinkes-3201", kind: AgencyKind::Dinkes },
    Agency { name: "bank-penyalur", kind: AgencyKind::Bank },
];

/// The name of its audit log.
const AUDIT_LOG: &str = "demo.padan.example/audit";

/// What the demo's clients hold.
pub(super) struct Secrets {
    /// The certificate authority, PEM.
    pub(super) ca: String,
    /// The steward's access code.
    pub(super) steward: String,
    /// The auditor's.
    pub(super) auditor: String,
    /// The public key of the audit log.
    pub(super) audit_key: String,
    agencies: Vec<(&'static str, String)>,
}

impl Secrets {
    /// The token of an agency.
    pub(super) fn agency(&self, name: &str) -> String {
        self.agencies.iter().find(|(known, _)| *known == name).map(|(_, token)| token.clone()).unwrap_or_default()
    }
}

/// A folder that goes when the demo ends.
pub(super) fn temporary_dir() -> std::io::Result<TemporaryDir> {
    let path = std::env::temp_dir().join(format!("padan-demo-{}", uuid::Uuid::now_v7()));
    private::create_dir(&path)?;
    Ok(TemporaryDir(path))
}

/// See [`temporary_dir`].
pub(super) struct TemporaryDir(std::path::PathBuf);

impl TemporaryDir {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes keys, tokens and the configuration, and writes them beside the world.
pub(super) fn prepare(dir: &Path, port: u16, as_of: Date) -> Result<(Settings, Secrets), CliError> {
    let failed = |error| CliError::failed("making the demo's keys", error);
    // Paths in a configuration are relative to it; these shall hold from anywhere.
    let dir = &dir.canonicalize().map_err(|error| CliError::failed("finding the demo's folder", error))?;
    let hosts = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let keys = DevKeys::generate(&hosts, today).map_err(|error| CliError::failed("making certificates", error))?;
    keys.write(&dir.join("keys")).map_err(failed)?;
    let token = || new_token().map_err(|error| CliError::failed("making tokens", error));
    let mut settings = Settings { store: StoreUrl::Redb(dir.join("store")), ..Settings::default() };
    settings.http.listen = SocketAddr::from(([127, 0, 0, 1], port));
    settings.http.tls.cert = dir.join("keys/server.pem");
    settings.http.tls.key = dir.join("keys/server-key.pem");
    settings.service.as_of = Some(as_of);
    let audit_key =
        new_audit_key(AUDIT_LOG).map_err(|error| CliError::failed("making the key of the audit log", error))?;
    write_file(&dir.join("keys/audit.key"), Access::Private, format!("{}\n", audit_key.to_text()).as_bytes())
        .map_err(failed)?;
    settings.service.audit_key = Some(dir.join("keys/audit.key"));
    "warn".clone_into(&mut settings.log.filter);
    let (mut clients, mut agencies) = (Vec::new(), Vec::new());
    for agency in AGENCIES {
        let token = token()?;
        let id = AgencyId::new(agency.name).map_err(|error| CliError::failed("naming agencies", error))?;
        clients.push(client(agency.name, &token, &[Right::Push], Some((id, agency.kind)), None));
        agencies.push((agency.name, token));
    }
    let steward = token()?;
    let rights = [Right::Review, Right::Persons, Right::Reports];
    clients.push(client("petugas-demo", &steward, &rights, None, Some("Verifikasi dan komplementaritas (demo)")));
    let auditor = token()?;
    clients.push(client("auditor-demo", &auditor, &[Right::Audit], None, Some("Pengawasan (demo)")));
    settings.client = Directory::new(&clients).map_err(|error| CliError::failed("naming clients", error))?;
    let file = toml::to_string(&settings).map_err(|error| CliError::failed("writing the configuration", error))?;
    write_file(&dir.join("padan.toml"), Access::Private, file.as_bytes()).map_err(failed)?;
    Ok((settings, Secrets { ca: keys.ca, steward, auditor, audit_key: audit_key.verifier_key().to_string(), agencies }))
}

fn client(
    name: &str,
    token: &str,
    rights: &[Right],
    agency: Option<(AgencyId, AgencyKind)>,
    purpose: Option<&str>,
) -> Client {
    Client {
        name: name.to_owned(),
        token_sha256: token_hash(token),
        rights: rights.to_vec(),
        kind: agency.as_ref().map(|(_, kind)| *kind),
        agency: agency.map(|(id, _)| id),
        regions: Vec::new(),
        purpose: purpose.map(str::to_owned),
    }
}

/// The declarations of one kind of agency: each closes its own feeds only.
pub(super) fn split_completeness(all: &Path, own: &Path, kind: AgencyKind) -> std::io::Result<()> {
    let entries: Vec<Completeness> = serde_json::from_slice(&std::fs::read(all)?)?;
    let mine: Vec<&Completeness> = entries.iter().filter(|entry| kind.feeds().contains(&entry.feed)).collect();
    private::create_file(own)?.write_all(&serde_json::to_vec(&mine)?)
}
