//! The OpenAPI document names every status that is answered: each operation is asked in every way that it may refuse.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{TestApp, TestClient};

/// An operation of the document: method, path with its parameters filled in, statuses.
struct Operation {
    method: String,
    path: String,
    described: BTreeSet<String>,
}

/// Values of path parameters: one that may be there, and one that is not.
const FEEDS: [&str; 2] = ["dinsos-anggota-keluarga", "no-feed"];
const IDS: [&str; 2] = ["P0000000001", "C999-999"];

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "put", "post"] {
            let Some(responses) = item[method]["responses"].as_object() else { continue };
            for nth in if path.contains('{') { 0..2 } else { 0..1 } {
                let path = path.replace("{feed}", FEEDS[nth]).replace("{id}", IDS[nth]);
                let described = responses.keys().cloned().collect();
                found.push(Operation { method: method.to_ascii_uppercase(), path, described });
            }
        }
    }
    found
}

/// Requests that something is wrong with: what is behind the path, headers, and the body.
type Wrong = (&'static str, &'static [(&'static str, &'static str)], Vec<u8>);

fn wrongs() -> Vec<Wrong> {
    const KEY: (&str, &str) = ("Idempotency-Key", "k");
    const JSON: (&str, &str) = ("Content-Type", "application/json");
    const NDJSON: (&str, &str) = ("Content-Type", "application/x-ndjson");
    let large = vec![b' '; 5_000];
    vec![
        ("", &[], Vec::new()),
        ("?no=1", &[], Vec::new()),
        ("?limit=0", &[], Vec::new()),
        ("?cursor=x", &[], Vec::new()),
        ("", &[JSON], b"{}".to_vec()),
        ("", &[KEY, ("Content-Type", "text/plain")], b"{}".to_vec()),
        ("", &[KEY, JSON, ("Content-Encoding", "gzip")], b"{}".to_vec()),
        ("", &[KEY, JSON], Vec::new()),
        ("", &[KEY, JSON], b"{".to_vec()),
        ("", &[KEY, JSON], b"{\"x\":1}".to_vec()),
        ("", &[KEY, JSON], large.clone()),
        ("", &[KEY, NDJSON], b"{}\n".to_vec()),
        ("", &[KEY, NDJSON], large),
        ("", &[("Idempotency-Key", " "), JSON], b"{}".to_vec()),
    ]
}

#[test]
fn every_status_that_is_answered_is_in_the_document() {
    let app = TestApp::with(|settings| {
        let limits = &mut settings.http.limits;
        (limits.max_body_bytes, limits.max_record_bytes, limits.max_document_bytes) = (4_000, 4_000, 4_000);
    });
    let document = app.client("").get("/v1/openapi.json").expect(200).json();
    let callers: Vec<TestClient> = ["", "dinsos", "petugas"].map(|role| app.client(role).without_waiting()).into();
    let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
    for operation in operations(&document) {
        for (caller, (query, headers, body)) in
            callers.iter().flat_map(|caller| wrongs().into_iter().map(move |w| (caller, w)))
        {
            let path = format!("{}{query}", operation.path);
            let answer = caller.send(&operation.method, &path, headers, &body);
            *seen.entry(answer.status).or_default() += 1;
            assert!(
                operation.described.contains(&answer.status.to_string()),
                "{} {path} {headers:?} {}: {} is not described",
                operation.method,
                String::from_utf8_lossy(&body[..body.len().min(20)]),
                answer.text,
            );
            assert!(answer.status < 400 || answer.kind == "application/problem+json", "{}", answer.text);
        }
    }
    for status in [200, 400, 401, 403, 404, 413, 415, 422] {
        assert!(seen.contains_key(&status), "nothing was answered with {status}: {seen:?}");
    }
}
