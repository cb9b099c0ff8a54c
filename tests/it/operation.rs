//! A gateway at work: certificates and clients that change, signals, clients that cannot be told apart, and what `/readyz`
//! says.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use padan::auth::{Client, Directory, Right, token_hash};
use padan::cli::keys::DevKeys;
use padan::config::Settings;
use padan::domain::date::Date;
use padan::store::StoreUrl;

use crate::support::{Process, TestApp, TestClient, free_address, settings};

const READ_AGAIN: &str = "the configuration was read again";

struct Place {
    dir: tempfile::TempDir,
    settings: Settings,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut settings = settings(dir.path(), StoreUrl::Redb(dir.path().join("store")));
        settings.http.listen = free_address();
        let place = Self { dir, settings };
        place.configure();
        place
    }

    fn configure(&self) {
        fs::write(self.path("padan.toml"), toml::to_string(&self.settings).expect("TOML")).expect("written");
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn address(&self) -> SocketAddr {
        self.settings.http.listen
    }

    fn client(&self, ca: &str, role: &str) -> TestClient {
        TestClient::new(self.address(), &self.path(ca), role)
    }

    fn start(&self) -> Process {
        let mut serve = Process::serve(&self.path("padan.toml"));
        // What the call says otherwise than the file is no change of the file.
        serve.arg("--store").arg(format!("redb:{}", self.path("store-of-the-call").display()));
        let process = Process::launch(serve);
        assert!(process.listens(), "{}", process.told());
        process
    }

    /// Tells a process that does not come to listen what it says.
    fn refused(&self) -> String {
        let output = Process::serve(&self.path("padan.toml")).output().expect("it runs");
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Puts keys of another authority in the place of those that are served.
    fn renew_keys(&self, today: Date) {
        let hosts = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        DevKeys::generate(&hosts, today).expect("keys").write(self.dir.path()).expect("written");
    }
}

fn today() -> Date {
    padan::domain::date::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn client(name: &str, token: &str) -> Client {
    let rights = vec![Right::Review, Right::Persons, Right::Reports];
    Client {
        name: name.to_owned(),
        token_sha256: token_hash(token),
        rights,
        agency: None,
        kind: None,
        regions: Vec::new(),
        purpose: None,
    }
}

/// Asks for the health on a connection that stays.
fn asks(stream: &mut (impl Read + Write)) -> String {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while !bytes.ends_with(b"ok\n") {
        let count = stream.read(&mut buffer).expect("an answer");
        assert!(count > 0, "the connection ended: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_reload_takes_certificate_and_clients_and_ends_no_session_of_those_who_stay() {
    let mut place = Place::new();
    fs::copy(place.path("ca.pem"), place.path("old-ca.pem")).expect("copied");
    let process = place.start();
    let pages = place.client("old-ca.pem", "");
    let (stays, goes) = (pages.sign_in("kode-petugas"), pages.sign_in("kode-petugas-dua"));
    let mut connection = pages.raw();
    assert!(asks(&mut connection).contains(" 200 "));

    process.signal("USR1");
    process.signal("USR2");
    process.says("a signal came that has no meaning here", 2);

    let mut clients: Vec<Client> = place.settings.client.clone().into();
    clients.retain(|client| client.name != "petugas-dua");
    clients.push(client("petugas-baru", "kode-baru"));
    place.settings.client = Directory::new(&clients).expect("good clients");
    place.configure();
    place.renew_keys(today());
    process.signal("HUP");
    process.says(READ_AGAIN, 1);
    process.says("added: petugas-baru; gone: petugas-dua", 1);
    process.says("another one, valid until", 1);
    assert!(!process.told().contains("wait for the next start"), "{}", process.told());

    assert!(asks(&mut connection).contains(" 200 "), "connections go on");
    let pages = place.client("ca.pem", "");
    pages.page("/cari", &stays).expect(200);
    pages.page("/cari", &goes).expect(303);
    let api = place.client("ca.pem", "");
    api.clone().with_token("kode-baru").get("/v1/cases").expect(200);
    api.clone().with_token("kode-petugas-dua").get("/v1/cases").expect(401);
    assert!(
        place.client("old-ca.pem", "").try_send("GET", "/healthz", &[], b"").is_err(),
        "the old certificate is gone"
    );
    place.settings.http.workers = Some(1);
    place.configure();
    process.signal("HUP");
    process.says("these settings are other, too, and wait for the next start", 1);
    process.end();
}

#[test]
fn what_cannot_be_used_leaves_everything_as_it_was() {
    let place = Place::new();
    let process = place.start();
    fs::copy(place.path("ca.pem"), place.path("old-ca.pem")).expect("copied");
    let works = || place.client("old-ca.pem", "petugas").get("/v1/cases").expect(200);
    let good = fs::read(place.path("padan.toml")).expect("a file");

    fs::write(place.path("padan.toml"), "stor = 1\n").expect("written");
    process.signal("HUP");
    process.says("the configuration cannot be used; clients and certificate stay as they are", 1);
    works();
    fs::write(place.path("padan.toml"), good).expect("written");

    for (nth, (year, mode, why)) in [
        (2020, 0o600, "the certificate expired at"),
        (2026, 0o644, "every account of this machine can read the private key"),
    ]
    .into_iter()
    .enumerate()
    {
        let today = if year == 2020 { Date::constant(2020, 1, 1) } else { today() };
        place.renew_keys(today);
        let key = place.path("server-key.pem");
        fs::set_permissions(key, fs::Permissions::from_mode(mode)).expect("a mode");
        process.signal("HUP");
        process.says("the certificate cannot be used; the old one stays", nth + 1);
        process.says(why, 1);
        works();
    }
    process.end();
}

#[test]
fn a_gateway_does_not_start_with_what_it_could_not_answer_for() {
    let place = Place::new();
    place.renew_keys(Date::constant(2020, 1, 1));
    let told = place.refused();
    assert!(told.contains("the certificate expired at 2021-02-01T00:00:00Z") && told.contains("hint: "), "{told}");
    place.renew_keys(today());
    let key = place.path("server-key.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o604)).expect("a mode");
    let told = place.refused();
    assert!(told.contains("(mode 0604)") && told.contains("hint: chmod 600"), "{told}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
    for (second, words) in [("petugas", "two clients are called 'petugas'"), ("", "a name has 1 to 64 characters")] {
        let settings = Settings { client: Directory::default(), ..place.settings.clone() };
        let more: Vec<String> = [("petugas", "a"), (second, "b")]
            .map(|(name, code)| {
                format!("[[client]]\nname = \"{name}\"\ntoken_sha256 = \"{}\"\nrights = []\n", token_hash(code))
            })
            .to_vec();
        let text = toml::to_string(&settings).expect("TOML").replace("client = []\n", "");
        fs::write(place.path("padan.toml"), format!("{text}\n{}", more.concat())).expect("written");
        let told = place.refused();
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn the_end_of_a_certificate_is_said_everywhere_a_month_before() {
    let place = Place::new();
    // Certificates of `padan keys dev` last 397 days.
    let soon = today().checked_sub(jiff::SignedDuration::from_hours(24 * 387)).expect("a day");
    place.renew_keys(soon);
    let process = place.start();
    process.says("the certificate expires soon", 1);
    let client = place.client("ca.pem", "petugas");
    let left = client.get("/v1/overview").expect(200).json()["certificate"]["days_left"].as_i64().expect("a number");
    assert!((8..=10).contains(&left), "{left}");
    let metrics = client.get("/metrics").expect(200).text;
    assert!(metrics.contains(&format!("padan_certificate_days_left {left}")), "{metrics}");
    let cookie = client.sign_in("kode-petugas");
    let page = client.page("/", &cookie).expect(200).text;
    assert!(page.contains("Sertifikat gerbang harus diganti"), "{page}");
    process.end();
}

#[test]
fn readyz_says_when_and_why_writes_are_refused() {
    let ready = |reserve: u64, store: StoreUrl| {
        let app = TestApp::with(|settings| {
            settings.store = store;
            settings.store_limits.reserve_bytes = reserve;
        });
        let client = app.client("petugas");
        let answer = client.get("/readyz");
        let asked = ["/v1/reports/complementarity", "/v1/cases"].map(|path| client.get(path).status);
        (answer.status, answer.text, asked)
    };
    let redb = |path: &Path| StoreUrl::Redb(path.join("store"));
    let sled = |path: &Path| StoreUrl::Sled(path.join("store"));
    for store in [&redb as &dyn Fn(&Path) -> StoreUrl, &sled] {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(ready(0, store(dir.path())).0, 200);
        let (status, text, asked) = ready(u64::MAX / 2, store(dir.path()));
        assert_eq!(status, 503, "{text}");
        assert!(text.contains("counts are answered: the disk of the store is full"), "{text}");
        assert_eq!(asked, [200, 503], "nobody is shown of whom that cannot be written down");
    }
}

#[test]
fn a_client_that_is_called_as_an_agency_has_keys_of_its_own() {
    let app = TestApp::with(|settings| {
        let mut clients: Vec<Client> = settings.client.clone().into();
        clients.push(client("dinsos-3201", "kode-nama"));
        settings.client = Directory::new(&clients).expect("good clients");
    });
    let row = r#"{"id_sumber":"a","tgl_data":"2025-11-01","nama":"SITI","id_keluarga":"K"}"#;
    app.client("dinsos").push("dinsos-anggota-keluarga", "k", row).expect(200);
    let verdict = serde_json::json!({"putusan": "BUKAN_DUPLIKAT", "alasan": "uji"});
    let steward = app.client("").with_token("kode-nama");
    steward.json("POST", "/v1/cases/C1-2/verdict", "k", &verdict).expect(404);
}
