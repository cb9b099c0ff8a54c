//! What somebody with a token sends: lists of wrong rows, and rows that are made to resemble each other.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;

use crate::gateway::{self, Target};
use crate::load::{self, number};

/// A request that pushes rows of an agency.
fn push(role: &str, key: &str, rows: &str) -> Vec<u8> {
    let head = format!(
        "POST /v1/feeds/dinsos-anggota-keluarga/batches HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         authorization: Bearer kode-{role}\r\nidempotency-key: {key}\r\ncontent-type: application/x-ndjson\r\n\
         content-length: {}\r\n\r\n",
        rows.len()
    );
    [head.as_bytes(), rows.as_bytes()].concat()
}

/// Pushes; the status and the machine code of the answer. Who is refused early may find the connection closed.
async fn pushed(target: Target, request: Vec<u8>) -> Option<(u16, String)> {
    let mut tls = target.tls("http/1.1").await.ok()?;
    // What is refused before it is read is not taken to its end.
    let _ = tls.write_all(&request).await;
    let answer = gateway::rest(&mut tls).await;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let document: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    Some((status, document["code"].as_str().unwrap_or_default().to_owned()))
}

/// Rows of an export whose columns have other names.
fn renamed(megabytes: usize) -> String {
    let fields = (0..21).map(|n| (format!("Kolom {n}"), serde_json::Value::from("ISI")));
    let row = format!("{}\n", serde_json::Value::Object(fields.collect()));
    row.repeat((megabytes << 20) / row.len())
}

/// Each row shares its NIK with one neighbour and its card with the other.
fn chain(rows: usize) -> String {
    let row = |number: usize| {
        let letter = char::from(b'A' + (number % 26) as u8);
        serde_json::json!({
            "id_sumber": format!("X{number}"), "tgl_data": "2025-11-20", "id_keluarga": format!("K{number}"),
            "nik": format!("320114701284{:04}", 1 + number / 2), "no_kk": format!("320114081218{:04}", 1 + number.div_ceil(2)),
            "nama": format!("SITI NURJANAH {letter}"), "tanggal_lahir": "1984-12-30", "jenis_kelamin": "P",
            "nama_ibu_kandung": "EUIS KOMALA", "alamat": "KP. CIBEREUM RT 003/005", "kode_desa": "3201142004",
            "hubungan_keluarga": 1
        })
    };
    let rows: Vec<String> = (0..rows).map(|number| row(number).to_string()).collect();
    rows.join("\n")
}

#[tokio::test]
async fn pushes_of_wrong_rows_end_early_and_take_no_memory() {
    let gateway = gateway::start();
    let rows = renamed(number(4, 12));
    let many = 8;
    let attackers = (0..many).map(|at| {
        let (target, request) = (gateway.target.clone(), push("dinsos", &format!("k{at}"), &rows));
        async move {
            // One that is cut off while it sends has not read why.
            let answer = pushed(target, request).await;
            answer.is_none_or(|(status, code)| {
                [(422, "NEARLY_ALL_REFUSED"), (503, "CALLER_BUSY"), (503, "BUSY")].contains(&(status, code.as_str()))
            })
        }
    });
    let report = load::run(&gateway, "pushes of wrong rows", attackers).await;
    report.is_calm(256);
    assert_eq!(report.ended, many, "{report:?}");
    let said = pushed(gateway.target.clone(), push("dinsos", "alone", &rows)).await;
    assert!(said.is_none_or(|(status, code)| status == 422 && code == "NEARLY_ALL_REFUSED"));
}

#[tokio::test]
async fn rows_that_share_numbers_in_a_chain_are_one_case() {
    let gateway = gateway::start();
    let rows = chain(number(600, 10_000));
    let (target, request) = (gateway.target.clone(), push("dinsos", "chain", &rows));
    let attack = async move { pushed(target, request).await.is_some_and(|(status, _)| status == 200) };
    let report = load::run(&gateway, "a chain of rows", [attack]).await;
    report.is_calm(512);
    assert_eq!(report.ended, 1, "it was taken: {report:?}");
    let ask = "GET /v1/overview HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer kode-petugas\r\n\r\n";
    let until = Instant::now() + Duration::from_mins(2);
    let cases = loop {
        let answer = gateway.target.ask(ask.as_bytes()).await.expect("an answer");
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        let overview: serde_json::Value = serde_json::from_str(body).expect("JSON");
        if overview["waiting_rows"] == 0 && overview["persons"].as_u64() > Some(0) {
            break overview["open_cases"].as_u64().expect("a number");
        }
        assert!(Instant::now() < until, "it was not matched: {overview}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(cases <= 100, "{cases} cases");
}

#[tokio::test]
async fn who_has_too_much_under_way_waits_and_others_do_not() {
    let gateway = gateway::with(|settings| settings.service.budget.batches_of_caller = 2);
    let begun = |key: &'static str| {
        let target = gateway.target.clone();
        async move {
            let mut tls = target.tls("http/1.1").await.expect("a connection");
            let request = push("dinsos", key, &chain(50));
            tls.write_all(&request[..request.len() - 10]).await.expect("sent");
            tls.flush().await.expect("sent");
            (tls, request)
        }
    };
    let (mut first, request) = begun("one").await;
    let (_second, _) = begun("two").await;
    // Both are being read before the next one comes.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let third = pushed(gateway.target.clone(), push("dinsos", "three", &chain(5))).await;
    assert_eq!(third, Some((503, "CALLER_BUSY".to_owned())));
    let row = r#"{"id_sumber":"J1","tgl_data":"2025-11-20","hapus":true}"#;
    let other = push("dinkes", "other", row);
    let other = String::from_utf8(other).expect("text").replace("dinsos-anggota-keluarga", "dinkes-kepesertaan-jkn");
    assert_eq!(pushed(gateway.target.clone(), other.into_bytes()).await.map(|said| said.0), Some(200));
    first.write_all(&request[request.len() - 10..]).await.expect("sent");
    assert!(gateway::rest(&mut first).await.starts_with("HTTP/1.1 200 "));
    let again = pushed(gateway.target.clone(), push("dinsos", "three", &chain(5))).await;
    assert_eq!(again.map(|said| said.0), Some(200));
}
