//! A mapping proposed from headings and sample rows, with all that a person must decide.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::error::MappingError;
use super::fold::fold_heading;
use super::form::{DateOrder, Mapping, Part, Source};
use super::kind::{Kind, field_of};
use super::question::{Question, counts_up, questions};
use super::sample::{Column, date_order, key_columns, looks_like, regency_of, words_for};
use super::words::Words;
use crate::domain::feed::Feed;
use crate::feed::cell::TableRow;
use crate::feed::row::Context;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// In Indonesian.
    pub pesan: String,
    /// In English.
    pub message: String,
}

impl Sentence {
    pub(crate) fn new(pesan: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pesan: pesan.into(), message: message.into() }
    }
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A field of the feed.
    Field(String),
    /// Place and date of birth in one cell.
    BirthPlaceAndDate,
    /// RT and RW in one cell.
    RtAndRw,
    /// The name of a village.
    Village,
    /// The name of a district.
    District,
    /// The name of a regency.
    Regency,
    /// Nothing of the record: it is left out.
    LeftOut,
}

impl Target {
    /// Whether the feed has what the column would fill.
    pub fn is_of(&self, feed: Feed) -> bool {
        let has = |name: &str| field_of(feed, name).is_some();
        match self {
            Self::Field(name) => has(name),
            Self::BirthPlaceAndDate => has("tanggal_lahir"),
            Self::RtAndRw => has("rt"),
            Self::Village | Self::District | Self::Regency => has("kode_desa"),
            Self::LeftOut => true,
        }
    }

    /// The fields it fills.
    fn fields(&self) -> Vec<&str> {
        match self {
            Self::Field(name) => vec![name],
            Self::BirthPlaceAndDate => vec!["tempat_lahir", "tanggal_lahir"],
            Self::RtAndRw => vec!["rt", "rw"],
            Self::Village => vec!["kode_desa"],
            Self::District => vec!["kode_kecamatan"],
            Self::Regency => vec!["regency"],
            Self::LeftOut => Vec::new(),
        }
    }
}

/// How sure a guess is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Nothing is known: a person must choose.
    Unknown,
    /// To be looked at.
    Likely,
    /// The heading is known, and the values do not speak against it.
    Sure,
}

/// What one column is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnGuess {
    /// The column, from 0.
    pub column: usize,
    /// Its heading, as it stands.
    pub heading: String,
    /// What it holds, if that is known.
    pub target: Option<Target>,
    /// How sure that is.
    pub certainty: Certainty,
    /// Why.
    pub reason: Sentence,
}

/// What keeps a draft from being used, or should be known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Two columns seem to fill one field; the first of these is taken.
    Conflict {
        /// The field.
        field: String,
        /// The headings.
        headings: [String; 2],
    },
    /// The remembered mapping uses a column that the table does not have.
    Gone {
        /// The heading.
        heading: String,
    },
    /// The remembered mapping does not know a column of the table.
    New {
        /// The heading.
        heading: String,
    },
    /// The draft does not fit yet.
    Unfit(MappingError),
}

impl Problem {
    /// The problem in words.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Conflict { field, headings: [first, second] } => Sentence::new(
                format!(
                    "Kolom \"{first}\" dan \"{second}\" sama-sama tampak sebagai `{field}`; yang dipakai \"{first}\""
                ),
                format!("\"{first}\" and \"{second}\" both seem to be `{field}`; \"{first}\" is taken"),
            ),
            Self::Gone { heading } => Sentence::new(
                format!("Kolom \"{heading}\" dari pemetaan yang tersimpan tidak ada pada tabel ini"),
                format!("the column \"{heading}\" of the remembered mapping is not in this table"),
            ),
            Self::New { heading } => Sentence::new(
                format!("Kolom \"{heading}\" belum ada pada pemetaan yang tersimpan"),
                format!("the remembered mapping does not know the column \"{heading}\""),
            ),
            Self::Unfit(error) => Sentence::new(error.pesan(), error.to_string()),
        }
    }

    /// Whether nothing may be sent before it is decided.
    pub fn blocks(&self) -> bool {
        matches!(self, Self::Unfit(_))
    }
}

/// A mapping proposed, and what a person must decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What would be used; it fits once no problem blocks.
    pub mapping: Mapping,
    /// Every column that has a heading.
    pub columns: Vec<ColumnGuess>,
    /// What keeps it from being used.
    pub problems: Vec<Problem>,
    /// Values that need a look.
    pub questions: Vec<Question>,
}

impl Draft {
    /// Whether the mapping can be used as it is; rows of open questions are refused then.
    pub fn is_ready(&self) -> bool {
        !self.problems.iter().any(Problem::blocks)
    }
}

