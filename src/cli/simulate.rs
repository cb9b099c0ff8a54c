//! `padan simulate`: a synthetic world with its truth, as files.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::output::{create_dir, write_json};
use super::terminal::{Progress, Terminal, Unit, thousands};
use super::{CliError, Outcome};
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::region::Regions;
use crate::simulate::{
    ClosedFeed, FindingRow, Manifest, PersonRow, Profile, SimulateError, Sink, SinkError, Tables, TruthRow, World,
    simulate,
};
use crate::store::private;

const HELP: &str = "\
Writes FEED.ndjson for each of the six feeds, kelengkapan.json (closed feeds), the truth (kebenaran.csv,
kebenaran_orang.csv, kebenaran_komplementaritas.csv) and manifest.json. The same seed gives the same bytes.

Example:
  padan simulate --persons 20000 --seed 1 --region 3201 --out dunia";

/// Makes synthetic feeds of four agencies with their truth. Nobody in them exists.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Where to write; made when it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many persons.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    persons: u64,
    /// Another seed is another world.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Region: a province (2 digits) or regency (4 digits) of Kemendagri.
    #[arg(long, value_name = "CODE", default_value = "3201")]
    region: String,
    /// How damaged the data are: 2020, 2024, clean or hard.
    #[arg(long, value_name = "PROFILE", default_value = "2020")]
    profile: Profile,
    /// The day the world is of.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Date>,
}

pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    let mut world = World::new(args.seed, args.persons, args.region.clone());
    world.profile = args.profile;
    world.as_of = args.as_of.unwrap_or(world.as_of);
    let manifest = write_world(&world, &args.out, terminal)?;
    terminal.result(&manifest, || {
        let mut text =
            format!("{} persons in {} families\n", thousands(manifest.persons), thousands(manifest.families));
        for (feed, rows) in &manifest.rows {
            let _ = writeln!(text, "{feed:<26} {:>9} rows", thousands(*rows));
        }
        text
    });
    Ok(Outcome::Done)
}

/// Makes a world and writes it to a folder.
pub(super) fn write_world(world: &World, out: &Path, terminal: Terminal) -> Result<Manifest, CliError> {
    let doing = || format!("writing a world to {}", out.display());
    create_dir(out).map_err(|error| CliError::failed(doing(), error))?;
    let progress = terminal.progress("simulate", Unit::Count, world.persons);
    let mut folder = Folder::create(out, progress).map_err(|error| CliError::failed(doing(), error))?;
    let manifest = simulate(world, &tables(&world.regency), &mut folder).map_err(|error| {
        let hint = matches!(error, SimulateError::World(_)).then_some(
            "config/wilayah/regions.txt lists provinces (2 digits) and regencies (4); small ones hold fewer persons",
        );
        CliError::failed(doing(), error).hint(hint)
    })?;
    folder.finish().map_err(|error| CliError::failed(doing(), error))?;
    write_json(&out.join("manifest.json"), &manifest).map_err(|error| CliError::failed(doing(), error))?;
    Ok(manifest)
}

/// The villages of a region, and where people move in from.
fn tables(region: &str) -> Tables {
    let regions = Regions::embedded();
    let (mut villages, mut districts, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
    for regency in regions.provinces().iter().flat_map(|province| regions.regencies_of(province.code)) {
        let inside = regency.code.starts_with(region);
        for district in regions.districts_of(regency.code) {
            if inside {
                districts.push((district.code.to_owned(), district.name.to_owned()));
                let here = regions.villages_of(district.code).iter();
                villages.extend(here.map(|village| (village.code.to_owned(), village.name.to_owned())));
            } else {
                elsewhere.push(district.code.to_owned());
            }
        }
    }
    Tables::new(villages, districts, elsewhere)
}

/// A folder as the sink of a world.
struct Folder {
    feeds: Vec<BufWriter<File>>,
    truth: BufWriter<File>,
    persons: BufWriter<File>,
    findings: BufWriter<File>,
    closed: BufWriter<File>,
    declared: usize,
    progress: Progress,
    done: u64,
}

impl Folder {
    fn create(dir: &Path, progress: Progress) -> std::io::Result<Self> {
        let open = |name: &str| private::create_file(&dir.join(name)).map(BufWriter::new);
        let headed = |name: &str, header: &str| {
            let mut file = open(name)?;
            writeln!(file, "{header}")?;
            Ok::<_, std::io::Error>(file)
        };
        Ok(Self {
            feeds: Feed::ALL.iter().map(|feed| open(&format!("{feed}.ndjson"))).collect::<Result<_, _>>()?,
            truth: headed("kebenaran.csv", TruthRow::HEADER)?,
            persons: headed("kebenaran_orang.csv", PersonRow::HEADER)?,
            findings: headed("kebenaran_komplementaritas.csv", FindingRow::HEADER)?,
            closed: headed("kelengkapan.json", "[")?,
            declared: 0,
            progress,
            done: 0,
        })
    }

    fn finish(mut self) -> std::io::Result<()> {
        write!(self.closed, "\n]\n")?;
        for file in
            self.feeds.iter_mut().chain([&mut self.truth, &mut self.persons, &mut self.findings, &mut self.closed])
        {
            file.flush()?;
        }
        self.progress.finish();
        Ok(())
    }
}

impl Sink for Folder {
    fn row(&mut self, feed: Feed, line: &str) -> Result<(), SinkError> {
        let file = &mut self.feeds[usize::from(feed.code()) - 1];
        writeln!(file, "{line}").map_err(SinkError::new)
    }

    fn truth(&mut self, truth: &TruthRow) -> Result<(), SinkError> {
        writeln!(self.truth, "{}", truth.csv()).map_err(SinkError::new)
    }

    fn person(&mut self, person: &PersonRow) -> Result<(), SinkError> {
        self.done += 1;
        self.progress.at(self.done, "persons");
        writeln!(self.persons, "{}", person.csv()).map_err(SinkError::new)
    }

    fn finding(&mut self, finding: &FindingRow) -> Result<(), SinkError> {
        writeln!(self.findings, "{}", finding.csv()).map_err(SinkError::new)
    }

    fn completeness(&mut self, closed: &ClosedFeed) -> Result<(), SinkError> {
        let comma = if self.declared == 0 { "" } else { ",\n" };
        self.declared += 1;
        let entry = serde_json::to_string(closed).map_err(SinkError::new)?;
        write!(self.closed, "{comma}{entry}").map_err(SinkError::new)
    }
}
