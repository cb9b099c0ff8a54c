//! A workbook looked through before calamine reads it.
//!
//! Calamine believes what it reads: it keeps room for as many texts as a workbook says it has, holds a tag of any length, and
//! reckons with rows and columns that no workbook can have. So each part that it will read is gone through once before, with
//! little memory, and refused where it is not within the limits. What it does not tell is seen on the way: hidden columns,
//! formulas, merged cells.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::error::{Limit, SheetError};
use super::limits::SheetLimits;
use super::packed::{self, Archive};
use super::xml::{Piece, Sizes, Tag, walk};

/// Excel's own last row and column.
const LAST_ROW: u32 = 1_048_576;
const LAST_COLUMN: u32 = 16_384;
/// Bytes of the parts that are neither a sheet nor the texts.
const LINKS_BYTES: u64 = 1 << 20;
const BOOK_BYTES: u64 = 4 << 20;
const STYLES_BYTES: u64 = 16 << 20;
/// Bytes of a tag. Ranges of a format that was copied about much are long.
const TAG_BYTES: usize = 1 << 20;
/// Cell formats and what they are made of, each; and the bytes that they may take together when each is written out.
const STYLES: usize = 32_768;
const STYLE_BYTES: usize = 12 << 20;
/// Merged cells are told of so many rows from the top: headings stand there.
const MERGES_UNTIL: u32 = 100;
const MERGES: usize = 1_024;

/// Cells that are shown as one: rows and columns from 1, the last ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// First and last row.
    pub rows: (u32, u32),
    /// First and last column.
    pub columns: (u32, u32),
}

/// What a sheet tells besides its cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SheetFacts {
    /// Hidden columns, from 1.
    pub(super) hidden_columns: Vec<u32>,
    /// Hidden rows, by hand or by a filter.
    pub(super) hidden_rows: u64,
    /// Columns with formulas, from 1.
    pub(super) formulas: BTreeSet<u32>,
    /// Merged cells near the top.
    pub(super) merged: Vec<Merged>,
}

/// What a workbook tells.
pub(super) struct Surveyed {
    /// Of each sheet, in the order of the workbook.
    pub(super) sheets: Vec<SheetFacts>,
    /// Bytes that came out.
    pub(super) unpacked: u64,
}

const BAD: SheetError = SheetError::BadWorkbook { row: None };

/// Goes through all parts of a workbook that will be read.
pub(super) fn survey(bytes: &Bytes, limits: &SheetLimits) -> Result<Surveyed, SheetError> {
    let mut survey = Survey { archive: packed::archive(bytes, limits)?, bytes, limits, read: 0 };
    let (folder, workbook) = survey.main_part()?;
    let targets = survey.targets(&folder, &workbook)?;
    let sheets = survey.sheets(&format!("{folder}{workbook}"), &targets)?;
    survey.shared_strings(&format!("{folder}sharedStrings.xml"))?;
    survey.styles(&format!("{folder}styles.xml"))?;
    survey.plain(&format!("{folder}theme/theme1.xml"), BOOK_BYTES, |_| Ok(()))?;
    let paths = sheets.iter().map(|target| on_path(&folder, target));
    let sheets = paths.map(|path| survey.sheet(&path)).collect::<Result<_, _>>()?;
    Ok(Surveyed { sheets, unpacked: survey.read })
}

/// Where a target of the workbook lies.
fn on_path(folder: &str, target: &str) -> String {
    target.strip_prefix('/').map_or_else(|| format!("{folder}{target}"), str::to_owned)
}

struct Survey<'a> {
    archive: Archive,
    bytes: &'a Bytes,
    limits: &'a SheetLimits,
    read: u64,
}

