//! A PostgreSQL server of the tests' own: in a folder that goes away, on a free port and a Unix socket, with TLS.
//!
//! It is not the machine's server and needs none; only the programs have to be there (`./check` installs them). A watchdog
//! waits for the end of this process, however it ends, then stops the server and removes the folder.

use std::{
    fs,
    io::ErrorKind,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

/// The password of the user `padan`, asked for over TCP.
pub(crate) const PASSWORD: &str = "Rahasia-93174";

/// A server that runs until this is dropped, or until the process ends.
pub(crate) struct PostgresServer {
    folder: PathBuf,
    port: u16,
    /// Ends when its standard input does.
    watchdog: Child,
}

impl PostgresServer {
    /// The server that all tests of a process use.
    pub(crate) fn shared() -> &'static Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        SERVER.get_or_init(|| Self::start(""))
    }

    /// A server of its own, with more lines for its configuration.
    pub(crate) fn start(settings: &str) -> Self {
        Self::start_in(&std::env::temp_dir(), settings)
    }

    /// The same, in a folder below `room`, which everybody may enter.
    pub(crate) fn start_in(room: &Path, settings: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("padan-pg-").tempdir_in(room).expect("a folder").keep();
        give_away(&folder);
        let word = folder.join("password");
        write_for_server(&word, PASSWORD);
        let data = folder.join("data");
        let mut initdb = command("initdb");
        initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--username=padan"]);
        initdb.args(["--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile"]).arg(&word).arg("-D").arg(&data);
        succeed(&mut initdb);
        certificates(&folder);
        let server = Self::launch(folder, settings);
        succeed(command("createdb").args(["-U", "padan", "-h"]).arg(&server.folder).args([
            "-p",
            &server.port.to_string(),
            "hub",
        ]));
        server
    }

    /// The folder: `data`, the socket, `ca.pem` and `other-ca.pem`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address of a store over the Unix socket.
    pub(crate) fn address(&self, schema: &str) -> String {
        format!("postgres://padan@:{}/hub?schema={schema}&host={}", self.port, self.folder.display())
    }

    /// The address of a store over TCP, for `localhost`, with more parameters.
    pub(crate) fn tcp_address(&self, login: &str, host: &str, parameters: &str) -> String {
        format!("postgres://{login}@{host}:{}/hub?{parameters}", self.port)
    }

    /// Runs `pg_ctl` on the server: `restart`, `stop`, `start`, with `-m immediate` it forgets everything in memory.
    pub(crate) fn control(&self, arguments: &[&str]) {
        assert!(self.try_control(arguments), "pg_ctl {arguments:?}: {}", self.log());
    }

    /// As [`PostgresServer::control`]; says whether it went well.
    pub(crate) fn try_control(&self, arguments: &[&str]) -> bool {
        let mut control = command("pg_ctl");
        control.args(arguments).args(["-w", "-s", "-D"]).arg(self.folder.join("data"));
        // The server keeps what it inherits, and a pipe would never end.
        control.arg("-l").arg(self.folder.join("log")).stdout(Stdio::null()).stderr(Stdio::null());
        control.status().expect("pg_ctl runs").success()
    }

    /// What the server has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Runs SQL as the owner of everything; gives back what it prints.
    pub(crate) fn sql(&self, text: &str) -> String {
        let mut psql = command("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "padan", "-d", "hub", "-p", &self.port.to_string(), "-h"]);
        succeed(psql.arg(&self.folder).args(["-c", text]))
    }

    /// Configures and starts it; somebody else may take the port in between, so more than once.
    fn launch(folder: PathBuf, settings: &str) -> Self {
        for attempt in 1.. {
            let port =
                TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a free port").port();
            let configuration = format!(
                "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{at}'\nmax_connections = 200\n\
                 shared_buffers = 64MB\nssl = on\nssl_cert_file = '{at}/server.pem'\nssl_key_file = '{at}/server.key'\n{settings}\n",
                at = folder.display(),
            );
            write_for_server(&folder.join("data/postgresql.auto.conf"), &configuration);
            let mut start = command("pg_ctl");
            start.args(["start", "-w", "-s", "-D"]).arg(folder.join("data")).arg("-l").arg(folder.join("log"));
            // The server keeps what it inherits, and a pipe would never end.
            let started = start.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("pg_ctl runs");
            if started.success() {
                return Self { watchdog: watchdog(&folder), folder, port };
            }
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(attempt < 3, "the server does not start: {log}");
        }
        unreachable!("the loop ends by itself")
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // It does what it can; there is nobody to tell.
        let _ = self.watchdog.wait();
    }
}

/// A process that stops the server and removes its folder when this one has ended.
fn watchdog(folder: &Path) -> Child {
    let script = "trap '' INT TERM HUP; cat >/dev/null; \"$0\" stop -s -m immediate -D \"$1/data\"; rm -rf \"$1\"";
    let (uid, gid) = owner();
    let mut shell = Command::new("sh");
    if is_root() {
        shell = Command::new("setpriv");
        shell.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned(), "sh".to_owned()]);
    }
    shell.args(["-c", script]).arg(program("pg_ctl")).arg(folder);
    shell.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().expect("a watchdog")
}

