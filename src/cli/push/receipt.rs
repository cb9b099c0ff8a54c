//! The receipt of a push as a file: one NDJSON object a line of the input, or CSV with one row a finding, safe to be
//! opened in a spreadsheet.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::output::{Access, AtomicFile, CsvFile, OutputError};
use crate::cli::printable::{cell, id_cell, printable, printable_json};
use crate::domain::batch::RowOutcome;
use crate::domain::feed::Feed;

/// One line of the answer to a push. Flags and errors stay as the gateway words them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerLine {
    /// 1-based line: of the chunk as answered, of the file once it reaches an observer.
    pub baris: u64,
    /// The sender's row key, where it could be read.
    #[serde(default)]
    pub id_sumber: Option<String>,
    /// What became of the row.
    pub hasil: RowOutcome,
    /// It changed nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tanpa_perubahan: bool,
    /// The day of the newer row that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub berlaku: Option<String>,
    /// Doubts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tanda: Vec<Remark>,
    /// Reasons for refusal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kesalahan: Vec<Remark>,
}

/// A flag or an error: where, what, in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    /// JSON pointer to the field.
    #[serde(default)]
    pub pointer: String,
    /// Machine code.
    #[serde(default)]
    pub code: String,
    /// In Indonesian, where the gateway says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pesan: String,
    /// Whatever else the gateway says.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

impl AnswerLine {
    /// It counts, or stood already, without a doubt: nothing to tell.
    pub fn is_clean(&self) -> bool {
        matches!(self.hasil, RowOutcome::Diterima | RowOutcome::TanpaPerubahan)
            && self.tanda.is_empty()
            && self.kesalahan.is_empty()
    }

    /// One line for people, without any value.
    pub(super) fn summary(&self) -> String {
        let remarks = self.kesalahan.iter().chain(&self.tanda);
        let words: Vec<String> =
            remarks.map(|r| format!("{} {} {}", r.pointer, r.code, r.pesan).trim().to_owned()).collect();
        format!("line {}: {}", self.baris, printable(&words.join("; ")))
    }
}

const HEADER: [&str; 9] = ["berkas", "feed", "batch", "baris", "id_sumber", "hasil", "penunjuk", "kode", "pesan"];

/// Where the lines of a push are kept.
pub(super) struct Receipt {
    path: PathBuf,
    form: ReceiptForm,
}

enum ReceiptForm {
    Ndjson(AtomicFile),
    Csv(Box<CsvFile>),
}

/// Where a line comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) file: &'a str,
    pub(super) feed: Feed,
    pub(super) batch: &'a str,
}

#[derive(Serialize)]
struct NdjsonLine<'a> {
    berkas: &'a str,
    feed: Feed,
    batch: &'a str,
    #[serde(flatten)]
    line: &'a AnswerLine,
}

