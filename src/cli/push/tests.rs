use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;

/// A gateway in a page: refuses rows that hold `x`, flags rows that hold `?`, remembers keys and fails when told.
#[derive(Default)]
struct Gateway {
    known: RefCell<BTreeMap<String, (Vec<u8>, String)>>,
    receipts: RefCell<BTreeMap<String, String>>,
    rows: RefCell<Vec<String>>,
    calls: RefCell<Vec<String>>,
    fail_at: RefCell<Vec<usize>>,
    polls: RefCell<u32>,
}

impl Transport for Gateway {
    fn send(&self, call: &Call<'_>) -> Result<Answer, SendError> {
        let number = self.calls.borrow().len();
        self.calls.borrow_mut().push(format!("{} {}", call.method, call.path));
        let fails = self.fail_at.borrow().contains(&number);
        if call.path.ends_with("/receipt") {
            assert_eq!(call.accept, NDJSON);
            let batch = call.path.split('/').nth(3).unwrap_or_default().to_owned();
            let body = self.receipts.borrow().get(&batch).cloned().unwrap_or_default();
            return Ok(Answer { status: 200, retry_after: None, body: body.into_bytes() });
        }
        if call.method == Method::GET {
            *self.polls.borrow_mut() += 1;
            let polls = *self.polls.borrow();
            let body = format!(r#"{{"id":"b1","matched":{},"evaluated":{}}}"#, polls > 1, polls > 2);
            return Ok(Answer { status: 200, retry_after: None, body: body.into_bytes() });
        }
        if call.method == Method::PUT {
            self.rows.borrow_mut().push(String::from_utf8(call.body.to_vec()).expect("text"));
            let body = br#"{"declared":1,"changed":1,"unchanged":0,"unsent":[]}"#.to_vec();
            return Ok(Answer { status: 200, retry_after: None, body });
        }
        // The answer of a request that fails is lost on its way; the rows are stored.
        let body = self.accept(call.key.expect("a key"), call.body);
        if fails {
            return Err(SendError::Connection(ureq::Error::ConnectionFailed));
        }
        Ok(Answer { status: 200, retry_after: None, body: body.into_bytes() })
    }
}

impl Gateway {
    fn accept(&self, key: &str, body: &[u8]) -> String {
        let mut known = self.known.borrow_mut();
        if let Some((earlier, answer)) = known.get(key) {
            assert_eq!(earlier, body, "one key, two bodies");
            return answer.replace(r#""replayed":false"#, r#""replayed":true"#);
        }
        let text = std::str::from_utf8(body).expect("text");
        let (mut counts, mut lines) = (BatchCounts::default(), Vec::new());
        for (at, row) in text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
            counts.baris += 1;
            let (outcome, count) = match row {
                row if row.contains('x') => ("ditolak", &mut counts.ditolak),
                row if row.contains('?') => ("ditandai", &mut counts.ditandai),
                _ => ("diterima", &mut counts.diterima),
            };
            *count += 1;
            lines.push(serde_json::json!({"baris": at + 1, "id_sumber": row, "hasil": outcome}));
            if outcome != "ditolak" {
                self.rows.borrow_mut().push(row.to_owned());
            }
        }
        let id = format!("b{}", known.len() + 1);
        self.receipts
            .borrow_mut()
            .insert(id.clone(), lines.iter().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect());
        lines.retain(|line| line["hasil"] != "diterima");
        let next = (lines.len() > 1).then(|| format!("/v1/batches/{id}/receipt"));
        lines.truncate(1);
        let batch = serde_json::json!({"id": id, "counts": counts});
        let answer =
            serde_json::json!({"batch": batch, "replayed": false, "not_clean": lines, "next": next}).to_string();
        known.insert(key.to_owned(), (body.to_vec(), answer.clone()));
        answer
    }

    fn session(&self) -> Session<'_> {
        Session { transport: self, patience: Patience { tries: 2, ..Patience::default() }, pause: &|_| {} }
    }
}

/// Keeps what it hears.
#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    bytes: u64,
    notes: usize,
    all_lines: bool,
}

impl Observer for Heard {
    fn progressed(&mut self, _: &FileSummary, bytes: u64) {
        self.bytes = bytes;
    }

    fn wants_clean_lines(&self) -> bool {
        self.all_lines
    }

    fn answered(&mut self, batch: &str, lines: Vec<AnswerLine>) -> Result<(), PushError> {
        let line =
            |line: &AnswerLine| format!("{batch} {} {}", line.baris, line.id_sumber.as_deref().unwrap_or_default());
        self.lines.extend(lines.iter().filter(|line| self.all_lines || !line.is_clean()).map(line));
        Ok(())
    }

    fn noted(&mut self, _: &str) {
        self.notes += 1;
    }
}

const TEXT: &str = "a\n\nb?\ncx\nd\nex\n";

/// Pushes the text in a run of its own.
fn push_text(gateway: &Gateway, rows: u64, heard: &mut Heard) -> Result<FileSummary, PushError> {
    push_in(&tempfile::tempdir().expect("a temporary directory"), gateway, rows, heard)
}

