//! `padan keys`: certificates for development and bearer tokens.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::SecureRandom;

use super::output::{Access, OutputError, create_dir, write_file};
use super::terminal::{Terminal, print};
use super::{CliError, Outcome};
use crate::audit::{KeyError, KeyKind, KeyName, SigningKey};
use crate::auth::token_hash;
use crate::domain::date::{Date, Timestamp};

/// Long enough for a season of development; nobody should forget such a CA in a trust store.
const CA_DAYS: i64 = 730;
/// What browsers accept of a server.
const SERVER_DAYS: i64 = 397;
/// Of tokens and of keys.
const SECRET_BYTES: usize = 32;

/// Makes what a gateway and its clients prove themselves with.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    Dev(DevArgs),
    Token(TokenArgs),
    Backup(BackupArgs),
    Audit(AuditArgs),
}

/// Makes a certificate authority for development and a server certificate signed by it.
///
/// Writes ca.pem (give it to clients: `padan push --ca ca.pem`), server.pem and server-key.pem (for the gateway). The
/// key of the authority is thrown away, so that nothing else can ever be signed with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  padan keys dev --out keys --host 127.0.0.1 --host localhost")]
struct DevArgs {
    /// Directory to write to; made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Names and addresses the server is reached by.
    #[arg(long = "host", value_name = "HOST", default_values = ["127.0.0.1", "localhost"])]
    hosts: Vec<String>,
    /// Replace files that are there.
    #[arg(long)]
    force: bool,
}

/// Makes a bearer token and the lines for the gateway's configuration.
///
/// The token is shown once and stored nowhere; the configuration holds its SHA-256 only.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  padan keys token --name dinsos-3201 --out dinsos.token")]
struct TokenArgs {
    /// Name of the client, as it stands in decisions and logs.
    #[arg(long)]
    name: String,
    /// Write the token to this file (readable by its owner only) instead of showing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
}

/// Makes a pair of keys for backups.
///
/// The public key goes to `padan backup --recipient`. The file with the private key opens every backup made for it:
/// keep it on another machine, and a copy on paper.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  padan keys backup --out backup.key")]
struct BackupArgs {
    /// Where to write the private key (readable by its owner only).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
}

/// Makes the key that signs the audit log, or one of a witness.
///
/// The private key goes to the gateway, as `audit_key` of its part `service`. The public one is published, so that anybody can verify
/// the log and receipts; it is shown here, and a gateway answers it at /v1/audit/key.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  padan keys audit --name padan.example.go.id/audit --out audit.key > audit.pub")]
struct AuditArgs {
    /// Name of the log: a host name and a path, without https://. It never changes.
    #[arg(long)]
    name: KeyName,
    /// Where to write the private key (readable by its owner only).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A key of a witness, who countersigns: `padan audit verify --countersign`.
    #[arg(long)]
    witness: bool,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
}

