//! The records of a case side by side: aligned fields, what differs marked by character, personal numbers masked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::decoded::{self, Decoded, region_name, sex_label};
use super::diff::{Part, masked_parts, parts, plain};
use super::layout::Lang;
use super::{format, labels};
use crate::domain::date::Date;
use crate::domain::person::GoldenPerson;
use crate::domain::record::Record;
use crate::http::masked;

/// Records shown side by side at most (DESIGN 6: up to five).
pub(super) const MOST: usize = 5;

/// How the first two values of a row relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Equal.
    Same,
    /// Different.
    Different,
    /// Written differently, and near enough for the engine to count as the same.
    Near,
    /// One of them is missing.
    OneMissing,
}

/// One aligned field.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Its label.
    pub(super) label: String,
    /// One cell a record; empty where the record has no value.
    pub(super) cells: Vec<Vec<Part>>,
    /// How the first two relate.
    pub(super) agreement: Agreement,
}

impl Row {
    /// Whether the first two values are equal.
    pub(super) fn same(&self) -> bool {
        self.agreement == Agreement::Same
    }

    /// Whether the first two values are near enough for the engine.
    pub(super) fn near(&self) -> bool {
        self.agreement == Agreement::Near
    }

    /// Whether the first two values differ.
    pub(super) fn differs(&self) -> bool {
        self.agreement == Agreement::Different
    }
}

/// The head of one column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// `A`, `B`, ...
    pub(super) letter: char,
    /// Who sent it.
    pub(super) agency: String,
    /// Short name of the feed.
    pub(super) feed: &'static str,
    /// Which person of the case it belongs to now, from 1; nothing where all belong to one.
    pub(super) person: Option<usize>,
    /// The sender's row key.
    pub(super) id_sumber: String,
    /// As-of date at the sender.
    pub(super) as_of: String,
    /// What the NIK says.
    pub(super) decoded: Decoded,
    /// Doubts, in words.
    pub(super) flags: Vec<&'static str>,
    /// The sender withdrew it.
    pub(super) withdrawn: bool,
}

/// Everything that is laid side by side.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    /// One a record.
    pub(super) columns: Vec<Column>,
    /// The person core.
    pub(super) core: Vec<Row>,
    /// What the feeds say beyond it.
    pub(super) detail: Vec<Row>,
    /// How the NIKs of the first two relate.
    pub(super) relation: Option<&'static str>,
    /// The first two come from the same feed, so that what only it says can be held against each other.
    pub(super) same_feed: bool,
}

/// A value before it is masked for showing.
enum Cell {
    /// To be compared and shown as it is, differences marked by character.
    Open(String),
    /// To be compared and shown as a whole: a choice from a list, a day, a place.
    Word(String),
    /// To be compared as a number of few digits, with or without leading zeros.
    Padded(String),
    /// To be compared by its digits, with 0 and +62 for the same.
    Phone(String),
    /// To be compared in full and shown masked.
    Number(String),
    /// To be compared in full and shown as its first letter.
    Name(String),
}

/// Lays the records of these persons side by side; the first two are the pair, the others follow person by person.
pub(super) fn compare(records: &[Record], persons: &[GoldenPerson], today: Date, lang: Lang) -> Comparison {
    let person = |record: &Record| persons.iter().position(|person| person.records.contains(&record.id));
    let mut records: Vec<&Record> = records.iter().collect();
    let pair = records.len().min(2);
    records[pair..].sort_by_key(|record| person(record));
    records.truncate(MOST);
    let (relation, same_feed) = match records.as_slice() {
        [a, b, ..] => (decoded::relation(a, b, today, lang), a.key.feed == b.key.feed),
        _ => (None, false),
    };
    let column = |(record, letter): (&&Record, char)| Column {
        person: person(record).filter(|_| persons.len() > 1).map(|at| at + 1),
        ..column(record, letter, today, lang)
    };
    Comparison {
        columns: records.iter().zip('A'..).map(column).collect(),
        core: core_rows(&records, lang),
        detail: detail_rows(&records, lang),
        relation,
        same_feed,
    }
}

fn column(record: &Record, letter: char, today: Date, lang: Lang) -> Column {
    let flags: BTreeSet<&'static str> =
        record.flags.iter().map(|flag| lang.pick(flag.code.message_id(), flag.code.message_en())).collect();
    Column {
        letter,
        agency: record.key.agency.to_string(),
        feed: labels::feed(record.key.feed, lang),
        person: None,
        id_sumber: record.key.id_sumber.clone(),
        as_of: format::date(record.tgl_data, lang),
        decoded: decoded::decode(record, today, lang),
        flags: flags.into_iter().collect(),
        withdrawn: record.withdrawn,
    }
}

impl Comparison {
    /// Takes the engine's word for the mother's name: all of it but a letter is hidden, so that a plain "different" would
    /// leave the reader wondering why it counts as the same.
    pub(super) fn mothers_agree(&mut self, lang: Lang) {
        let label = labels::field(MOTHER, lang);
        for row in self.core.iter_mut().filter(|row| row.label == label && row.differs()) {
            row.agreement = Agreement::Near;
        }
    }
}