/// Pushes the text as the command does it, with what is kept in a folder; a push that comes to its end ends the run.
fn push_in(dir: &tempfile::TempDir, gateway: &Gateway, rows: u64, heard: &mut Heard) -> Result<FileSummary, PushError> {
    let path = dir.path().join("bank-rekening.ndjson");
    std::fs::write(&path, TEXT).expect("a file");
    let limits = ChunkLimits { rows, ..ChunkLimits::default() };
    let files = [(Feed::Rekening, path.clone())];
    let mut run = Run::kept(&files, &dir.path().join("run.json")).expect("kept");
    let outgoing = Outgoing { path: &path, feed: Feed::Rekening, run: &mut run, nth: 0, check: false };
    let summary = push_file(&gateway.session(), outgoing, limits, heard)?;
    run.ended();
    Ok(summary)
}

#[test]
fn a_file_that_is_pushed_again_is_a_new_push() {
    let (gateway, mut heard) = (Gateway::default(), Heard::default());
    let summary = push_text(&gateway, 2, &mut heard).expect("pushed");
    let wanted = BatchCounts { baris: 5, diterima: 2, ditandai: 1, ditolak: 2, ..BatchCounts::default() };
    assert_eq!((summary.counts, summary.chunks, summary.repeated), (wanted, 3, 0));
    assert_eq!(summary.last_batch.as_deref(), Some("b2"), "the last batch has no accepted row");
    assert_eq!(heard.lines, ["b1 3 b?", "b2 4 cx", "b3 6 ex"], "lines are those of the file");
    assert_eq!(heard.bytes, TEXT.len() as u64);
    assert_eq!(gateway.calls.borrow()[0], "POST /v1/feeds/bank-rekening/batches");

    let again = push_text(&gateway, 2, &mut Heard::default()).expect("pushed again");
    assert_eq!((again.counts, again.repeated), (wanted, 0));
    assert_eq!(gateway.rows.borrow().len(), 6, "the gateway is asked anew, and tells what stands already");
}

#[test]
fn lines_that_the_answer_has_no_room_for_come_from_the_receipt() {
    for (all_lines, rows, wanted, calls) in [
        (false, 9, &["b1 3 b?", "b1 4 cx", "b1 6 ex"][..], 2),
        (true, 9, &["b1 1 a", "b1 3 b?", "b1 4 cx", "b1 5 d", "b1 6 ex"], 2),
        (true, 2, &["b1 1 a", "b1 3 b?", "b2 4 cx", "b2 5 d", "b3 6 ex"], 5),
        (false, 2, &["b1 3 b?", "b2 4 cx", "b3 6 ex"], 3),
    ] {
        let gateway = Gateway::default();
        let mut heard = Heard { all_lines, ..Heard::default() };
        push_text(&gateway, rows, &mut heard).expect("pushed");
        assert_eq!(heard.lines, wanted, "all lines: {all_lines}, {rows} rows a chunk");
        assert_eq!(gateway.calls.borrow().len(), calls, "all lines: {all_lines}, {rows} rows a chunk");
    }
}

#[test]
fn a_broken_push_goes_on_where_it_stopped() {
    let gateway = Gateway::default();
    gateway.fail_at.borrow_mut().extend([1, 2]);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut heard = Heard::default();
    let error = push_in(&dir, &gateway, 2, &mut heard).expect_err("both tries of the second chunk are lost");
    assert!(matches!(&error, PushError::Call { source: CallError::NoAnswer { tries: 2, .. }, .. }));
    assert!(error.hint().is_some_and(|hint| hint.contains("go on where it stopped")));
    assert_eq!(heard.notes, 1);

    let summary = push_in(&dir, &gateway, 2, &mut Heard::default()).expect("pushed");
    assert_eq!((summary.counts.baris, summary.repeated), (5, 2));
    assert_eq!(*gateway.rows.borrow(), ["a", "b?", "d"]);
    let next = push_in(&dir, &gateway, 2, &mut Heard::default()).expect("pushed");
    assert_eq!(next.repeated, 0, "that run was over");
}

#[test]
fn waiting_polls_until_matched_or_out_of_time() {
    let gateway = Gateway::default();
    wait_matched(&gateway.session(), "b1", Duration::from_mins(1), &mut |_| {}).expect("matched");
    assert_eq!(*gateway.calls.borrow(), ["GET /v1/batches/b1"; 3]);
    let impatient = Gateway::default();
    let error =
        wait_matched(&impatient.session(), "b1", Duration::from_millis(100), &mut |_| {}).expect_err("too slow");
    assert!(matches!(error, PushError::NotMatched { .. }));
}

