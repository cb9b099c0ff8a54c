//! How a list is read: which column is which field, what its words mean, and the first rows as Padan understands them.

use askama::Template;

use super::layout::{Lang, Layout};
use super::signs::filters;
use super::texts::Texts;
use super::uploads::Upload;
use super::{format, labels};
use crate::domain::batch::{ReceiptLine, RowOutcome};
use crate::domain::feed::Feed;
use crate::feed::ReadBatch;
use crate::feed::mapping::{
    Certainty, ColumnGuess, DateOrder, Draft, Mapping, Problem, Question, QuestionKind, Source, Target, field_names,
};
use crate::list::{List, ListError, PreviewRow};
use crate::service::answers::receipt_summary::{Reason, reasons_of};

/// Rows of the preview.
const PREVIEW_ROWS: usize = 10;
/// Values of a column that are shown.
const SAMPLES: usize = 3;

/// What was found while a list was changed or tried.
#[derive(Default)]
pub(super) struct Seen {
    /// What is wrong.
    pub(super) message: Option<ListError>,
    /// The batch that it would be.
    pub(super) tried: Option<ReadBatch>,
}

#[derive(Template)]
#[template(path = "mapping.html")]
pub(super) struct MappingPage {
    page: Layout,
    t: &'static Texts,
    id: String,
    name: String,
    feed: &'static str,
    message: Option<String>,
    /// Nothing of it has to be mapped: each row names its fields itself.
    is_json: bool,
    is_ready: bool,
    tables: Vec<(usize, String, bool)>,
    notes: Vec<String>,
    problems: Vec<String>,
    columns: Vec<ColumnRow>,
    ids: Vec<(usize, String, bool)>,
    /// As of when the rows are, where no column says it.
    day: Option<String>,
    orders: Vec<(&'static str, &'static str, bool)>,
    /// Where all rows lie, where places are told by name.
    within: Option<String>,
    questions: Vec<QuestionBlock>,
    tried: Option<Tried>,
    headings: Vec<String>,
    preview: Vec<PreviewLine>,
}

struct ColumnRow {
    at: usize,
    heading: String,
    samples: String,
    certainty: &'static str,
    class: &'static str,
    reason: String,
    options: Vec<(String, String, bool)>,
}

struct QuestionBlock {
    field: String,
    sentence: String,
    mend: bool,
    values: Vec<ValueRow>,
    more: usize,
}

struct ValueRow {
    name: String,
    shown: String,
    rows: u64,
    choices: Vec<(String, String)>,
}

struct PreviewLine {
    row: u64,
    cells: Vec<(String, bool)>,
    reasons: Vec<String>,
}

/// What sending would lead to.
struct Tried {
    rows: String,
    accepted: String,
    flagged: String,
    refused: String,
    has_refused: bool,
    reasons: Vec<(String, String, String, String)>,
}

/// The page of a list.
pub(super) fn of(page: Layout, upload: &Upload, seen: &Seen) -> MappingPage {
    let list = upload.list();
    let lang = page.lang;
    let (tables, chosen) = list.tables();
    let is_json = list.heading().is_none();
    let draft = if is_json { None } else { Some(list.draft()) };
    let mapping = draft.as_ref().map_or_else(|| list.mapping().clone(), |draft| draft.mapping.clone());
    let headings: Vec<String> = list.heading().map(|heading| heading.headings.clone()).unwrap_or_default();
    let preview = list.preview(PREVIEW_ROWS);
    // What is new to the mapping that was kept stands among the columns.
    let told = |problem: &&Problem| !matches!(problem, Problem::New { .. });
    let problems = draft.iter().flat_map(|draft| &draft.problems).filter(told).map(|problem| {
        let sentence = problem.sentence();
        lang.pick(sentence.pesan, sentence.message)
    });
    let column = |guess: &ColumnGuess| column_row(&list, &mapping, guess, lang);
    let id_columns = headings.iter().enumerate().filter(|(_, heading)| !heading.is_empty());
    let is_id = |heading: &String| mapping.id.columns.contains(heading);
    let day = mapping.fields.get("tgl_data");
    MappingPage {
        t: lang.texts(),
        id: upload.id.clone(),
        name: list.name().to_owned(),
        feed: labels::feed(list.feed(), lang),
        message: seen.message.as_ref().map(|error| lang.pick(error.pesan(), error.to_string())),
        is_json,
        is_ready: draft.as_ref().is_none_or(Draft::is_ready),
        tables: tables.iter().enumerate().map(|(at, table)| (at, table.name(), at == chosen)).collect(),
        notes: list.notes().into_iter().map(|note| lang.pick(note.pesan, note.message)).collect(),
        problems: problems.collect(),
        columns: draft.iter().flat_map(|draft| &draft.columns).map(column).collect(),
        ids: id_columns.map(|(at, heading)| (at, heading.clone(), is_id(heading))).collect(),
        day: Some(day)
            .filter(|day| !is_json && day.is_none_or(|source| source.column.is_none()))
            .map(|day| day.and_then(|source| source.constant.clone()).unwrap_or_default()),
        orders: orders(mapping.date_order, lang),
        within: mapping.place.as_ref().map(|place| place.within.clone().unwrap_or_default()),
        questions: draft
            .iter()
            .flat_map(|draft| draft.questions.iter().enumerate())
            .map(|(at, question)| question_block(at, question, lang))
            .collect(),
        tried: seen.tried.as_ref().map(|batch| tried(batch, lang)),
        headings: preview
            .first()
            .map(|row| row.fields.iter().map(|shown| labels::field(shown.field, lang)).collect())
            .unwrap_or_default(),
        preview: preview.iter().map(|row| preview_line(row, lang)).collect(),
        page,
    }
}

