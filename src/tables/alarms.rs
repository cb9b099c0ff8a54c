//! Alarms over whole files: what `feed` asks of a batch, asked of all batches of a file, or of a table.

use serde::Serialize;

use super::dedupe::Tabular;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::nik::read_nik;
use crate::domain::region::Regions;
use crate::domain::row::{Detail, PersonCore, Rekening};
use crate::feed::alarm::sentence;
use crate::feed::{Alarms, reread};
use crate::normalise::date::{DateFormat, read_date};

/// Rows of a table that are looked at: enough to tell, few enough to cost nothing.
const LOOKED_AT: usize = 20_000;

/// An alarm for whoever sent the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// Its code.
    pub code: String,
    /// The sentence in Indonesian.
    pub pesan: String,
    /// The sentence in English.
    pub message: String,
}

impl Alarm {
    /// The alarm of a code; one that this program does not know speaks for itself.
    pub fn of(code: &str) -> Self {
        let (pesan, message) = sentence(code).unwrap_or((code, code));
        Self { code: code.to_owned(), pesan: pesan.to_owned(), message: message.to_owned() }
    }
}

/// Counts over a file that is sent in pieces.
#[derive(Debug, Default)]
pub struct FileAlarms(Alarms);

impl FileAlarms {
    /// Counts the rows of a piece (NDJSON). Rows that cannot be read are the gateway's to refuse.
    pub fn note(&mut self, feed: Feed, body: &[u8], today: Date) {
        let lines = body.split(|b| *b == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        for row in lines.filter_map(|line| reread(feed, line.trim()).ok()).filter(|row| !row.withdrawn) {
            let nik = row.core.nik.as_deref().map(|raw| read_nik(raw, today, Regions::embedded()));
            self.0.note(&row.core, &row.detail, nik.as_ref(), today);
        }
    }

    /// The codes of the alarms so far.
    pub fn raised(&self) -> Vec<&'static str> {
        self.0.raised()
    }
}

/// The alarms that a table with the columns of the feeds raises; of a long one as many rows as tell, evenly spread.
pub fn of_table(table: &dyn Tabular, today: Date) -> Vec<Alarm> {
    let columns = ["nik", "no_kk", "tanggal_lahir", "kode_bank", "no_rekening"].map(|name| table.column(name));
    if columns.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mut alarms = Alarms::default();
    for row in (0..table.rows()).step_by(table.rows().div_ceil(LOOKED_AT).max(1)) {
        let cell = |at: usize| columns[at].and_then(|column| table.cell(row, column)).map(str::to_owned);
        let born = cell(2).and_then(|text| read_date(&text, DateFormat::Usual));
        let born = born.and_then(|day| Date::new(day.year as i16, day.month as i8, day.day as i8).ok());
        let core = PersonCore { nik: cell(0), no_kk: cell(1), tanggal_lahir: born, ..PersonCore::default() };
        let account = Rekening {
            kode_bank: cell(3).unwrap_or_default(),
            no_rekening: cell(4).unwrap_or_default(),
            ..Rekening::default()
        };
        let nik = core.nik.as_deref().map(|raw| read_nik(raw, today, Regions::embedded()));
        alarms.note(&core, &Detail::Rekening(Box::new(account)), nik.as_ref(), today);
    }
    alarms.raised().into_iter().map(Alarm::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2025, 11, 20);

    #[test]
    fn pieces_of_a_file_add_up() {
        let row = |at: u64| {
            let (nik, id) = (format!("32010505038{:04}0", 100 + at), format!("A{at}"));
            format!(r#"{{"id_sumber":"{id}","tgl_data":"2025-11-01","nama":"SITI","id_keluarga":"K","nik":"{nik}"}}"#)
        };
        let mut file = FileAlarms::default();
        file.note(Feed::AnggotaKeluarga, format!("{}\n{}\n{}\n", row(0), row(1), row(2)).as_bytes(), TODAY);
        assert!(file.raised().is_empty(), "three are chance");
        file.note(Feed::AnggotaKeluarga, format!("{}\nno row\n{}\n{}", row(3), row(4), row(5)).as_bytes(), TODAY);
        assert_eq!(file.raised(), ["EXCEL_PRECISION"]);
        let alarm = Alarm::of("EXCEL_PRECISION");
        assert!(alarm.message.contains("spreadsheet") && alarm.pesan.contains("Excel"));
        assert_eq!(Alarm::of("NEW_ONE").message, "NEW_ONE");
    }
}
