//! A file that somebody sends: what it is, and the tables in it.

use std::io::{BufRead, Read};
use std::ops::ControlFlow;

use bytes::Bytes;

use super::delimited::Delimited;
use super::error::{Foreign, Limit, SheetError};
use super::heading::{Heading, heading_row};
use super::kind::{Kind, ZipKind, kind_of, zip_kind};
use super::limits::SheetLimits;
use super::packed::{self, Packed, Packing};
use super::table::{Form, RowsRead, SheetForm, TableInfo, column_letters};
use super::workbook::{Sheet, Workbook};
use crate::feed::cell::TableRow;

/// Of what comes out of a packed file so many bytes are looked at to see what it is.
const LOOKED_AT: u64 = 64 << 10;
/// Rows that are looked at to find the heading.
const HEADING_WITHIN: usize = 60;

/// A file that was opened.
pub struct Opened {
    limits: SheetLimits,
    tables: Vec<TableInfo>,
    places: Vec<Place>,
    /// Workbooks as they came. One is open at a time: its texts are in memory.
    workbooks: Vec<Packed>,
    open: Option<(usize, Workbook)>,
    passed_over: Vec<(String, SheetError)>,
    /// Bytes that came out of packed files so far.
    unpacked: u64,
}

/// Where the rows of a table come from.
enum Place {
    /// Of which workbook which sheet.
    Sheet(usize, usize),
    Text(Box<Delimited>),
    Json(Packed),
}

/// Sees what a file is, looks it through and lists its tables. The name helps only where the bytes are text.
///
/// Everything stays in memory, nothing is written anywhere. Packed files are unpacked once to see that they keep within the
/// limits, and again for each reading of rows.
///
/// # Errors
///
/// What is no list, is damaged, or is more than `limits` allows, with a sentence that says what to do.
pub fn open(name: &str, bytes: Bytes, limits: &SheetLimits) -> Result<Opened, SheetError> {
    let mut opened = Opened {
        limits: limits.clone(),
        tables: Vec::new(),
        places: Vec::new(),
        workbooks: Vec::new(),
        open: None,
        passed_over: Vec::new(),
        unpacked: 0,
    };
    match kind_of(&bytes, name)? {
        Kind::Gzip => opened.add_gzip(name, bytes)?,
        Kind::Zip => opened.add_zip(bytes)?,
        kind @ (Kind::Delimited | Kind::Ndjson) => opened.add_text(None, Packed::plain(bytes), kind)?,
    }
    if opened.tables.is_empty() {
        let why = opened.passed_over.into_iter().next().map(|(_, error)| error);
        return Err(why.unwrap_or(SheetError::NoTables));
    }
    Ok(opened)
}

impl Opened {
    /// The tables, in the order of the file: sheets of a workbook, members of a ZIP file.
    pub fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    /// Files of a ZIP file that are no lists (PDF, pictures, documents), and why: to be told, not to be read.
    pub fn passed_over(&self) -> &[(String, SheetError)] {
        &self.passed_over
    }

    /// Hands out the rows of a table that hold anything, from the top, until `visit` breaks.
    ///
    /// # Errors
    ///
    /// A row that is damaged or larger than the limits allow; rows before it were handed out. A table of JSON rows.
    pub fn rows(
        &mut self,
        table: usize,
        mut visit: impl FnMut(TableRow) -> ControlFlow<()>,
    ) -> Result<RowsRead, SheetError> {
        match self.places.get(table).ok_or(SheetError::NoSuchTable { index: table })? {
            Place::Sheet(workbook, sheet) => {
                let (workbook, sheet) = (*workbook, *sheet);
                let limits = self.limits.clone();
                self.workbook(workbook)?.rows(sheet, &limits, &mut visit)
            }
            Place::Text(text) => text.rows(&self.limits, &mut visit),
            Place::Json(_) => Err(SheetError::JsonRows),
        }
    }