/// Keys could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file is there already.
    #[error("{} is there already", path.display())]
    Exists {
        /// Which one.
        path: PathBuf,
    },
    /// A host is neither a name nor an address.
    #[error("cannot make a certificate for these hosts")]
    Certificate(#[from] rcgen::Error),
    /// A file could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// No log can have this name.
    #[error("the name of the audit log")]
    Name(#[source] KeyError),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

impl KeysError {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Exists { .. } => {
                Some("add --force to replace it; whoever trusts the old one must then be given the new one")
            }
            Self::Certificate(_) => Some("a host is a DNS name or an IP address, without a port"),
            Self::Name(_) | Self::Output(_) | Self::NoRandomness => None,
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let (doing, made) = match &args.command {
        KeysCommand::Dev(args) => ("making development keys", dev(args, terminal)),
        KeysCommand::Token(args) => ("making a token", token(args, terminal)),
        KeysCommand::Backup(args) => ("making keys for backups", backup(args, terminal)),
        KeysCommand::Audit(args) => ("making a key for the audit log", audit(args, terminal)),
    };
    made.map(|()| Outcome::Done).map_err(|error| {
        let hint = error.hint();
        CliError::failed(doing, error).hint(hint)
    })
}

/// Certificates for development, as PEM.
pub struct DevKeys {
    /// The authority's certificate: clients trust it.
    pub ca: String,
    /// The server's certificate and the authority's.
    pub server: String,
    /// The server's private key.
    pub server_key: String,
}

impl DevKeys {
    /// Makes an authority and one server certificate, valid from the day before `today`.
    pub fn generate(hosts: &[String], today: Date) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Padan development CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, today, CA_DAYS);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name.push(DnType::CommonName, "Padan development gateway");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, today, SERVER_DAYS);
        let key = KeyPair::generate()?;
        let server = params.signed_by(&key, &ca)?;
        Ok(Self { ca: ca.pem(), server: format!("{}{}", server.pem(), ca.pem()), server_key: key.serialize_pem() })
    }

    /// Writes `ca.pem`, `server.pem` and `server-key.pem` (for its owner only).
    pub fn write(&self, dir: &Path) -> Result<(), OutputError> {
        create_dir(dir)?;
        write_file(&dir.join("server-key.pem"), Access::Private, self.server_key.as_bytes())?;
        write_file(&dir.join("server.pem"), Access::Public, self.server.as_bytes())?;
        write_file(&dir.join("ca.pem"), Access::Public, self.ca.as_bytes())
    }
}

fn set_validity(params: &mut CertificateParams, today: Date, days: i64) {
    use jiff::ToSpan;
    let date = |days: i64| {
        let day = today.saturating_add(days.days());
        date_time_ymd(i32::from(day.year()), day.month() as u8, day.day() as u8)
    };
    params.not_before = date(-1);
    params.not_after = date(days);
}

/// A new token: 32 random bytes of the operating system, hexadecimal.
pub fn new_token() -> Result<String, KeysError> {
    Ok(hex::encode(random_bytes()?))
}

/// A new key for an audit log of this name.
pub(super) fn new_audit_key(name: &str) -> Result<SigningKey, KeysError> {
    let name = name.parse().map_err(KeysError::Name)?;
    Ok(SigningKey::new(name, KeyKind::Log, random_bytes()?))
}

fn random_bytes() -> Result<[u8; SECRET_BYTES], KeysError> {
    let mut bytes = [0; SECRET_BYTES];
    let random: &dyn SecureRandom = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| KeysError::NoRandomness)?;
    Ok(bytes)
}

fn refuse_existing(paths: &[PathBuf], force: bool) -> Result<(), KeysError> {
    match paths.iter().find(|path| !force && path.exists()) {
        Some(path) => Err(KeysError::Exists { path: path.clone() }),
        None => Ok(()),
    }
}

fn dev(args: &DevArgs, terminal: Terminal) -> Result<(), KeysError> {
    refuse_existing(&["ca.pem", "server.pem", "server-key.pem"].map(|name| args.out.join(name)), args.force)?;
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    DevKeys::generate(&args.hosts, today)?.write(&args.out)?;
    let hosts = args.hosts.join(", ");
    terminal.say(&format!(
        "made ca.pem, server.pem and server-key.pem in {} for {hosts}: for development only",
        args.out.display()
    ));
    Ok(())
}

fn token(args: &TokenArgs, terminal: Terminal) -> Result<(), KeysError> {
    refuse_existing(args.out.as_slice(), args.force)?;
    let token = new_token()?;
    let lines = client_lines(&args.name, &token_hash(&token));
    if let Some(path) = &args.out {
        write_file(path, Access::Private, format!("{token}\n").as_bytes())?;
        terminal.say(&format!("wrote the token to {}; the configuration needs these lines:", path.display()));
        print(&lines);
    } else {
        terminal.say("the first line is the token, shown only now; the others are for the configuration:");
        print(&format!("{token}\n\n{lines}"));
    }
    Ok(())
}

