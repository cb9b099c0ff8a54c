//! Certificates that may be shown, and that may not.

use std::os::unix::fs::OpenOptionsExt;

use super::*;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

fn memory(cert: &str, key: &str) -> Identity {
    Identity::Memory { cert_pem: cert.into(), key_pem: key.into() }
}

/// A certificate of the years `from` to `to`, and its key.
fn made(from: i32, to: i32) -> (String, String) {
    let names = ["localhost", "*.padan.test", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names).expect("good names");
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    let key = KeyPair::generate().expect("a key");
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

fn day(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().expect("a moment")
}

#[test]
fn an_identity_that_cannot_be_used_says_what_is_wrong() {
    let ((cert, key), (_, other_key)) = (made(2025, 2027), made(2025, 2027));
    let now = day("2026-01-01");
    assert!(memory(&cert, &key).load(now).is_ok());
    for (identity, now, words) in [
        (memory("", &key), now, "no certificate"),
        (memory(&cert, ""), now, "private key cannot be read"),
        (memory(&cert, &other_key), now, "cannot be used together"),
        (Identity::Files(Tls { cert: "no-such.pem".into(), key: "x".into() }), now, "from no-such.pem"),
        (memory(&cert, &key), day("2027-01-02"), "the certificate expired at 2027-01-01T00:00:00Z"),
        (memory(&cert, &key), day("2024-12-31"), "valid from 2025-01-01T00:00:00Z on, and the clock says 2024-12-31"),
    ] {
        let error = identity.load(now).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_certificate_says_how_long_and_for_whom_it_is() {
    let (cert, key) = made(2025, 2027);
    let (_, validity) = memory(&cert, &key).load(day("2026-01-01")).expect("good");
    for (at, days) in [("2026-12-31", 1), ("2026-12-02", 30), ("2027-01-02", -1)] {
        assert_eq!(validity.days_left(day(at)), days, "{at}");
    }
    for (host, ours) in [
        ("localhost", true),
        ("LOCALHOST", true),
        ("a.padan.test", true),
        ("padan.test", false),
        ("a.b.padan.test", false),
        ("127.0.0.1", true),
        ("[::1]", true),
        ("evil.test", false),
        ("", false),
    ] {
        assert_eq!(validity.is_for(host), ours, "{host}");
    }
}

#[test]
fn a_key_that_every_account_can_read_is_refused() {
    use std::io::Write as _;
    let dir = tempfile::tempdir().expect("a folder");
    let (cert, key) = made(2025, 2027);
    let tls = Tls { cert: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
    std::fs::write(&tls.cert, cert).expect("written");
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&tls.key).expect("a file");
    file.write_all(key.as_bytes()).expect("written");
    for (mode, good) in [(0o600, true), (0o640, true), (0o604, false), (0o644, false), (0o666, false)] {
        std::fs::set_permissions(&tls.key, std::fs::Permissions::from_mode(mode)).expect("a mode");
        let loaded = Identity::Files(tls.clone()).load(day("2026-01-01"));
        assert_eq!(loaded.is_ok(), good, "{mode:o}");
        if let Err(error) = loaded {
            assert!(error.to_string().contains(&format!("(mode {mode:04o})")), "{error}");
        }
    }
}

#[test]
fn a_reload_shows_the_new_one_and_keeps_the_old_one_for_a_bad_one() {
    let now = day("2026-01-01");
    let [old, new, expired] = [made(2025, 2027), made(2025, 2028), made(2024, 2025)].map(|(c, k)| memory(&c, &k));
    let served = Served::load(&old, now).expect("good");
    let until = |served: &Served| served.validity().not_after;
    assert_eq!(served.reload(&old, now).expect("good"), None, "the same again");
    let clone = served.clone();
    assert_eq!(served.reload(&new, now).expect("good").expect("another"), day("2028-01-01"));
    assert_eq!(until(&clone), day("2028-01-01"), "all share it");
    for bad in [expired, memory("", ""), memory(&made(2025, 2027).0, &made(2025, 2027).1)] {
        served.reload(&bad, now).expect_err("bad");
        assert_eq!(until(&served), day("2028-01-01"), "the old one stays");
    }
}
