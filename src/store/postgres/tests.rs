//! What is particular to a server: several gateways on one store, a server that comes and goes, what it may be asked to be.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::*;
use crate::store::{
    Position, StoreUrl,
    conformance::{self, Memory},
};
use support::{PASSWORD, PostgresServer};

#[path = "../../../tests/support/postgres.rs"]
mod support;

fn open_with(address: &str, limits: &Config) -> Result<PostgresStore, StoreError> {
    match address.parse().unwrap() {
        StoreUrl::Postgres(url) => PostgresStore::open(&url, limits),
        other @ (StoreUrl::Memory | StoreUrl::Redb(_) | StoreUrl::Sled(_)) => panic!("{other} is no server"),
    }
}

fn open(server: &PostgresServer, schema: &str) -> Arc<PostgresStore> {
    Arc::new(open_with(&server.address(schema), &conformance::limits()).unwrap())
}

fn put(table: Table, key: &[u8], value: &[u8]) -> WriteBatch {
    let mut batch = WriteBatch::new();
    batch.put(table, key, value);
    batch
}

/// An error with its causes, and its debug form.
fn told(error: &StoreError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    format!("{error}: {cause} {error:?}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms() {
    let server = PostgresServer::shared();
    let open = |name: &str| open(server, &format!("exam_{}", name.replace('-', "_")));
    conformance::run(open, Memory::Keeps).await;
}

/// Writers of several instances: exactly one of those that exclude each other wins, and the journal has no gaps.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_share_one_order() {
    const ROUNDS: u8 = 20;
    let server = PostgresServer::shared();
    let stores = [open(server, "two"), open(server, "two")];
    let mut writers = JoinSet::new();
    for writer in 0..16_u8 {
        let store = Arc::clone(&stores[usize::from(writer % 2)]);
        writers.spawn(async move {
            let mut won = Vec::new();
            for round in 0..ROUNDS {
                let mut batch = put(Table::Batches, &[round], &[writer]);
                batch.require_absent(Table::Batches, [round]).note([round, writer]);
                match store.commit(batch).await {
                    Ok(committed) => won.push((committed.journal.unwrap(), vec![round, writer])),
                    Err(StoreError::Conflict { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
                let mut batch = put(Table::Rows, &[writer, round], b"");
                batch.note([writer, round, 0]);
                won.push((store.commit(batch).await.unwrap().journal.unwrap(), vec![writer, round, 0]));
            }
            won
        });
    }
    let mut told: Vec<(Position, Vec<u8>)> = writers.join_all().await.into_iter().flatten().collect();
    told.sort();
    let winners: BTreeSet<u8> = told.iter().filter(|(_, note)| note.len() == 2).map(|(_, note)| note[0]).collect();
    assert_eq!(winners.len(), usize::from(ROUNDS), "each round has a winner");
    assert_eq!(told.len(), usize::from(ROUNDS) + 16 * usize::from(ROUNDS), "and only one");
    for store in &stores {
        let kept = store.scan(Table::Journal, Vec::new(), None, 10_000).await.unwrap();
        let kept: Vec<_> = kept.into_iter().map(|(key, note)| (Position::of(&key).unwrap(), note)).collect();
        assert_eq!(kept, told);
        let gapless = kept.iter().zip(1..).all(|((position, _), number)| position.0 == number);
        assert!(gapless, "positions without gaps");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_sees_what_another_committed() {
    let server = PostgresServer::shared();
    let (one, other) = (open(server, "seen"), open(server, "seen"));
    let url = server.address("seen").parse().unwrap();
    let dispatched = tokio::task::block_in_place(|| crate::store::open(&url, &conformance::limits())).unwrap();
    assert!(dispatched.shared() && dispatched.name() == "postgres");
    for step in 0..20_u8 {
        let before = other.snapshot().await.unwrap();
        one.commit(put(Table::Cases, b"k", &[step])).await.unwrap();
        assert_eq!(other.get(Table::Cases, b"k".to_vec()).await.unwrap(), Some(vec![step]));
        let old = before.get(Table::Cases, b"k".to_vec()).await.unwrap();
        assert_eq!(old, step.checked_sub(1).map(|step| vec![step]), "a snapshot stays");
        let mut batch = put(Table::Members, &[step], b"");
        batch.require_equals(Table::Cases, *b"k", [step]);
        other.commit(batch).await.unwrap();
    }
    assert!(one.disk_bytes().await.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_instance_leads_until_it_ends() {
    let server = PostgresServer::shared();
    let (one, other, elsewhere) = (open(server, "lead"), open(server, "lead"), open(server, "lead_elsewhere"));
    for _ in 0..3 {
        assert!(one.lead().await.unwrap() && !other.lead().await.unwrap());
    }
    assert!(elsewhere.lead().await.unwrap(), "each store has its own");
    one.close().await.unwrap();
    assert!(matches!(one.lead().await, Err(StoreError::Closed)));
    while !other.lead().await.unwrap() {
        tokio::task::yield_now().await;
    }
    // The server ends the connection that leads; whoever led finds out and may lead again.
    let lock = other.shared.server.lock_number("lead");
    let end = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_locks \
         WHERE locktype = 'advisory' AND (classid::bigint << 32) | objid::bigint = {lock}"
    );
    assert_eq!(server.sql(&end).trim(), "1");
    let mut again = other.lead().await;
    while !matches!(again, Ok(true)) {
        again = other.lead().await;
    }
}

/// Who goes away leaves no connection on which the next one would wait for an answer that is not its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_was_given_up_holds_up_nobody() {
    let server = PostgresServer::shared();
    let limits = Config { server_connections: 1, ..conformance::limits() };
    let store = open_with(&server.address("given_up"), &limits).unwrap();
    store.commit(put(Table::Cases, b"k", b"1")).await.unwrap();
    let holder = std::thread::spawn(|| server.sql("BEGIN; LOCK given_up.rows; SELECT pg_sleep(3); COMMIT"));
    let given_up = async || {
        let read = store.get(Table::Rows, b"k".to_vec());
        tokio::time::timeout(std::time::Duration::from_millis(100), read).await.is_err()
    };
    while !given_up().await {}
    assert_eq!(store.get(Table::Cases, b"k".to_vec()).await.unwrap(), Some(b"1".to_vec()));
    assert!(!holder.is_finished(), "it did not wait for the other one's answer");
    holder.join().unwrap();
}

/// The server falls over again and again while eight writers write: nothing acknowledged is lost, no batch is half there,
/// and the store goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_restarts_loses_nothing() {
    const WRITERS: u8 = 8;
    let server = PostgresServer::start("");
    let store = open(&server, "restarts");
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        writers.spawn(async move {
            let (mut acknowledged, mut doubtful) = (Vec::new(), 0);
            for step in 0_u32.. {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                let key = [&[writer], &step.to_be_bytes()[..]].concat();
                let mut batch = put(Table::Rows, &key, b"row");
                batch.put(Table::Receipts, key.clone(), vec![7; 3_000]).note(key.clone());
                match store.commit(batch).await {
                    Ok(_) => acknowledged.push(key),
                    Err(StoreError::Io { .. } | StoreError::Unavailable { .. }) => doubtful += 1,
                    Err(other) => panic!("{}", told(&other)),
                }
            }
            (acknowledged, doubtful)
        });
    }
    for round in 0..4_u64 {
        let far_enough = store.head().await.map_or(0, |head| head.0) + 100;
        while store.head().await.map_or(0, |head| head.0) < far_enough {
            tokio::task::yield_now().await;
        }
        let how = if round == 3 { "fast" } else { "immediate" };
        tokio::task::block_in_place(|| server.control(&["restart", "-m", how]));
    }
    // It goes on without anybody's help.
    while store.commit(put(Table::Cases, b"after", b"")).await.is_err() {}
    store.health().await.unwrap();
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let ended = writers.join_all().await;
    let doubtful: u32 = ended.iter().map(|(_, doubtful)| doubtful).sum();
    let acknowledged: BTreeSet<Vec<u8>> = ended.into_iter().flat_map(|(acknowledged, _)| acknowledged).collect();
    println!("{} batches acknowledged, {doubtful} refused or in doubt", acknowledged.len());
    let keys = async |table| {
        let rows = store.scan(table, Vec::new(), None, 60_000).await.unwrap();
        rows.into_iter().map(|(key, _)| key).collect::<BTreeSet<_>>()
    };
    let rows = keys(Table::Rows).await;
    assert_eq!(rows, keys(Table::Receipts).await, "no batch is half there");
    assert!(acknowledged.is_subset(&rows), "nothing acknowledged is lost");
    assert!(rows.len() <= acknowledged.len() + doubtful as usize, "what was refused is not there");
    let journal = store.scan(Table::Journal, Vec::new(), None, 60_000).await.unwrap();
    assert!(journal.iter().zip(1..).all(|((key, _), number)| Position::of(key).unwrap().0 == number));
    assert_eq!(journal.into_iter().map(|(_, note)| note).collect::<BTreeSet<_>>(), rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_refuses_and_comes_back() {
    let server = PostgresServer::start("");
    let limits = Config { server_wait_ms: 100, ..conformance::limits() };
    let store = open_with(&server.address("away"), &limits).unwrap();
    store.commit(put(Table::Rows, b"k", b"1")).await.unwrap();
    server.control(&["stop", "-m", "fast"]);
    let refused = [
        store.commit(put(Table::Rows, b"k", b"2")).await.map(drop),
        store.get(Table::Rows, b"k".to_vec()).await.map(drop),
        store.health().await,
        store.snapshot().await.map(drop),
        open_with(&server.address("away"), &limits).map(drop),
    ];
    for answer in refused {
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
    }
    server.control(&["start"]);
    assert_eq!(store.get(Table::Rows, b"k".to_vec()).await.unwrap(), Some(b"1".to_vec()));
    store.commit(put(Table::Rows, b"k", b"3")).await.unwrap();
}

/// A server that comes back with less than it acknowledged (a replica that lagged behind) is not written to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgot_is_not_written_to() {
    let server = PostgresServer::shared();
    let store = open(server, "forgot");
    for key in 0..3_u8 {
        store.commit(put(Table::Rows, &[key], b"")).await.unwrap();
    }
    server.sql("UPDATE forgot.padan_own SET value = value - 2 WHERE name = 'group'");
    for _ in 0..2 {
        let refused = store.commit(put(Table::Rows, b"k", b"")).await;
        assert!(matches!(refused, Err(StoreError::Corrupt { finding: Damage::Lost { lost: 2 }, .. })), "{refused:?}");
    }
    assert!(store.health().await.is_err());
    assert_eq!(store.scan(Table::Rows, Vec::new(), None, 10).await.unwrap().len(), 3, "reading goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_at_rest_is_found() {
    let server = PostgresServer::shared();
    let store = open(server, "damage");
    store.commit(put(Table::Rows, b"k", b"value")).await.unwrap();
    server.sql("UPDATE damage.rows SET value = set_byte(value, 10, 1)");
    let found = store.get(Table::Rows, b"k".to_vec()).await;
    assert!(matches!(found, Err(StoreError::Corrupt { finding: Damage::Value, .. })), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_what_the_address_asks_for() {
    let server = PostgresServer::shared();
    let file = |name: &str| server.folder().join(name).display().to_string();
    let login = format!("padan:{PASSWORD}");
    let check = |name: &str, host: &str, parameters: &str, expected: Result<&str, &str>| {
        let address = server.tcp_address(&login, host, &format!("schema=tls&{parameters}"));
        let limits = Config { server_wait_ms: 100, ..conformance::limits() };
        match (open_with(&address, &limits), expected) {
            (Ok(store), Ok(secure)) => {
                let asking = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
                let server = Arc::clone(&store.shared.server);
                let ssl = store.shared.server.wait_for(async move {
                    let connection = server.connect(Role::Work).await?;
                    let row = connection.client().query_typed_one(asking, &[]).await.unwrap();
                    Ok(row.get::<_, bool>(0).to_string())
                });
                assert_eq!(ssl.unwrap(), secure, "{name}");
            }
            (Err(error), Err(expected)) => {
                let told = told(&error);
                assert!(told.contains(expected) && !told.contains(PASSWORD), "{name}: {told}");
            }
            (Ok(_), Err(_)) => panic!("{name}: opens"),
            (Err(error), Ok(_)) => panic!("{name}: {}", told(&error)),
        }
    };
    let (ours, other) = (format!("&sslrootcert={}", file("ca.pem")), format!("&sslrootcert={}", file("other-ca.pem")));
    check("none", "localhost", "sslmode=disable", Ok("false"));
    check("the server has it", "localhost", "sslmode=prefer", Ok("true"));
    check("anybody's", "localhost", "sslmode=require", Ok("true"));
    check("our authority", "localhost", &format!("sslmode=verify-full{ours}"), Ok("true"));
    check("another name", "127.0.0.1", &format!("sslmode=verify-full{ours}"), Err("certificate not valid for name"));
    check("another name will do", "127.0.0.1", &format!("sslmode=verify-ca{ours}"), Ok("true"));
    check("another authority", "localhost", &format!("sslmode=verify-full{other}"), Err("UnknownIssuer"));
    check("another authority, any name", "localhost", &format!("sslmode=verify-ca{other}"), Err("UnknownIssuer"));
    check("no such file", "localhost", "sslmode=verify-full&sslrootcert=/none", Err("sslrootcert"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_may_stand_in_a_file_and_is_never_told() {
    use std::os::unix::fs::PermissionsExt;
    let server = PostgresServer::shared();
    let limits = Config { server_wait_ms: 100, ..conformance::limits() };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pass");
    let address = server.tcp_address("padan", "localhost", &format!("schema=passes&passfile={}", file.display()));
    let check = |line: &str, mode: u32, expected: Option<&str>| {
        std::fs::write(&file, line).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        match (open_with(&address, &limits), expected) {
            (Ok(_), None) => {}
            (Err(error), Some(expected)) => {
                let told = told(&error);
                assert!(told.contains(expected) && !told.contains(PASSWORD) && !told.contains("keliru"), "{told}");
            }
            (Ok(_), Some(expected)) => panic!("opens, not {expected}"),
            (Err(error), None) => panic!("{}", told(&error)),
        }
    };
    check(&format!("# a comment\nlocalhost:*:hub:padan:{PASSWORD}\n"), 0o600, None);
    check(&format!("localhost:*:hub:padan:{PASSWORD}\n"), 0o644, Some("others may read it"));
    check("localhost:*:hub:padan:keliru-salah\n", 0o600, Some("28P01: the server refuses the user or the password"));
    let wrong = server.tcp_address("padan:keliru", "localhost", "schema=passes");
    let error = open_with(&wrong, &limits).err().expect("a wrong password");
    assert!(!told(&error).contains("keliru"), "{}", told(&error));
}

/// The server's words may quote keys and values; none of them gets through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_quote_no_row() {
    let server = PostgresServer::shared();
    let store = open(server, "quotes");
    server.sql("ALTER TABLE quotes.rows ADD CONSTRAINT c CHECK (octet_length(value) < 20)");
    let error = store.commit(put(Table::Rows, b"SITI", &[b'S'; 100])).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "nothing was written: {}", told(&error));
    let told = told(&error);
    assert!(
        told.contains("23514") && !told.contains("SITI") && !told.contains("534954") && !told.contains("5353"),
        "{told}"
    );
    store.commit(put(Table::Rows, b"SITI", b"short")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_statement_that_takes_too_long_is_ended() {
    let server = PostgresServer::shared();
    open(server, "slow").commit(put(Table::Rows, b"k", b"1")).await.unwrap();
    let limits = Config { server_timeout_ms: 500, ..conformance::limits() };
    let store = open_with(&server.address("slow"), &limits).unwrap();
    let (held, holding) = std::sync::mpsc::channel();
    let holder = std::thread::spawn(move || {
        let waits = "BEGIN; SELECT FROM slow.padan_own FOR UPDATE; LOCK slow.rows; SELECT pg_sleep(3); COMMIT";
        held.send(()).unwrap();
        server.sql(waits);
    });
    holding.recv().unwrap();
    let (mut written, mut read) = (Ok(()), Ok(()));
    while written.is_ok() || read.is_ok() {
        written = written.and(store.commit(put(Table::Rows, b"k", b"2")).await.map(drop));
        read = read.and(store.get(Table::Rows, b"k".to_vec()).await.map(drop));
    }
    for answer in [written, read] {
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
    }
    holder.join().unwrap();
    // On a busy machine half a second may be short.
    while store.commit(put(Table::Rows, b"k", b"3")).await.is_err() {}
    assert_eq!(store.get(Table::Rows, b"k".to_vec()).await.unwrap(), Some(b"3".to_vec()));
}

#[test]
fn many_gateways_may_prepare_one_store() {
    let server = PostgresServer::shared();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| open(server, "fresh"));
        }
    });
    let steps = server.sql("SELECT value FROM fresh.padan_own WHERE name = 'schema'");
    assert_eq!(steps.trim(), schema::STEPS.len().to_string());
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'fresh'::regnamespace AND relkind = 'r'";
    assert_eq!(server.sql(tables).trim(), (Table::COUNT + 1).to_string());
    open(server, "fresh");
}

/// Prepares a schema by SQL, then says how opening it ends.
#[test]
fn doubtful_schemas_are_refused() {
    let server = PostgresServer::shared();
    let check = |name: &str, sql: &str, expected: &str| {
        let schema = name.replace(' ', "_");
        server.sql(&sql.replace("{}", &schema));
        let found = open_with(&server.address(&schema), &conformance::limits());
        assert_eq!(found.map_or_else(|error| error.to_string(), |_| "opens".to_owned()), expected, "{name}");
    };
    let own = "CREATE SCHEMA {}; CREATE TABLE {}.padan_own (name text, value bigint); INSERT INTO {}.padan_own VALUES ";
    let with = |rows: &str| format!("{own} {rows}");
    let foreign = "stored bytes are damaged: there is data that is not Padan's, found while ";
    let damaged =
        "stored bytes are damaged: a value does not match its checksum, found while reading the store's format";
    check("empty", "CREATE SCHEMA {}", "opens");
    check("foreign table", "CREATE SCHEMA {}; CREATE TABLE {}.rows (id int)", &format!("{foreign}opening the store"));
    let other = "CREATE SCHEMA {}; CREATE TABLE {}.padan_own (id int)";
    check("foreign own", other, &format!("{foreign}reading the store's format"));
    let format = |found: u8, known: usize| format!("the store has format {found}, this program knows format {known}");
    let steps = schema::STEPS.len();
    check(
        "newer",
        &with(&format!("('format', 1), ('group', 0), ('schema', {})", steps + 1)),
        &format(steps as u8 + 1, steps),
    );
    check("another format", &with("('format', 2), ('group', 0), ('schema', 1)"), &format(2, 1));
    check("no group", &with("('format', 1), ('schema', 1)"), damaged);
}

/// Only a server that keeps what it acknowledges will do. What a session can set for itself is set.
#[test]
fn a_server_that_forgets_is_refused() {
    let server = PostgresServer::start("synchronous_commit = off");
    let opening = || open_with(&server.address("own"), &conformance::limits());
    opening().unwrap();
    for (name, unsafe_value, needed) in
        [("fsync", "off", "on"), ("full_page_writes", "off", "on"), ("default_transaction_read_only", "on", "off")]
    {
        server.sql(&format!("ALTER SYSTEM SET {name} = {unsafe_value}"));
        server.control(&["restart", "-m", "fast"]);
        let error = opening().err().expect("refused").to_string();
        let name = name.trim_start_matches("default_");
        assert_eq!(error, format!("the database server has {name} = {unsafe_value}, the store needs {needed}"));
        server.sql("ALTER SYSTEM RESET fsync");
        server.sql("ALTER SYSTEM RESET full_page_writes");
    }
}