fn column_row(list: &List, mapping: &Mapping, guess: &ColumnGuess, lang: Lang) -> ColumnRow {
    let target = mapping.target_of(&guess.heading);
    // What it was taken for at first, unless somebody has said something else since.
    let first = list.guess_of(guess.column).filter(|first| first.target == target).unwrap_or(guess);
    let is_settled = target.is_some() && first.certainty == Certainty::Sure;
    let chosen = target.is_some() && first == guess;
    let reason = if chosen {
        lang.pick("dipilih di sini", "chosen here")
    } else {
        lang.pick(first.reason.pesan.as_str(), first.reason.message.as_str())
    };
    let (certainty, class) = match (is_settled, &target) {
        (true, _) => (lang.pick("cocok", "fits"), "good"),
        (false, Some(_)) => (lang.pick("perlu dilihat", "to look at"), "gap"),
        (false, None) => (lang.pick("pilih", "choose"), "bad"),
    };
    ColumnRow {
        at: guess.column,
        heading: guess.heading.clone(),
        samples: list.samples_of(guess.column, SAMPLES).join(" · "),
        certainty,
        class,
        reason: reason.to_owned(),
        options: options(list.feed(), target.as_ref(), lang),
    }
}

/// What a column may be: code, words, chosen.
fn options(feed: Feed, target: Option<&Target>, lang: Lang) -> Vec<(String, String, bool)> {
    let special = [
        (Target::BirthPlaceAndDate, lang.pick("Tempat dan tanggal lahir", "Birth place and date")),
        (Target::RtAndRw, lang.pick("RT/RW", "RT/RW")),
        (Target::Village, lang.pick("Nama desa/kelurahan", "Name of the village")),
        (Target::District, lang.pick("Nama kecamatan", "Name of the sub-district")),
        (Target::Regency, lang.pick("Nama kabupaten/kota", "Name of the regency")),
        (Target::LeftOut, lang.pick("— tidak dikirim —", "— not sent —")),
    ];
    let fields = field_names(feed).map(|name| (Target::Field(name.to_owned()), labels::field(name, lang)));
    let special = special.into_iter().map(|(target, words)| (target, words.to_owned()));
    let all = fields.chain(special).filter(|(target, _)| target.is_of(feed));
    all.map(|(one, words)| (code_of(&one), words, Some(&one) == target)).collect()
}

/// A target as a form sends it.
fn code_of(target: &Target) -> String {
    match target {
        Target::Field(name) => format!("f:{name}"),
        Target::BirthPlaceAndDate => "ttl".to_owned(),
        Target::RtAndRw => "rtrw".to_owned(),
        Target::Village => "desa".to_owned(),
        Target::District => "kecamatan".to_owned(),
        Target::Regency => "kabupaten".to_owned(),
        Target::LeftOut => "-".to_owned(),
    }
}

fn target_of(code: &str) -> Option<Target> {
    match code {
        "ttl" => Some(Target::BirthPlaceAndDate),
        "rtrw" => Some(Target::RtAndRw),
        "desa" => Some(Target::Village),
        "kecamatan" => Some(Target::District),
        "kabupaten" => Some(Target::Regency),
        "-" => Some(Target::LeftOut),
        _ => code.strip_prefix("f:").map(|name| Target::Field(name.to_owned())),
    }
}

fn orders(chosen: DateOrder, lang: Lang) -> Vec<(&'static str, &'static str, bool)> {
    [
        ("dmy", lang.pick("hari-bulan-tahun (31-12-1984)", "day-month-year (31-12-1984)"), DateOrder::Dmy),
        ("ymd", lang.pick("tahun-bulan-hari (1984-12-31)", "year-month-day (1984-12-31)"), DateOrder::Ymd),
        ("mdy", lang.pick("bulan-hari-tahun (12-31-1984)", "month-day-year (12-31-1984)"), DateOrder::Mdy),
    ]
    .map(|(code, words, order)| (code, words, order == chosen))
    .to_vec()
}

