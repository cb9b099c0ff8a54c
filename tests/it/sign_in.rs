//! Signing in: an attacker shuts nobody out, and a client ends nobody else's session.

use crate::support::{TestApp, TestClient};

fn sign_in(client: &TestClient, code: &str) -> u16 {
    client.form("/masuk", &[], &format!("kode={code}")).status
}

#[test]
fn a_right_code_is_let_in_from_an_address_that_failed() {
    let app = TestApp::with(|settings| settings.http.limits.sign_in_failures = 1);
    let client = app.client("");
    let found = ["tebak-1", "tebak-2", "tebak-3"].map(|code| sign_in(&client, code));
    assert_eq!(found, [401, 429, 429]);
    assert_eq!(sign_in(&client, "kode-petugas"), 303, "the right code");
    assert_eq!(sign_in(&client, "tebak-4"), 429, "it makes the others no better");
}

#[test]
fn nobody_chooses_the_address_he_is_counted_under() {
    let app = TestApp::with(|settings| settings.http.limits.sign_in_failures = 1);
    let client = app.client("");
    let from = |address: &str| client.form("/masuk", &[("X-Forwarded-For", address)], "kode=tebak").status;
    assert_eq!(["203.0.113.1", "203.0.113.2", "203.0.113.3"].map(from), [401, 429, 429]);
    let behind_proxy = TestApp::with(|settings| {
        settings.http.limits.sign_in_failures = 1;
        settings.http.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    });
    let client = behind_proxy.client("");
    let from = |address: &str| client.form("/masuk", &[("X-Forwarded-For", address)], "kode=tebak").status;
    assert_eq!(["203.0.113.1", "203.0.113.1", "203.0.113.2", "9.9.9.9, 203.0.113.2"].map(from), [401, 429, 401, 429]);
}

#[test]
fn a_client_that_signs_in_without_end_signs_nobody_else_out() {
    let app = TestApp::with(|settings| {
        settings.http.limits.max_sessions = 30;
        settings.http.limits.max_sessions_per_client = 20;
    });
    let client = app.client("");
    let steward = client.sign_in("kode-petugas");
    let own: Vec<String> = (0..60).map(|_| client.sign_in("kode-dinsos")).collect();
    client.page("/cari", &steward).expect(200);
    let open = own.iter().filter(|cookie| client.page("/cari", cookie).status != 303).count();
    assert_eq!(open, 20);
}

#[test]
fn forms_come_from_a_name_of_the_certificate() {
    let app = TestApp::start();
    let client = app.client("");
    let evil = [("Host", "evil.test"), ("Origin", "https://evil.test")];
    let sent = client.send(
        "POST",
        "/masuk",
        &[&evil[..], &[("Content-Type", "application/x-www-form-urlencoded")]].concat(),
        b"kode=kode-petugas",
    );
    assert_eq!((sent.status, sent.cookie), (403, None));
    client.sign_in("kode-petugas");
}
