//! Files that would fill the memory: each is opened by a process of its own, whose memory may grow by 32 MiB beside the file.
//!
//! Written by the parent into a folder that goes with it, so that what making them took is not measured.

#![expect(clippy::print_stdout, reason = "children tell their figures so, and people read them")]

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use padan::sheet::{SheetLimits, open};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// By so much the memory may grow.
const MOST_KIB: u64 = 32 << 10;
/// How a child is told which file to open.
const CHILD: &str = "--open";

/// Writes the content of one part, a piece at a time.
type Fill = Box<dyn Fn(&mut dyn Write)>;

fn repeated(start: &str, piece: &str, times: usize, end: &str) -> Fill {
    let (start, piece, end) = (start.to_owned(), piece.to_owned(), end.to_owned());
    Box::new(move |out| {
        let mut put = |text: &str| out.write_all(text.as_bytes()).expect("a place for the file");
        put(&start);
        for _ in 0..times {
            put(&piece);
        }
        put(&end);
    })
}

/// Texts that differ, so that they do not pack to nothing.
fn numbered(start: &str, times: usize, end: &str, piece: fn(usize) -> String) -> Fill {
    let (start, end) = (start.to_owned(), end.to_owned());
    Box::new(move |out| {
        let mut put = |text: &str| out.write_all(text.as_bytes()).expect("a place for the file");
        put(&start);
        for at in 0..times {
            put(&piece(at));
        }
        put(&end);
    })
}

fn gzip(path: &Path, fill: &Fill) {
    let mut gzip = GzEncoder::new(fs::File::create(path).expect("a file"), Compression::fast());
    fill(&mut gzip);
    gzip.finish().expect("a place for the file");
}

fn zip(path: &Path, parts: &[(String, Fill)]) {
    let mut zip = ZipWriter::new(fs::File::create(path).expect("a file"));
    let options = SimpleFileOptions::default().compression_level(Some(1));
    for (name, fill) in parts {
        zip.start_file(name.as_str(), options).expect("a part");
        fill(&mut zip);
    }
    zip.finish().expect("a place for the file");
}

const SHEET: &str = "<worksheet><sheetData>";
const SHEET_END: &str = "</sheetData></worksheet>";

/// A workbook of one sheet, with other parts.
fn book(path: &Path, sheet: Fill, others: Vec<(&str, Fill)>) {
    let plain = |text: &str| repeated(text, "", 0, "");
    let mut parts = vec![
        (
            "_rels/.rels",
            plain(
                "<Relationships><Relationship Id=\"a\" Type=\"x/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            plain("<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"sheet.xml\"/></Relationships>"),
        ),
        ("xl/workbook.xml", plain("<workbook><sheets><sheet name=\"a\" r:id=\"a\"/></sheets></workbook>")),
        ("xl/sheet.xml", sheet),
    ];
    parts.retain(|(name, _)| others.iter().all(|(other, _)| name != other));
    parts.extend(others);
    let parts: Vec<(String, Fill)> = parts.into_iter().map(|(name, fill)| (name.to_owned(), fill)).collect();
    zip(path, &parts);
}

fn small() -> Fill {
    repeated(SHEET, "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>", 1, SHEET_END)
}

fn texts(times: usize, piece: fn(usize) -> String) -> Vec<(&'static str, Fill)> {
    vec![("xl/sharedStrings.xml", numbered(&format!("<sst uniqueCount=\"{times}\">"), times, "</sst>", piece))]
}

/// The files: what is in them, what is said of them, and how they are made.
type Case = (&'static str, &'static str, fn(&Path));

const READ: &str = "read";
const LIMIT: &str = "FILE_LIMIT";