impl Receipt {
    /// Starts a receipt: CSV when the name ends so, else NDJSON. An older one goes: it is not of this push, even should
    /// this one not come to its end.
    pub(super) fn create(path: &Path) -> Result<Self, OutputError> {
        if path.is_file() {
            std::fs::remove_file(path).map_err(|source| OutputError { path: path.to_owned(), source })?;
        }
        let form = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            ReceiptForm::Csv(Box::new(CsvFile::create(path, &HEADER)?))
        } else {
            ReceiptForm::Ndjson(AtomicFile::create(path, Access::Private)?)
        };
        Ok(Self { path: path.to_owned(), form })
    }

    pub(super) fn line(&mut self, origin: Origin<'_>, line: &AnswerLine) -> Result<(), OutputError> {
        match &mut self.form {
            ReceiptForm::Ndjson(file) => {
                let Origin { file: berkas, feed, batch } = origin;
                let document = serde_json::to_string(&NdjsonLine { berkas, feed, batch, line });
                let written = document.map_err(std::io::Error::from);
                let written = written.and_then(|text| writeln!(file, "{}", printable_json(&text)));
                written.map_err(|source| OutputError { path: self.path.clone(), source })
            }
            ReceiptForm::Csv(file) => {
                let number = line.baris.to_string();
                let id = id_cell(line.id_sumber.as_deref().unwrap_or_default());
                let (name, batch) = (cell(origin.file), cell(origin.batch));
                let start = [&*name, origin.feed.name(), &*batch, &number, &*id, line.hasil.code()];
                let mut row = |tail: [&str; 3]| file.row(&[&start[..], &tail].concat());
                if line.kesalahan.is_empty() && line.tanda.is_empty() {
                    row(["", "", ""])?;
                }
                let mut remarks = line.kesalahan.iter().chain(&line.tanda);
                remarks.try_for_each(|remark| row([&cell(&remark.pointer), &cell(&remark.code), &cell(&remark.pesan)]))
            }
        }
    }

    pub(super) fn commit(self) -> Result<(), OutputError> {
        match self.form {
            ReceiptForm::Ndjson(file) => file.commit(),
            ReceiptForm::Csv(file) => file.commit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_computes_nothing_and_moves_no_cursor() {
        let line = r#"{"baris":1,"id_sumber":"=cmd|' /C calc'!A0","hasil":"ditolak","kesalahan":[{"pointer":"/@x","code":"UNKNOWN_FIELD","pesan":"-\u001b[2J\u202e"}]}"#;
        let line: AnswerLine = serde_json::from_str(line).expect("a line");
        let dir = tempfile::tempdir().expect("a folder");
        for (name, wanted) in [
            (
                "r.csv",
                "'=x.ndjson,bank-rekening,B1,1,'=cmd|' /C calc'!A0,ditolak,/@x,UNKNOWN_FIELD,'-\\u{1b}[2J\\u{202e}\n",
            ),
            ("r.ndjson", "\\u001b[2J\\u202e"),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, "of an earlier push").expect("written");
            let mut receipt = Receipt::create(&path).expect("a file");
            assert!(!path.exists(), "the old one is gone");
            receipt.line(Origin { file: "=x.ndjson", feed: Feed::Rekening, batch: "B1" }, &line).expect("written");
            receipt.commit().expect("complete");
            let text = std::fs::read_to_string(&path).expect("the receipt");
            assert!(text.contains(wanted), "{text}");
        }
        assert_eq!(line.summary(), "line 1: /@x UNKNOWN_FIELD -\\u{1b}[2J\\u{202e}");
    }

    const LINES: [&str; 3] = [
        r#"{"baris":3,"id_sumber":"A,1","hasil":"ditolak","kesalahan":[{"pointer":"/nik","code":"TYPE","pesan":"harus teks","message":"must be text"},{"pointer":"","code":"REQUIRED"}]}"#,
        r#"{"baris":4,"id_sumber":null,"hasil":"ditandai","tanpa_perubahan":true,"tanda":[{"pointer":"/nik","code":"LEN_15"}]}"#,
        r#"{"baris":5,"id_sumber":"C","hasil":"diterima"}"#,
    ];

    #[test]
    fn receipts_hold_every_line_given() {
        let cases = [
            (
                "r.csv",
                "berkas,feed,batch,baris,id_sumber,hasil,penunjuk,kode,pesan\n\
                 f.ndjson,bank-rekening,B1,3,\"A,1\",ditolak,/nik,TYPE,harus teks\n\
                 f.ndjson,bank-rekening,B1,3,\"A,1\",ditolak,,REQUIRED,\n\
                 f.ndjson,bank-rekening,B1,4,,ditandai,/nik,LEN_15,\n\
                 f.ndjson,bank-rekening,B1,5,C,diterima,,,\n"
                    .to_owned(),
            ),
            (
                "r.ndjson",
                LINES
                    .map(|line| {
                        let line =
                            line.replacen('{', r#"{"berkas":"f.ndjson","feed":"bank-rekening","batch":"B1","#, 1);
                        line + "\n"
                    })
                    .concat(),
            ),
        ];
        for (name, wanted) in cases {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let path = dir.path().join(name);
            let mut receipt = Receipt::create(&path).expect("a file");
            let origin = Origin { file: "f.ndjson", feed: Feed::Rekening, batch: "B1" };
            for line in LINES {
                let line: AnswerLine = serde_json::from_str(line).expect("a line");
                receipt.line(origin, &line).expect("written");
            }
            receipt.commit().expect("complete");
            assert_eq!(std::fs::read_to_string(&path).expect("the receipt"), wanted, "{name}");
        }
    }

    #[test]
    fn clean_lines_are_told_from_others() {
        let clean: Vec<bool> =
            LINES.iter().map(|line| serde_json::from_str::<AnswerLine>(line).expect("a line").is_clean()).collect();
        assert_eq!(clean, [false, false, true]);
        let first: AnswerLine = serde_json::from_str(LINES[0]).expect("a line");
        assert_eq!(first.summary(), "line 3: /nik TYPE harus teks; REQUIRED");
    }
}