/// One of PostgreSQL's programs, run as somebody who is not root: `initdb` and `postgres` refuse root.
fn command(name: &str) -> Command {
    let program = program(name);
    let mut command = Command::new(&program);
    if is_root() {
        let (uid, gid) = owner();
        command = Command::new("setpriv");
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]).arg(program);
    }
    command.current_dir("/").env("LC_ALL", "C").env_remove("PGPASSWORD").stdin(Stdio::null());
    command
}

/// Where a program of PostgreSQL is: in the path, or where Debian puts it; the newest release there.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut releases: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    releases.sort();
    folders.extend(releases.into_iter().rev());
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| {
        panic!("there is no '{name}'; `./check` installs PostgreSQL, or `apt-get install postgresql`")
    })
}

/// Runs a program to its end; what it prints.
fn succeed(command: &mut Command) -> String {
    // Not pipes: a server that is started keeps them open.
    let said = tempfile::NamedTempFile::new().expect("a file");
    let handle = || said.reopen().expect("a file");
    let mut child = command.stdout(handle()).stderr(handle()).spawn().expect("the program starts");
    let ended = child.wait().expect("the program ends");
    let said = fs::read_to_string(said.path()).expect("text");
    assert!(ended.success(), "{command:?}: {said}");
    said
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|of| of.uid() == 0)
}

/// Whom the server runs as when we are root.
fn owner() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let ids = |user: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{user}:")))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    ids("postgres").or_else(|| ids("nobody")).expect("a user that is not root")
}

fn give_away(path: &Path) {
    if is_root() {
        let (uid, gid) = owner();
        chown(path, Some(uid), Some(gid)).expect("given away");
    }
}

/// Writes a file that only the server may read.
fn write_for_server(path: &Path, text: &str) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => panic!("{}: {error}", path.display()),
        _ => {}
    }
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("closed");
    give_away(path);
}

/// A certificate for `localhost` and its authority, and an authority that vouches for nobody.
fn certificates(folder: &Path) {
    let authority = |name: &str| {
        let mut wanted = rcgen::CertificateParams::default();
        wanted.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        wanted.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = wanted.self_signed(&key).expect("a certificate");
        (certificate.pem(), rcgen::Issuer::new(wanted, key))
    };
    let ((pem, issuer), (other, _)) = (authority("padan test"), authority("somebody else"));
    let key = rcgen::KeyPair::generate().expect("a key");
    let wanted = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a good name");
    let certificate = wanted.signed_by(&key, &issuer).expect("a certificate");
    fs::write(folder.join("ca.pem"), pem).expect("written");
    fs::write(folder.join("other-ca.pem"), other).expect("written");
    write_for_server(&folder.join("server.pem"), &certificate.pem());
    write_for_server(&folder.join("server.key"), &key.serialize_pem());
}
