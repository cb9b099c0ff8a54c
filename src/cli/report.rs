//! `padan report`: gaps and overlaps in the terminal, as CSV or JSON, from a gateway's store.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::launch::StoreArgs;
use super::output::{CsvFile, clear};
use super::terminal::{Terminal, table, thousands};
use super::{CliError, Outcome, runtime};
use crate::domain::date::Date;
use crate::domain::finding::{Outcome as Answer, Scope};
use crate::service::answers::views::{ReportQuery, ReportView, RuleView};
use crate::service::start::Missing;

const HELP: &str = "\
The gateway must not be running on the store; a running gateway answers GET /v1/reports/complementarity.
A gap is reported only where the proving feed was declared complete; elsewhere the answer is Belum Dapat Dinilai.

Examples:
  padan report --config padan.toml --as-of 2025-11-20
  padan report --config padan.toml --region 320105 --csv temuan.csv";

/// Prints who should receive a programme and does not, and who receives one twice.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    #[command(flatten)]
    place: StoreArgs,
    /// As of which date.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Date>,
    /// Only this region (2, 4, 6 or 10 digits).
    #[arg(long, value_name = "CODE", value_parser = region_code)]
    region: Option<String>,
    /// Also write the counts, rule by sub-district, as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let writing_failed = |error| CliError::failed("writing the counts", error);
    clear(args.csv.as_slice(), std::slice::from_ref(&args.place.config)).map_err(writing_failed)?;
    let start = args.place.existing(Missing::Refuse)?;
    let query = ReportQuery { as_of: args.as_of, kode_wilayah: args.region.clone(), rule: None };
    let view = runtime()?.block_on(async {
        let gateway = start.open().await.map_err(super::launch::not_opened)?;
        gateway.bring_up_to_date().await.map_err(|error| CliError::failed("matching", error))?;
        gateway.report_for_operator(query).await.map_err(|error| CliError::failed("evaluating the rules", error))
    })?;
    if let Some(path) = &args.csv {
        write_csv(&view, path)?;
    }
    terminal.result(&Summary::of(&view), || text(&view));
    Ok(Outcome::Done)
}

/// A region that a report can be cut to.
fn region_code(text: &str) -> Result<String, &'static str> {
    let fits = matches!(text.len(), 2 | 4 | 6 | 10) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(text.to_owned()) } else { Err("a region has 2, 4, 6 or 10 digits (Kemendagri, without dots)") }
}

/// Counts of one rule over all sub-districts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct RuleLine {
    aturan: String,
    nama: String,
    jenis: String,
    subjek: &'static str,
    menerima: u64,
    belum_menerima: u64,
    tumpang_tindih: u64,
    belum_dapat_dinilai: u64,
}

#[derive(Debug, Serialize)]
struct Summary {
    per: String,
    tanpa_desa: u64,
    aturan: Vec<RuleLine>,
    menunggu: Vec<AwaitedLine>,
}

/// A feed that is not closed for a region and a period, and the agencies that have still to close it.
#[derive(Debug, Serialize)]
struct AwaitedLine {
    feed: &'static str,
    kode_wilayah: String,
    periode: String,
    instansi: Vec<String>,
    belum_dapat_dinilai: u64,
}

impl Summary {
    fn of(view: &ReportView) -> Self {
        let awaited = view.open_feeds.iter().map(|open| AwaitedLine {
            feed: open.feed.name(),
            kode_wilayah: open.kode_wilayah.clone(),
            periode: open.periode.to_string(),
            instansi: open.awaited.iter().map(ToString::to_string).collect(),
            belum_dapat_dinilai: open.answers,
        });
        Self {
            per: view.as_of.to_string(),
            tanpa_desa: view.without_village,
            aturan: rule_lines(view),
            menunggu: awaited.collect(),
        }
    }
}

/// What is counted, in the word of an officer.
const fn counted(scope: Scope) -> &'static str {
    match scope {
        Scope::Person => "orang",
        Scope::Family => "keluarga",
        Scope::Account => "rekening",
    }
}

/// One line a rule and what it asks about: persons and families are two figures.
fn rule_lines(view: &ReportView) -> Vec<RuleLine> {
    let mut counts: BTreeMap<(&str, Scope), BTreeMap<Answer, u64>> = BTreeMap::new();
    for cell in &view.cells {
        for (outcome, count) in &cell.counts {
            *counts.entry((&cell.rule, cell.scope)).or_default().entry(*outcome).or_default() += count;
        }
    }
    let line = |rule: &RuleView| {
        let counts = counts.get(&(rule.id.as_str(), rule.scope));
        let of = |outcome| counts.and_then(|counts| counts.get(&outcome)).copied().unwrap_or_default();
        RuleLine {
            aturan: rule.id.clone(),
            nama: rule.name_id.clone(),
            jenis: format!("{:?}", rule.kind).to_lowercase(),
            subjek: counted(rule.scope),
            menerima: of(Answer::Menerima),
            belum_menerima: of(Answer::BelumMenerima),
            tumpang_tindih: of(Answer::TumpangTindih),
            belum_dapat_dinilai: of(Answer::BelumDapatDinilai),
        }
    };
    view.rules.iter().map(line).collect()
}

/// The table of gaps and overlaps, one line a rule and subject.
pub(super) fn text(view: &ReportView) -> String {
    let lines = rule_lines(view);
    let several = |id: &str| lines.iter().filter(|line| line.aturan == id).count() > 1;
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let counts = [line.menerima, line.belum_menerima, line.tumpang_tindih, line.belum_dapat_dinilai];
            let shown = counts.map(|count| if count == 0 { "-".to_owned() } else { thousands(count) });
            let name =
                if several(&line.aturan) { format!("{} ({})", line.nama, line.subjek) } else { line.nama.clone() };
            [vec![line.aturan.clone(), name], shown.to_vec()].concat()
        })
        .collect();
    let header = ["aturan", "nama", "menerima", "belum menerima", "tumpang tindih", "belum dapat dinilai"];
    let table = format!("Komplementaritas per {}\n{}", view.as_of, table(&header, &rows));
    if view.without_village == 0 {
        return table;
    }
    let unplaced = thousands(view.without_village);
    format!("{table}\n{unplaced} temuan di kecamatan ini tidak ikut dihitung: tidak ada baris yang menyebut desanya")
}

fn write_csv(view: &ReportView, path: &std::path::Path) -> Result<(), CliError> {
    let failed = |error| CliError::failed(format!("writing {}", path.display()), error);
    let mut file = CsvFile::create(path, &["aturan", "kode_kecamatan", "kecamatan", "hasil", "jumlah", "subjek"])
        .map_err(failed)?;
    for cell in &view.cells {
        for (outcome, count) in &cell.counts {
            let (count, subject) = (count.to_string(), counted(cell.scope));
            let row = [&cell.rule, &cell.kode_kecamatan, &cell.kecamatan, outcome.label(), &count, subject];
            file.row(&row).map_err(failed)?;
        }
    }
    file.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_codes_of_a_known_length() {
        for (code, fits) in [
            ("32", true),
            ("3201", true),
            ("320105", true),
            ("3201052001", true),
            ("", false),
            ("320", false),
            ("32.01", false),
            ("zz", false),
        ] {
            assert_eq!(region_code(code).is_ok(), fits, "{code}");
        }
    }
}