const MOTHER: &str = "nama_ibu_kandung";

type Reader = fn(&Record, Lang) -> Option<Cell>;

/// The fields of the person core in the order a steward reads them.
const CORE: &[(&str, Reader)] = &[
    ("nama", |r, _| r.core.nama.clone().map(Cell::Open)),
    ("nik", |r, _| r.core.nik.clone().map(Cell::Number)),
    ("no_kk", |r, _| r.core.no_kk.clone().map(Cell::Number)),
    ("tanggal_lahir", |r, lang| r.core.tanggal_lahir.map(|day| Cell::Open(format::date(day, lang)))),
    ("tempat_lahir", |r, _| r.core.tempat_lahir.clone().map(Cell::Open)),
    ("jenis_kelamin", |r, lang| r.core.jenis_kelamin.map(|sex| Cell::Word(sex_label(sex, lang).to_owned()))),
    (MOTHER, |r, _| r.core.nama_ibu_kandung.clone().map(Cell::Name)),
    ("alamat", |r, _| r.core.alamat.clone().map(Cell::Open)),
    ("rt", |r, _| r.core.rt.clone().map(Cell::Padded)),
    ("rw", |r, _| r.core.rw.clone().map(Cell::Padded)),
    ("kode_desa", |r, _| r.core.kode_desa.as_deref().map(|code| Cell::Word(region_name(code)))),
    ("kode_kecamatan", |r, _| r.core.kecamatan().map(|code| Cell::Word(region_name(code)))),
    ("no_hp", |r, _| r.core.no_hp.clone().map(Cell::Phone)),
];

fn core_rows(records: &[&Record], lang: Lang) -> Vec<Row> {
    CORE.iter()
        .filter_map(|(name, read)| {
            let mut cells: Vec<Option<Cell>> = records.iter().map(|record| read(record, lang)).collect();
            if *name == MOTHER {
                hide_banks(records, &mut cells);
            }
            row(labels::field(name, lang), cells)
        })
        .collect()
}

/// A bank's mother's name is compared by the engine only; here it is not even held against the others.
fn hide_banks(records: &[&Record], cells: &mut [Option<Cell>]) {
    for (record, cell) in records.iter().zip(cells) {
        if !masked::core(record).contains_key(MOTHER) {
            *cell = None;
        }
    }
}

/// What the feeds of the pair say beyond the core; what only the other records say stands on the pages of the persons.
fn detail_rows(records: &[&Record], lang: Lang) -> Vec<Row> {
    let details: Vec<Map<String, Value>> = records.iter().map(|record| masked::detail(record)).collect();
    let mut names: Vec<&String> = Vec::new();
    for name in details.iter().take(2).flat_map(Map::keys) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let value = |detail: &Map<String, Value>, name: &str| {
        detail.get(name).map(|value| Cell::Word(labels::value(name, value, lang)))
    };
    names
        .into_iter()
        .filter_map(|name| row(labels::field(name, lang), details.iter().map(|d| value(d, name)).collect()))
        .collect()
}

/// One row; `None` when no record has a value.
fn row(label: String, cells: Vec<Option<Cell>>) -> Option<Row> {
    if cells.iter().all(Option::is_none) {
        return None;
    }
    let mut cells = cells.into_iter();
    let (a, b) = (cells.next().flatten(), cells.next().flatten());
    let agreement = match (&a, &b) {
        (Some(a), Some(b)) if a.same(b) => Agreement::Same,
        (Some(_), Some(_)) => Agreement::Different,
        _ => Agreement::OneMissing,
    };
    let mut shown = match (&a, &b) {
        (Some(a), Some(b)) => {
            let (left, right) = marked(a, b);
            vec![left, right]
        }
        _ => vec![alone(a.as_ref()), alone(b.as_ref())],
    };
    shown.extend(cells.map(|cell| alone(cell.as_ref())));
    Some(Row { label, cells: shown, agreement })
}

impl Cell {
    fn text(&self) -> &str {
        match self {
            Self::Open(text)
            | Self::Word(text)
            | Self::Padded(text)
            | Self::Phone(text)
            | Self::Number(text)
            | Self::Name(text) => text,
        }
    }

    /// Whether both say the same, however they are written.
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Padded(a), Self::Padded(b)) => a.trim_start_matches('0') == b.trim_start_matches('0'),
            (Self::Phone(a), Self::Phone(b)) => subscriber(a) == subscriber(b),
            _ => self.text().eq_ignore_ascii_case(other.text()),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Open(text) | Self::Word(text) | Self::Padded(text) | Self::Phone(text) => text.clone(),
            Self::Number(digits) => masked::number(digits),
            Self::Name(name) => masked::first_letter(name),
        }
    }
}