/// Proposes a mapping for a table. What `remembered` says goes before every guess where its headings are there. Costs as much
/// as mapping the sample rows some times.
pub fn guess(
    feed: Feed,
    headings: &[String],
    sample: &[TableRow],
    remembered: Option<&Mapping>,
    context: Context,
) -> Draft {
    let remembered = remembered.filter(|mapping| mapping.feed == feed);
    let mut problems = Vec::new();
    let mut mapping = remembered.map_or_else(|| Mapping::empty(feed), |known| kept(known, headings, &mut problems));
    let mut columns = guess_columns(feed, headings, sample, &mapping);
    settle_conflicts(&mut columns, &mapping, &mut problems);
    if remembered.is_some() {
        let new =
            columns.iter().filter(|column| column.certainty != Certainty::Sure || !names(&mapping, &column.heading));
        problems.extend(new.map(|column| Problem::New { heading: column.heading.clone() }));
    }
    for guess in &columns {
        if let Some(target) = &guess.target
            && !names(&mapping, &guess.heading)
        {
            fill(&mut mapping, target, &guess.heading);
        }
    }
    look_at_values(&mut mapping, headings, sample, context);
    if mapping.id.columns.is_empty() {
        mapping.id.columns = key_columns(&mapping, Words::embedded().keys(feed), headings, sample);
    }
    let (mapper, unfit) = mapping.fit(headings, context);
    problems.extend(unfit.into_iter().map(Problem::Unfit));
    if mapper.running_id(sample) {
        let heading = mapping.id.columns.first().cloned().unwrap_or_default();
        problems.push(Problem::Unfit(MappingError::RunningNumber { heading }));
    }
    let questions = questions(&mapper, sample);
    Draft { mapping, columns, problems, questions }
}

/// What of a remembered mapping still has its columns.
fn kept(known: &Mapping, headings: &[String], problems: &mut Vec<Problem>) -> Mapping {
    let mut mapping = known.clone();
    let present: Vec<String> = headings.iter().map(|heading| fold_heading(heading)).collect();
    let here = |heading: &str| present.contains(&fold_heading(heading));
    let mut gone: Vec<&str> = known.headings().map(|(heading, _)| heading).filter(|heading| !here(heading)).collect();
    gone.sort_unstable();
    gone.dedup();
    problems.extend(gone.into_iter().map(|heading| Problem::Gone { heading: heading.to_owned() }));
    mapping.fields.retain(|_, source| source.column.as_deref().is_none_or(here));
    if !mapping.id.columns.iter().all(|heading| here(heading)) {
        mapping.id.columns.clear();
    }
    if let Some(place) = &mut mapping.place {
        for heading in [&mut place.village, &mut place.district, &mut place.regency] {
            heading.take_if(|heading| !here(heading));
        }
    }
    mapping.place.take_if(|place| place.village.is_none() && place.district.is_none());
    mapping
}

/// Whether a mapping says what to do with a column.
fn names(mapping: &Mapping, heading: &str) -> bool {
    let folded = fold_heading(heading);
    let left_out = mapping.left_out.iter().map(String::as_str);
    mapping.headings().map(|(heading, _)| heading).chain(left_out).any(|known| fold_heading(known) == folded)
}

fn guess_columns(feed: Feed, headings: &[String], sample: &[TableRow], mapping: &Mapping) -> Vec<ColumnGuess> {
    let named =
        headings.iter().enumerate().filter(|(_, heading)| !fold_heading(heading).is_empty() || heading.trim() == "#");
    named
        .map(|(column, heading)| {
            let (target, certainty, reason) = if names(mapping, heading) {
                (
                    None,
                    Certainty::Sure,
                    Sentence::new("seperti pada pemetaan yang tersimpan", "as in the remembered mapping"),
                )
            } else {
                guess_column(feed, heading, &Column { at: column, rows: sample })
            };
            ColumnGuess { column, heading: heading.clone(), target, certainty, reason }
        })
        .collect()
}

fn guess_column(feed: Feed, heading: &str, column: &Column<'_>) -> (Option<Target>, Certainty, Sentence) {
    let by_heading = Words::embedded().target(feed, heading);
    match by_heading {
        Some((target, certainty)) => {
            let target = if column.holds_codes() { code_of(target) } else { target };
            if column.speaks_against(feed, &target) {
                let reason = Sentence::new(
                    "judulnya dikenal, tetapi isinya tampak lain",
                    "the heading is known, but the values look like something else",
                );
                return (Some(target), Certainty::Likely, reason);
            }
            let reason = if certainty == Certainty::Sure {
                Sentence::new("judulnya dikenal", "the heading is known")
            } else {
                Sentence::new("sebagian judulnya dikenal", "a part of the heading is known")
            };
            (Some(target), certainty, reason)
        }
        None if counts_up(column.cells()) => (
            Some(Target::LeftOut),
            Certainty::Likely,
            Sentence::new("isinya nomor urut 1, 2, 3", "it counts the rows: 1, 2, 3"),
        ),
        None => match looks_like(feed, column) {
            Some(target) => (Some(target), Certainty::Likely, Sentence::new("menurut isinya", "by its values")),
            None => (
                None,
                Certainty::Unknown,
                Sentence::new("judul dan isinya tidak dikenal", "neither heading nor values are known"),
            ),
        },
    }
}