#[test]
fn completeness_goes_to_each_feed_once() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("kelengkapan.json");
    let entry = |feed: &str, period: &str| {
        format!(r#"{{"feed":"{feed}","kode_wilayah":"320105","periode":"{period}","lengkap":true}}"#)
    };
    let entries = [
        entry("bank-rekening", "2025-T4"),
        entry("disdik-peserta-didik", "2025-11"),
        entry("bank-rekening", "2025-11"),
    ];
    std::fs::write(&path, format!("[{}]", entries.join(","))).expect("a file");
    let gateway = Gateway::default();
    let declared = declare(&gateway.session(), &path, &mut |_| {}).expect("declared");
    assert_eq!(
        declared.iter().map(|d| (d.feed.name(), d.entries)).collect::<Vec<_>>(),
        [("disdik-peserta-didik", 1), ("bank-rekening", 2)]
    );
    assert_eq!(
        *gateway.calls.borrow(),
        ["PUT /v1/feeds/disdik-peserta-didik/completeness", "PUT /v1/feeds/bank-rekening/completeness"]
    );
    assert_eq!(gateway.rows.borrow()[1], format!("[{},{}]", entries[0], entries[2]));

    std::fs::write(&path, r#"[{"feed":"bank-rekening"}]"#).expect("a file");
    let error = declare(&gateway.session(), &path, &mut |_| {}).expect_err("not an entry");
    assert!(error.to_string().ends_with("not a list of completeness entries") && error.hint().is_some());
}

#[test]
fn feeds_come_from_the_call_or_the_file_name() {
    type Case = (&'static [&'static str], Result<&'static [Feed], &'static str>);
    let cases: &[Case] = &[
        (&["bank-rekening", "a.ndjson", "b.txt"], Ok(&[Feed::Rekening, Feed::Rekening])),
        (&["d/bank-rekening.ndjson", "disdik-peserta-didik.jsonl"], Ok(&[Feed::Rekening, Feed::PesertaDidik])),
        (&["a.ndjson"], Err("a.ndjson: the file is not named after a feed")),
        (&["bank-rekening.csv", "bank-penyaluran.ndjson.gz"], Ok(&[Feed::Rekening, Feed::Penyaluran])),
        (&["bank-rekening.parquet"], Err("bank-rekening.parquet: a list is sent as NDJSON, XLSX, CSV, ZIP or gzip")),
        (&["bank-rekening"], Err("bank-rekening: no file is named")),
        (&[], Ok(&[])),
    ];
    for (arguments, wanted) in cases {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        match (files_of(&arguments), wanted) {
            (Ok(files), Ok(feeds)) => assert_eq!(files.iter().map(|(f, _)| *f).collect::<Vec<_>>(), *feeds),
            (Err(error), Err(text)) => {
                assert!(error.to_string().starts_with(text), "{error}");
                assert!(error.is_wrong_call() && error.hint().is_some());
            }
            (got, _) => panic!("{arguments:?}: {got:?}"),
        }
    }
}

#[test]
fn the_summary_is_a_table() {
    let counts =
        BatchCounts { baris: 3801, diterima: 3000, ditandai: 790, ditolak: 0, tanpa_perubahan: 5, lebih_lama: 6 };
    let file = FileSummary {
        file: PathBuf::from("x.ndjson"),
        feed: Feed::Rekening,
        counts,
        chunks: 2,
        repeated: 1,
        alarms: vec!["EXCEL_PRECISION".to_owned(), "A\u{1b}".to_owned()],
        notes: vec![Note {
            pesan: "Kolom yang tidak dibaca: Ket".to_owned(),
            message: "Columns that are not read: Ket".to_owned(),
        }],
        seconds: 0.5,
        last_batch: None,
    };
    let report = Report { run: "r".to_owned(), continued: false, files: vec![file], completeness: vec![declared()] };
    assert_eq!(
        report.text(),
        "feed            rows  accepted  flagged  refused  unchanged  older  repeated  seconds  rows/s\n\
         bank-rekening  3,801     3,000      790        0          5      6       1/2      0.5   7,602\n\
         bank-rekening: 6 rows are older than what stands, without effect; the receipt names them\n\
         bank-rekening: Columns that are not read: Ket\n\
         bank-rekening: alarm EXCEL_PRECISION: almost all numbers end in 0; digits were lost in a spreadsheet. Send \
         them again as text\n\
         bank-rekening: alarm A\\u{1b}: something about the numbers as a whole cannot be chance; look at them before \
         you rely on them\n\
         bank-rekening: 16 regions and periods declared, 2 changed, 14 unchanged\n\
         bank-rekening: 1 row was not sent again in 3201 since the list was declared complete at 2025-11-01T02:00:00Z; \
         until they are withdrawn they count\n  D\\u{1b}1\n"
    );
    assert!(report.asks_for_a_look());
}

/// What a declaration was answered with.
fn declared() -> Declared {
    let unsent = super::completeness::Unsent {
        kode_wilayah: "3201".to_owned(),
        since: "2025-11-01T02:00:00.461772615Z".to_owned(),
        rows: 1,
        ids: vec!["D\u{1b}1".to_owned()],
    };
    Declared { feed: Feed::Rekening, entries: 16, changed: 2, unchanged: 14, unsent: vec![unsent] }
}