fn question_block(at: usize, question: &Question, lang: Lang) -> QuestionBlock {
    let value = |(nth, value): (usize, &crate::feed::mapping::QuestionedValue)| ValueRow {
        name: format!("n{at}.{nth}"),
        shown: value.shown.clone(),
        rows: value.rows,
        choices: value.choices.iter().map(|choice| (choice.value.clone(), choice.label.clone())).collect(),
    };
    QuestionBlock {
        field: labels::field(&question.field, lang),
        sentence: lang.pick(&question.sentence.pesan, &question.sentence.message).clone(),
        mend: question.kind == QuestionKind::MendTable,
        values: question.values.iter().enumerate().map(value).collect(),
        more: question.more,
    }
}

fn preview_line(row: &PreviewRow, lang: Lang) -> PreviewLine {
    let cell = |shown: &crate::feed::mapping::Shown| (shown.value.clone().unwrap_or_default(), shown.error.is_some());
    let reasons = row.reasons.iter().map(|reason| lang.pick(&reason.pesan, &reason.message).clone());
    PreviewLine { row: row.number, cells: row.fields.iter().map(cell).collect(), reasons: reasons.collect() }
}

fn tried(batch: &ReadBatch, lang: Lang) -> Tried {
    let lines: Vec<ReceiptLine> = batch.lines().collect();
    let count = |outcome| lines.iter().filter(|line| line.hasil == outcome).count() as u64;
    let reason = |reason: Reason| {
        let field = reason.pointer.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        let field = if field.is_empty() { String::new() } else { labels::field(&field, lang) };
        let rows = reason.first.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        (field, lang.pick(reason.pesan, reason.message), format::count(reason.rows, lang), rows)
    };
    let told = reasons_of(&lines).into_iter().filter(|reason| !reason.repaired);
    Tried {
        rows: format::count(lines.len() as u64, lang),
        accepted: format::count(count(RowOutcome::Diterima), lang),
        flagged: format::count(count(RowOutcome::Ditandai), lang),
        refused: format::count(count(RowOutcome::Ditolak), lang),
        has_refused: count(RowOutcome::Ditolak) > 0,
        reasons: told.map(reason).collect(),
    }
}

/// Changes how a list is read, as a form says it.
pub(super) fn change(list: &mut List, fields: &[(String, String)]) -> Result<(), ListError> {
    let of = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    if let Some(table) = of("tabel").and_then(|table| table.parse().ok()).filter(|table| *table != list.tables().1) {
        // What the form says beside is about the other table.
        return list.choose_table(table);
    }
    let Some(heading) = list.heading() else { return Ok(()) };
    let headings = heading.headings.clone();
    let draft = list.draft();
    let mut mapping = draft.mapping.clone();
    for (at, question) in draft.questions.iter().enumerate() {
        for (nth, value) in question.values.iter().enumerate() {
            let typed = value.choices.is_empty();
            let chosen =
                of(&format!("n{at}.{nth}")).filter(|chosen| *chosen != "?" && !(typed && chosen.trim().is_empty()));
            if let Some(chosen) = chosen {
                mapping.choose(question, &value.shown, chosen);
            }
        }
    }
    for (at, heading) in headings.iter().enumerate().filter(|(_, heading)| !heading.is_empty()) {
        let Some(code) = of(&format!("k{at}")) else { continue };
        let target = target_of(code);
        if target != mapping.target_of(heading) {
            mapping.assign(heading, target.as_ref());
        }
    }
    let ids: Vec<String> = fields
        .iter()
        .filter(|(field, _)| field == "id")
        .filter_map(|(_, at)| headings.get(at.parse::<usize>().ok()?).cloned())
        .collect();
    if of("ids").is_some() && !ids.is_empty() {
        mapping.id.columns = ids;
    }
    if let Some(day) = of("tgl_data").filter(|day| !day.is_empty()) {
        mapping.fields.insert("tgl_data".to_owned(), Source::constant(day));
    }
    if let Some(order) = of("urutan") {
        mapping.date_order = match order {
            "ymd" => DateOrder::Ymd,
            "mdy" => DateOrder::Mdy,
            _ => DateOrder::Dmy,
        };
    }
    if let (Some(within), Some(place)) = (of("dalam"), &mut mapping.place) {
        place.within = Some(within.trim().to_owned()).filter(|code| !code.is_empty());
    }
    list.set_mapping(mapping);
    Ok(())
}