const CASES: &[Case] = &[
    ("a line of a gigabyte", LIMIT, |path| gzip(path, &repeated("id,a\n", &"x".repeat(1 << 20), 1 << 10, ""))),
    ("a gigabyte of quotes", LIMIT, |path| gzip(path, &repeated("id,a\n\"", &"a\"\"\n".repeat(1 << 18), 1 << 10, ""))),
    ("rows of 200 MB", READ, |path| {
        gzip(
            path,
            &numbered("id,nama,alamat\n", 4_000_000, "", |at| {
                format!("{at},NAMA {},JALAN {at} NOMOR {}\n", at * 7, at * 31)
            }),
        );
    }),
    ("a million texts", LIMIT, |path| book(path, small(), texts(1_000_000, |at| format!("<si><t>{at}</t></si>")))),
    ("texts up to the limit", READ, |path| {
        book(path, small(), texts(400_000, |at| format!("<si><t>NAMA {at:>022}</t></si>")));
    }),
    ("texts up to the limit, without their number", READ, |path| {
        let strings = numbered("<sst>", 400_000, "</sst>", |at| format!("<si><t>NAMA {at:>022}</t></si>"));
        book(path, small(), vec![("xl/sharedStrings.xml", strings)]);
    }),
    ("long texts up to the limit", READ, |path| {
        book(path, small(), texts(640, |at| format!("<si><t>{}{at}</t></si>", "x".repeat(32_000))));
    }),
    ("texts that are only promised", LIMIT, |path| {
        book(
            path,
            small(),
            vec![("xl/sharedStrings.xml", repeated("<sst uniqueCount=\"99999999999\">", "", 0, "</sst>"))],
        );
    }),
    ("a depth of 100,000", LIMIT, |path| book(path, repeated(SHEET, "<a>", 100_000, SHEET_END), Vec::new())),
    ("a cell without end", LIMIT, |path| {
        book(path, repeated("<worksheet><sheetData><row><c t=\"str\"><v>", &"x".repeat(1 << 20), 512, ""), Vec::new());
    }),
    ("a cell of many runs", LIMIT, |path| {
        book(
            path,
            repeated("<worksheet><sheetData><row><c t=\"inlineStr\"><is>", "<r><t>x</t></r>", 10_000_000, ""),
            Vec::new(),
        );
    }),
    ("a tag without end", LIMIT, |path| {
        book(path, repeated("<worksheet a=\"", &"x".repeat(1 << 20), 512, ""), Vec::new());
    }),
    ("a row of many cells", LIMIT, |path| {
        book(path, repeated("<worksheet><sheetData><row>", "<c><v>1</v></c>", 16_384, SHEET_END), Vec::new());
    }),
    ("a sheet of 100 MB", READ, |path| {
        book(
            path,
            numbered(SHEET, 1_000_000, SHEET_END, |at| {
                format!(
                    "<row r=\"{0}\"><c r=\"A{0}\"><v>{0}</v></c><c r=\"B{0}\" t=\"inlineStr\"><is><t>NAMA {1}</t></is></c></row>",
                    at + 1,
                    at * 7
                )
            }),
            Vec::new(),
        );
    }),
    ("formats up to the limit", READ, |path| {
        book(
            path,
            small(),
            vec![(
                "xl/styles.xml",
                repeated(
                    "<styleSheet><fonts><font/></fonts><cellXfs>",
                    "<xf fontId=\"0\" numFmtId=\"14\"/>",
                    32_768,
                    "</cellXfs></styleSheet>",
                ),
            )],
        );
    }),
    ("links up to the limit", READ, |path| {
        book(
            path,
            small(),
            vec![(
                "xl/_rels/workbook.xml.rels",
                numbered(
                    "<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"sheet.xml\"/>",
                    30_000,
                    "</Relationships>",
                    |at| format!("<Relationship Id=\"r{at}\"/>"),
                ),
            )],
        );
    }),
    ("100,000 members", LIMIT, |path| {
        let parts: Vec<(String, Fill)> =
            (0..100_000).map(|at| (format!("{at}.csv"), repeated("id\n1\n", "", 0, ""))).collect();
        zip(path, &parts);
    }),
    ("twenty workbooks, one after the other", READ, |path| {
        let inner = path.with_extension("inner");
        book(&inner, small(), texts(50_000, |at| format!("<si><t>NAMA {at:>022}</t></si>")));
        let bytes = fs::read(&inner).expect("a workbook");
        let member = |at| -> (String, Fill) {
            let bytes = bytes.clone();
            (format!("{at}.xlsx"), Box::new(move |out| out.write_all(&bytes).expect("a place for the file")))
        };
        zip(path, &(0..20).map(member).collect::<Vec<_>>());
    }),
];

/// A figure of this process, in KiB.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("memory is told");
    line.split_whitespace().next().and_then(|figure| figure.parse().ok()).expect("a figure")
}

/// What a child does: reads the file, forgets what that took, opens it, reads every row.
fn open_one(path: &str) {
    let bytes: bytes::Bytes = fs::read(path).expect("the parent wrote it").into();
    fs::write("/proc/self/clear_refs", "5").expect("Linux forgets the highest figure");
    let before = memory("VmRSS:");
    let read = || {
        let mut opened = open("a", bytes, &SheetLimits::default())?;
        for table in 0..opened.tables().len() {
            opened.rows(table, |_| ControlFlow::Continue(()))?;
        }
        Ok(())
    };
    let outcome: Result<(), padan::sheet::SheetError> = read();
    let code = outcome.as_ref().map_or_else(padan::sheet::SheetError::code, |()| READ);
    println!("{code} {}", memory("VmHWM:").saturating_sub(before));
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, path] = arguments.as_slice()
        && flag == CHILD
    {
        return open_one(path);
    }
    let wanted = arguments.get(1).filter(|name| !name.starts_with('-'));
    let folder = tempfile::tempdir().expect("a folder");
    let mut problems = Vec::new();
    for (name, outcome, make) in
        CASES.iter().filter(|(name, ..)| wanted.is_none_or(|part| name.contains(part.as_str())))
    {
        let path = folder.path().join("file");
        make(&path);
        let size = fs::metadata(&path).expect("the file").len() >> 10;
        let child = Command::new(std::env::current_exe().expect("this program")).arg(CHILD).arg(&path).output();
        let output = String::from_utf8(child.expect("a child").stdout).expect("text");
        let (code, grown) = output.trim().split_once(' ').unwrap_or(("died", "0"));
        let grown: u64 = grown.parse().unwrap_or_default();
        println!("{name}: {code}, file {size} KiB, memory grew by {grown} KiB");
        if code != *outcome || grown > MOST_KIB {
            problems.push(*name);
        }
    }
    assert!(problems.is_empty(), "not as wanted: {problems:?}");
}