fn backup(args: &BackupArgs, terminal: Terminal) -> Result<(), KeysError> {
    refuse_existing(std::slice::from_ref(&args.out), args.force)?;
    let (file, public) = crate::service::backup::Identity::generate();
    write_file(&args.out, Access::Private, file.as_bytes())?;
    terminal.say(&format!("wrote the private key to {}; this is the public one:", args.out.display()));
    print(&public);
    Ok(())
}

fn audit(args: &AuditArgs, terminal: Terminal) -> Result<(), KeysError> {
    refuse_existing(std::slice::from_ref(&args.out), args.force)?;
    let kind = if args.witness { KeyKind::Witness } else { KeyKind::Log };
    let key = SigningKey::new(args.name.clone(), kind, random_bytes()?);
    write_file(&args.out, Access::Private, format!("{}\n", key.to_text()).as_bytes())?;
    terminal.say(&format!("wrote the private key to {}; this is the public one:", args.out.display()));
    print(&format!("{}\n", key.verifier_key()));
    Ok(())
}

/// The client as it stands in the configuration.
fn client_lines(name: &str, sha256: &str) -> String {
    let name = toml::Value::String(name.to_owned());
    format!(
        "[[client]]\nname = {name}\ntoken_sha256 = \"{sha256}\"\n\
         rights = []         # some of \"push\", \"persons\", \"review\", \"reports\", \"audit\"\n\
         # purpose = \"...\"   # what for, as it stands in the audit log\n\
         # agency = \"...\"    # with \"push\": for which agency (a-z, 0-9, -)\n\
         # kind = \"DINSOS\"   # and of which kind: DINSOS, DISDIK, DINKES, BANK\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_once() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let args = |force| DevArgs { out: dir.path().join("keys"), hosts: vec!["localhost".to_owned()], force };
        let terminal = Terminal::new(None);
        dev(&args(false), terminal).expect("made");
        let read = |name: &str| std::fs::read_to_string(dir.path().join("keys").join(name)).expect(name);
        let (ca, key) = (read("ca.pem"), read("server-key.pem"));
        assert!(ca.starts_with("-----BEGIN CERTIFICATE") && key.starts_with("-----BEGIN PRIVATE KEY"));
        assert!(read("server.pem").ends_with(&ca), "the chain ends in the authority");
        let served = crate::http::Config::default().tls;
        assert!(
            [served.cert, served.key].iter().all(|path| dir.path().join(path).exists()),
            "a gateway looks for them"
        );
        assert!(matches!(dev(&args(false), terminal), Err(KeysError::Exists { .. })));
        assert_eq!(read("server-key.pem"), key, "nothing was touched");
        dev(&args(true), terminal).expect("replaced");
        assert_ne!(read("server-key.pem"), key);
    }

    #[test]
    fn a_host_that_is_none_is_refused() {
        let made = DevKeys::generate(&["nama dengan spasi \u{e9}".to_owned()], Date::constant(2025, 11, 20));
        assert!(made.is_err());
    }

    #[test]
    fn tokens_differ_and_the_configuration_holds_the_hash_only() {
        let (first, second) = (new_token().expect("random"), new_token().expect("random"));
        assert_eq!((first.len(), second.len()), (64, 64));
        assert_ne!(first, second);
        let lines = client_lines("dinsos \"x\"", &token_hash(&first));
        toml::from_str::<crate::config::Settings>(&lines).expect("a configuration");
        let parsed: toml::Table = lines.parse().expect("TOML");
        let client = parsed["client"][0].as_table().expect("a client");
        assert_eq!(client["name"].as_str(), Some("dinsos \"x\""));
        assert_eq!(client["token_sha256"].as_str(), Some(token_hash(&first).as_str()));
        assert!(!lines.contains(&first));
    }
}