/// The digits of a telephone number behind 0 or +62.
fn subscriber(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let local = digits.strip_prefix("62").unwrap_or(&digits);
    local.trim_start_matches('0').to_owned()
}

fn marked(a: &Cell, b: &Cell) -> (Vec<Part>, Vec<Part>) {
    match (a, b) {
        (Cell::Number(a), Cell::Number(b)) => masked_parts(a, b, masked::number),
        _ if a.same(b) => (alone(Some(a)), alone(Some(b))),
        (Cell::Open(a), Cell::Open(b)) | (Cell::Phone(a), Cell::Phone(b)) => parts(a, b),
        (Cell::Word(a), Cell::Word(b)) | (Cell::Padded(a), Cell::Padded(b)) => (vec![whole(a)], vec![whole(b)]),
        _ => (alone(Some(a)), alone(Some(b))),
    }
}

/// A value that is marked as a whole.
fn whole(text: &str) -> Part {
    Part { text: text.to_owned(), differs: true }
}

fn alone(cell: Option<&Cell>) -> Vec<Part> {
    cell.map(|cell| vec![plain(&cell.shown())]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::RecordId;
    use crate::http::steward::samples;
    use crate::service::answers::views::CaseView;

    const TODAY: Date = Date::constant(2025, 11, 20);

    fn compared(view: &CaseView) -> Comparison {
        compare(&view.records, &view.persons, TODAY, Lang::Indonesian)
    }

    #[test]
    fn what_is_only_written_differently_is_the_same() {
        let padded = |text: &str| Cell::Padded(text.to_owned());
        let phone = |text: &str| Cell::Phone(text.to_owned());
        let word = |text: &str| Cell::Word(text.to_owned());
        for (a, b, same) in [
            (padded("007"), padded("7"), true),
            (padded("007"), padded("70"), false),
            (phone("0895-1169-8883"), phone("+6289511698883"), true),
            (phone("089511698883"), phone("089511698884"), false),
            (word("Bogor"), word("BOGOR"), true),
        ] {
            assert_eq!(a.same(&b), same, "{} {}", a.text(), b.text());
            let (left, _) = marked(&a, &b);
            assert_eq!(left.iter().all(|part| !part.differs), same, "{} {}", a.text(), b.text());
        }
    }

    #[test]
    fn the_pair_comes_first_and_the_others_person_by_person() {
        let mut view = samples::case_view();
        let more = |like: &Record, id: u64| Record { id: RecordId(id), ..like.clone() };
        let (a, b) = (view.records[0].clone(), view.records[1].clone());
        view.records.extend([more(&b, 51), more(&a, 52), more(&b, 53)]);
        view.persons[0].records.push(RecordId(52));
        view.persons[1].records.extend([RecordId(51), RecordId(53)]);
        let persons: Vec<_> = compared(&view).columns.iter().map(|column| column.person).collect();
        assert_eq!(persons, [Some(1), Some(2), Some(1), Some(2), Some(2)]);
        view.persons.truncate(1);
        assert!(compared(&view).columns.iter().all(|column| column.person.is_none()), "one person needs no number");
    }

    #[test]
    fn fields_are_aligned_and_marked() {
        let comparison = compared(&samples::case_view());
        let row = |label: &str| comparison.core.iter().find(|row| row.label == label).expect(label);
        assert!(row("Nama").differs() && row("Nama").cells[1].iter().any(|part| part.differs));
        assert!(row("Tanggal lahir").same());
        assert_eq!(row("RT").agreement, Agreement::OneMissing);
        assert!(comparison.core.iter().all(|row| row.cells.len() == comparison.columns.len()));
        assert!(comparison.detail.iter().all(|row| row.cells.len() == comparison.columns.len()));
    }

    #[test]
    fn the_engine_has_the_word_on_a_hidden_name() {
        let mut view = samples::case_view();
        view.records[1].core.nama_ibu_kandung = Some("SITTI AMINAH".to_owned());
        let mut comparison = compared(&view);
        let mother = |comparison: &Comparison| {
            comparison.core.iter().find(|row| row.label == "Nama ibu kandung").expect("both know her").agreement
        };
        assert_eq!(mother(&comparison), Agreement::Different);
        comparison.mothers_agree(Lang::Indonesian);
        assert_eq!(mother(&comparison), Agreement::Near);
    }

    #[test]
    fn nothing_secret_is_laid_out() {
        let text = format!("{:?}", compared(&samples::case_view()));
        for secret in samples::SECRETS {
            assert!(!text.contains(secret), "{secret} is shown");
        }
    }

    #[test]
    fn a_banks_mother_is_neither_shown_nor_compared() {
        let comparison = compare(&[samples::school_record(), samples::bank_record()], &[], TODAY, Lang::Indonesian);
        let mother = comparison.core.iter().find(|row| row.label == "Nama ibu kandung").expect("the school knows her");
        assert_eq!(mother.agreement, Agreement::OneMissing);
        assert!(mother.cells[1].is_empty());
    }
}