impl Survey<'_> {
    /// Folder and name of the workbook: the last document that the package names.
    fn main_part(&mut self) -> Result<(String, String), SheetError> {
        let mut target = None;
        self.plain("_rels/.rels", LINKS_BYTES, |tag| {
            let is_document = |kind: &str| kind.ends_with("/relationships/officeDocument");
            if tag.name == "Relationship" && tag.attribute("Type")?.is_some_and(is_document) {
                target = tag.attribute("Target")?.map(str::to_owned).or(target.take());
            }
            Ok(())
        })?;
        // A name that has to be decoded first is none that any program writes.
        let target = target.filter(|target| !target.contains('&')).ok_or(BAD)?;
        let (folder, name) = target.rfind('/').map_or(("", target.as_str()), |at| target.split_at(at + 1));
        let name = if name.is_empty() { "workbook.xml" } else { name };
        Ok((folder.strip_prefix('/').unwrap_or(folder).to_owned(), name.to_owned()))
    }

    /// Where each id of the workbook leads.
    fn targets(&mut self, folder: &str, workbook: &str) -> Result<BTreeMap<String, String>, SheetError> {
        let mut targets = BTreeMap::new();
        self.plain(&format!("{folder}_rels/{workbook}.rels"), LINKS_BYTES, |tag| {
            if tag.name == "Relationship"
                && let Some(id) = tag.attribute("Id")?
            {
                targets.insert(id.to_owned(), tag.attribute("Target")?.unwrap_or_default().to_owned());
            }
            Ok(())
        })?;
        Ok(targets)
    }

    /// The parts of the sheets, in their order.
    fn sheets(&mut self, path: &str, targets: &BTreeMap<String, String>) -> Result<Vec<String>, SheetError> {
        let (mut sheets, most) = (Vec::new(), self.limits.sheets);
        self.plain(path, BOOK_BYTES, |tag| {
            if tag.name != "sheet" {
                return Ok(());
            }
            let mut id = "";
            for attribute in tag.attributes() {
                let (name, value) = attribute?;
                if name == "id" || name.ends_with(":id") {
                    id = value;
                }
            }
            sheets.push(targets.get(id).cloned().ok_or(BAD)?);
            if sheets.len() > most {
                return Err(SheetError::too_much(Limit::Sheets, most as u64));
            }
            Ok(())
        })?;
        Ok(sheets)
    }

    fn shared_strings(&mut self, path: &str) -> Result<(), SheetError> {
        let most = self.limits.shared_strings;
        let too_many = || Err(SheetError::too_much(Limit::SharedStrings, most as u64));
        let sizes = Sizes {
            tag: TAG_BYTES,
            text: self.limits.cell_bytes,
            document: self.limits.shared_bytes,
            called: Limit::SharedBytes,
        };
        let mut strings = 0;
        self.each(path, sizes, |piece| {
            let Piece::Begin(tag) = piece else { return Ok(()) };
            if tag.name == "si" {
                strings += 1;
            }
            let promised = tag.attribute("uniqueCount")?.map(str::parse::<usize>);
            if strings > most || promised.is_some_and(|promised| promised.is_ok_and(|count| count > most)) {
                return too_many();
            }
            Ok(())
        })
    }

    fn styles(&mut self, path: &str) -> Result<(), SheetError> {
        let (mut in_formats, mut counts, mut longest) = (false, [0_usize; 5], 0);
        let sizes = Sizes { tag: TAG_BYTES, text: TAG_BYTES, document: STYLES_BYTES, called: Limit::PartBytes };
        self.each(path, sizes, |piece| {
            let tag = match piece {
                Piece::Begin(tag) => tag,
                Piece::End(name) => {
                    in_formats &= name != "cellXfs";
                    return Ok(());
                }
                Piece::Text(_) => return Ok(()),
            };
            in_formats |= tag.name == "cellXfs";
            let kind = ["xf", "font", "fill", "border", "numFmt"].iter().position(|name| *name == tag.name);
            if let Some(kind) = kind.filter(|kind| *kind > 0 || in_formats) {
                counts[kind] += 1;
            }
            if matches!(tag.name, "numFmt" | "name" | "alignment") {
                longest = longest.max(tag.bytes());
            }
            if counts.iter().any(|count| *count > STYLES) || counts[0] * longest > STYLE_BYTES {
                return Err(SheetError::too_much(Limit::Styles, STYLES as u64));
            }
            Ok(())
        })
    }

    fn sheet(&mut self, path: &str) -> Result<SheetFacts, SheetError> {
        let mut sheet = SheetWalk::new(self.limits);
        let sizes = Sizes { tag: TAG_BYTES, text: TAG_BYTES, document: u64::MAX, called: Limit::UnpackedBytes };
        self.each(path, sizes, |piece| sheet.look(piece))?;
        Ok(sheet.facts)
    }

    /// A part of which only tags say something.
    fn plain(
        &mut self,
        path: &str,
        most: u64,
        mut look: impl FnMut(&Tag<'_>) -> Result<(), SheetError>,
    ) -> Result<(), SheetError> {
        let sizes = Sizes { tag: TAG_BYTES, text: TAG_BYTES, document: most, called: Limit::PartBytes };
        self.each(path, sizes, |piece| match piece {
            Piece::Begin(tag) => look(&tag),
            Piece::End(_) | Piece::Text(_) => Ok(()),
        })
    }

    /// Goes through every part of this name: where there are several, nobody knows which one another reader takes.
    fn each(
        &mut self,
        path: &str,
        sizes: Sizes,
        mut look: impl FnMut(Piece<'_>) -> Result<(), SheetError>,
    ) -> Result<(), SheetError> {
        let same = |name: &[u8]| String::from_utf8_lossy(name).replace('\\', "/").eq_ignore_ascii_case(path);
        let parts: Vec<usize> =
            self.archive.file_names_raw().enumerate().filter(|(_, name)| same(name)).map(|(at, _)| at).collect();
        for index in parts {
            let part = packed::part(&mut self.archive, self.bytes, index)?;
            self.read += walk(part.reader(self.limits), sizes, &mut look)?;
            if self.read > self.limits.unpacked_bytes {
                return Err(SheetError::too_much(Limit::UnpackedBytes, self.limits.unpacked_bytes));
            }
        }
        Ok(())
    }
}

/// Where in a sheet one stands.
struct SheetWalk {
    facts: SheetFacts,
    /// Bytes of the present cell with its tags, and how many there may be.
    cell: Option<usize>,
    cell_limit: usize,
    row: u32,
    column: u32,
}

impl SheetWalk {
    fn new(limits: &SheetLimits) -> Self {
        // A text in many fonts has more tags than letters.
        Self { facts: SheetFacts::default(), cell: None, cell_limit: limits.cell_bytes * 4, row: 0, column: 0 }
    }

    fn look(&mut self, piece: Piece<'_>) -> Result<(), SheetError> {
        match piece {
            Piece::Begin(tag) => {
                self.count(tag.bytes() + "<>".len())?;
                self.begin(&tag)
            }
            Piece::End("c") => {
                self.cell = None;
                Ok(())
            }
            Piece::End(name) => self.count(name.len() + "</>".len()),
            Piece::Text(bytes) => self.count(bytes),
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), SheetError> {
        let Some(cell) = &mut self.cell else { return Ok(()) };
        *cell += bytes;
        if *cell > self.cell_limit {
            let row = Some(u64::from(self.row));
            return Err(SheetError::TooMuch { what: Limit::CellBytes, limit: self.cell_limit as u64, row });
        }
        Ok(())
    }

    fn begin(&mut self, tag: &Tag<'_>) -> Result<(), SheetError> {
        match tag.name {
            "row" => self.row(tag),
            "c" => self.cell(tag),
            "f" if self.cell.is_some() => {
                self.facts.formulas.insert(self.column);
                Ok(())
            }
            "col" => self.columns(tag),
            "mergeCell" => {
                let merged = tag.attribute("ref")?.and_then(range).filter(|merged| merged.rows.0 <= MERGES_UNTIL);
                if self.facts.merged.len() < MERGES {
                    self.facts.merged.extend(merged);
                }
                Ok(())
            }
            "dimension" => tag.attribute("ref")?.and_then(range).map(|_| ()).ok_or(BAD),
            _ => Ok(()),
        }
    }

    fn row(&mut self, tag: &Tag<'_>) -> Result<(), SheetError> {
        self.column = 0;
        self.row = match tag.attribute("r")? {
            Some(row) => number(row).filter(|row| (1..=LAST_ROW).contains(row)).ok_or(BAD)?,
            None => self.row + 1,
        };
        if self.row > LAST_ROW {
            return Err(BAD);
        }
        let is_hidden = tag.attribute("hidden")?.is_some_and(is_true);
        self.facts.hidden_rows += u64::from(is_hidden);
        Ok(())
    }

    fn cell(&mut self, tag: &Tag<'_>) -> Result<(), SheetError> {
        self.cell = Some(0);
        self.column = match tag.attribute("r")? {
            Some(place) => reference(place).ok_or(BAD)?.1,
            None => self.column + 1,
        };
        if self.column > LAST_COLUMN { Err(BAD) } else { Ok(()) }
    }

    fn columns(&mut self, tag: &Tag<'_>) -> Result<(), SheetError> {
        if !tag.attribute("hidden")?.is_some_and(is_true) {
            return Ok(());
        }
        let end = |name| tag.attribute(name).map(|value| value.and_then(number));
        let (Some(first), Some(last)) = (end("min")?, end("max")?) else { return Ok(()) };
        // Who hides all columns behind the last one hides nothing.
        if last < LAST_COLUMN {
            let room = LAST_COLUMN as usize - self.facts.hidden_columns.len();
            self.facts.hidden_columns.extend((first.max(1)..=last).take(room));
        }
        Ok(())
    }
}

fn is_true(value: &str) -> bool {
    matches!(value, "1" | "true")
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 7 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Row and column of `B7`, from 1; nothing where no workbook has such a cell.
fn reference(text: &str) -> Option<(u32, u32)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    if !(1..=3).contains(&letters) {
        return None;
    }
    let digit = |letter: u8| u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    let column = text.bytes().take(letters).fold(0, |sum, letter| sum * 26 + digit(letter));
    let row = number(&text[letters..])?;
    ((1..=LAST_ROW).contains(&row) && column <= LAST_COLUMN).then_some((row, column))
}

/// `A1:C3`, or one cell.
fn range(text: &str) -> Option<Merged> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    let (first, last) = (reference(first)?, reference(last)?);
    (first.0 <= last.0 && first.1 <= last.1).then_some(Merged { rows: (first.0, last.0), columns: (first.1, last.1) })
}