    /// The first rows of a table, for a look at it.
    pub fn first_rows(&mut self, table: usize, most: usize) -> Result<Vec<TableRow>, SheetError> {
        let mut rows = Vec::new();
        if most > 0 {
            self.rows(table, |row| {
                rows.push(row);
                if rows.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok(rows)
    }

    /// Where the headings of a table probably stand.
    pub fn heading_row(&mut self, table: usize) -> Result<Option<Heading>, SheetError> {
        let rows = self.first_rows(table, HEADING_WITHIN)?;
        let merged = match &self.tables[table].form {
            Form::Sheet(sheet) => sheet.merged.as_slice(),
            Form::Text(_) | Form::Json => &[],
        };
        Ok(heading_row(&rows, merged))
    }

    /// The bytes of a table of JSON rows, unpacked as they are read; nothing for a table of cells.
    pub fn json(&self, table: usize) -> Option<Box<dyn BufRead + Send>> {
        match self.places.get(table)? {
            Place::Json(packed) => Some(packed.reader(&self.limits)),
            Place::Sheet(..) | Place::Text(_) => None,
        }
    }

    /// Lets the texts of a workbook go until its rows are read again: a file may be held for long.
    pub fn rest(&mut self) {
        self.open = None;
    }

    /// A workbook, opened unless it is.
    fn workbook(&mut self, at: usize) -> Result<&mut Workbook, SheetError> {
        let open = match self.open.take() {
            Some(open) if open.0 == at => open,
            other => {
                drop(other);
                (at, Workbook::open(&self.workbooks[at].whole(&self.limits)?, &self.limits)?)
            }
        };
        Ok(&mut self.open.insert(open).1)
    }

    /// The limits, less what came out already.
    fn left(&self) -> SheetLimits {
        let unpacked_bytes = self.limits.unpacked_bytes.saturating_sub(self.unpacked);
        SheetLimits { unpacked_bytes, ..self.limits.clone() }
    }

    fn add(&mut self, member: Option<&str>, sheet: Option<String>, form: Form, place: Place) {
        self.tables.push(TableInfo { member: member.map(str::to_owned), sheet, form });
        self.places.push(place);
    }

    /// A list packed by gzip; the name may end in `.gz`.
    fn add_gzip(&mut self, name: &str, bytes: Bytes) -> Result<(), SheetError> {
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".GZ")).unwrap_or(name);
        let packed = Packed { bytes, how: Packing::Gzip };
        match kind_of(&self.start(&packed)?, name)? {
            Kind::Gzip => Err(SheetError::Nested { member: name.to_owned() }),
            Kind::Zip => self.add_packed_zip(name, None, packed),
            kind @ (Kind::Delimited | Kind::Ndjson) => self.add_text(None, packed, kind),
        }
    }

    /// The beginning of what is packed.
    fn start(&self, packed: &Packed) -> Result<Vec<u8>, SheetError> {
        let mut start = Vec::new();
        packed.reader(&self.limits).take(LOOKED_AT).read_to_end(&mut start)?;
        Ok(start)
    }

    /// A workbook, or a bag of lists.
    fn add_zip(&mut self, bytes: Bytes) -> Result<(), SheetError> {
        let mut archive = packed::archive(&bytes, &self.limits)?;
        if kind_of_zip(&archive)? == ZipKind::Workbook {
            return self.add_workbook(None, Packed::plain(bytes));
        }
        let members = packed::members(&mut archive, &bytes)?;
        for member in members {
            self.add_member(&member.name, member.packed)?;
        }
        Ok(())
    }

    /// One file of a bag. What holds no list for certain is passed over and told; what somebody may mean to send is refused.
    fn add_member(&mut self, name: &str, packed: Packed) -> Result<(), SheetError> {
        match kind_of(&self.start(&packed)?, name) {
            Ok(Kind::Gzip) => Err(SheetError::Nested { member: name.to_owned() }),
            Ok(Kind::Zip) => self.add_packed_zip(name, Some(name), packed),
            Ok(kind @ (Kind::Delimited | Kind::Ndjson)) => self.add_text(Some(name), packed, kind),
            Err(error) => self.pass_over(name, error),
        }
    }

    fn pass_over(&mut self, name: &str, error: SheetError) -> Result<(), SheetError> {
        let holds_no_list =
            matches!(error, SheetError::Empty | SheetError::Foreign(Foreign::Pdf | Foreign::Image | Foreign::Document));
        if !holds_no_list {
            return Err(error);
        }
        self.passed_over.push((name.to_owned(), error));
        Ok(())
    }

    /// A ZIP file inside something packed: only a workbook may be one.
    fn add_packed_zip(&mut self, name: &str, member: Option<&str>, packed: Packed) -> Result<(), SheetError> {
        let bytes = packed.whole(&self.limits)?;
        match kind_of_zip(&packed::archive(&bytes, &self.limits)?) {
            Ok(ZipKind::Workbook) => self.add_workbook(member, packed),
            Ok(ZipKind::Bag) => Err(SheetError::Nested { member: name.to_owned() }),
            Err(error) => self.pass_over(name, error),
        }
    }

    fn add_workbook(&mut self, member: Option<&str>, packed: Packed) -> Result<(), SheetError> {
        self.open = None;
        let workbook = Workbook::open(&packed.whole(&self.limits)?, &self.left())?;
        self.unpacked += workbook.unpacked;
        let at = self.workbooks.len();
        self.workbooks.push(packed);
        for (sheet, found) in workbook.sheets().iter().enumerate() {
            self.add(member, Some(found.name.clone()), Form::Sheet(form_of(found)), Place::Sheet(at, sheet));
        }
        self.open = Some((at, workbook));
        if self.tables.len() > self.limits.sheets {
            return Err(SheetError::too_much(Limit::Sheets, self.limits.sheets as u64));
        }
        Ok(())
    }

    fn add_text(&mut self, member: Option<&str>, packed: Packed, kind: Kind) -> Result<(), SheetError> {
        if kind == Kind::Ndjson {
            self.add(member, None, Form::Json, Place::Json(packed));
            return Ok(());
        }
        let text = Delimited::open(packed, &self.left())?;
        self.unpacked += text.unpacked;
        self.add(member, None, Form::Text(text.form), Place::Text(Box::new(text)));
        Ok(())
    }
}

fn kind_of_zip(archive: &packed::Archive) -> Result<ZipKind, SheetError> {
    let names: Vec<String> = archive.file_names_raw().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    zip_kind(&names)
}

fn form_of(sheet: &Sheet) -> SheetForm {
    let letters = |columns: &mut dyn Iterator<Item = u32>| columns.map(column_letters).collect();
    SheetForm {
        is_hidden: sheet.is_hidden,
        hidden_columns: letters(&mut sheet.facts.hidden_columns.iter().copied()),
        hidden_rows: sheet.facts.hidden_rows,
        formula_columns: letters(&mut sheet.facts.formulas.iter().copied()),
        merged: sheet.facts.merged.clone(),
    }
}