/// A column of places that holds codes.
fn code_of(target: Target) -> Target {
    match target {
        Target::Village => Target::Field("kode_desa".to_owned()),
        Target::District => Target::Field("kode_kecamatan".to_owned()),
        Target::Field(_) | Target::BirthPlaceAndDate | Target::RtAndRw | Target::Regency | Target::LeftOut => target,
    }
}

/// Of two columns for one field the surer one stays, or the first.
fn settle_conflicts(columns: &mut [ColumnGuess], mapping: &Mapping, problems: &mut Vec<Problem>) {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(columns[*at].certainty), *at));
    let mut taken: FxHashMap<String, String> = FxHashMap::default();
    for (field, source) in &mapping.fields {
        taken.insert(field.clone(), source.column.clone().unwrap_or_default());
    }
    for at in order {
        let Some(target) = columns[at].target.clone() else { continue };
        let fields = target.fields();
        if let Some((field, first)) = fields.iter().find_map(|field| taken.get_key_value(*field)) {
            let headings = [first.clone(), columns[at].heading.clone()];
            problems.push(Problem::Conflict { field: field.clone(), headings });
            let guess = &mut columns[at];
            (guess.target, guess.certainty) = (None, Certainty::Unknown);
            guess.reason = Sentence::new("kolom lain sudah mengisinya", "another column fills it already");
            continue;
        }
        taken.extend(fields.into_iter().map(|field| (field.to_owned(), columns[at].heading.clone())));
    }
}

/// Lets a column fill what it was taken for.
pub(super) fn fill(mapping: &mut Mapping, target: &Target, heading: &str) {
    let heading = heading.to_owned();
    let mut set = |field: &str, source: Source| {
        mapping.fields.entry(field.to_owned()).or_insert(source);
    };
    match target {
        Target::Field(name) if name == "id_sumber" => mapping.id.columns = vec![heading],
        Target::Field(name) => set(name, Source::column(heading)),
        Target::BirthPlaceAndDate => {
            set("tempat_lahir", Source::part(heading.clone(), Part::Place));
            set("tanggal_lahir", Source::part(heading, Part::Date));
        }
        Target::RtAndRw => {
            set("rt", Source::part(heading.clone(), Part::Rt));
            set("rw", Source::part(heading, Part::Rw));
        }
        Target::Village => mapping.place.get_or_insert_default().village = Some(heading),
        Target::District => mapping.place.get_or_insert_default().district = Some(heading),
        Target::Regency => mapping.place.get_or_insert_default().regency = Some(heading),
        Target::LeftOut => {
            mapping.left_out.insert(heading);
        }
    }
}

/// What the sample says about dates, words and places.
fn look_at_values(mapping: &mut Mapping, headings: &[String], sample: &[TableRow], context: Context) {
    let at = |heading: &str| headings.iter().position(|known| fold_heading(known) == fold_heading(heading));
    let usual = mapping.date_order;
    for (name, source) in &mut mapping.fields {
        let (Some(field), Some(at)) = (field_of(mapping.feed, name), source.column.as_deref().and_then(at)) else {
            continue;
        };
        let column = Column { at, rows: sample };
        if field.kind == Kind::Date && source.date_order.is_none() {
            let order = date_order(&column, source.part, context.today);
            source.date_order = order.filter(|order| *order != usual && *order != DateOrder::Dmy);
        }
        for (word, meant) in words_for(field, &column) {
            source.values.entry(word).or_insert(meant);
        }
    }
    // A regency without names below it says nothing that a feed takes.
    let alone = mapping.place.take_if(|place| place.village.is_none() && place.district.is_none());
    mapping.left_out.extend(alone.and_then(|place| place.regency));
    let coded = mapping.fields.contains_key("kode_desa");
    if let Some(place) = mapping.place.take_if(|_| coded) {
        mapping.left_out.extend([place.village, place.district, place.regency].into_iter().flatten());
    }
    if let Some(place) = &mut mapping.place
        && place.within.is_none()
    {
        let column = |heading: &Option<String>| heading.as_deref().and_then(at);
        let columns = [column(&place.village), column(&place.district), column(&place.regency)];
        place.within = regency_of(columns, sample, context.regions);
    }
}
